"""How SMSCs write the id of one segment in its response and in its receipt, as it was met.

A pure table: `test_matching` reads it, each row with every receipt text of `tests.smpp.receipts`.
"""

from typing import NamedTuple

from pipeline.config import ProfileConfig

ANY = ProfileConfig()
CROSSED = ProfileConfig(id_in_response="hexadecimal", id_in_receipt="decimal")
BACK = ProfileConfig(id_in_response="decimal", id_in_receipt="hexadecimal")
DECIMAL = ProfileConfig(id_in_response="decimal", id_in_receipt="decimal")
HEXADECIMAL = ProfileConfig(id_in_response="hexadecimal", id_in_receipt="hexadecimal")
OPAQUE = ProfileConfig(id_in_response="opaque", id_in_receipt="opaque")


class Written(NamedTuple):
    """One id in two places, what the profile says, and how the receipt finds its segment: at once
    by `id`, by a guess when it has waited, or not at all."""

    where: str
    profile: ProfileConfig
    response: str
    receipt: str
    way: str | None


WRITTEN = (
    Written("the same", ANY, "1526758174", "1526758174", "id"),
    Written("the same, told as text", OPAQUE, "40072910491419819", "40072910491419819", "id"),
    Written("the same number", DECIMAL, "1526758174", "1526758174", "id"),
    Written("upper case and lower", ANY, "1A2B3C4D", "1a2b3c4d", "id"),
    Written("upper case, told so", HEXADECIMAL, "1A2B3C4D", "1a2b3c4d", "id"),
    Written("jasmin 1123, a zero before it", ANY, "0913121205", "913121205", "id"),
    Written("jasmin 1123, told so", DECIMAL, "0913121205", "913121205", "id"),
    Written("Vonage, hexadecimal and decimal", CROSSED, "1A2B3C4D", "439041101", "id"),
    Written("the same, found out", ANY, "1A2B3C4D", "439041101", "id"),
    Written("padded to ten digits", ANY, "1A2B3C4D", "0439041101", "id"),
    Written("decimal and hexadecimal", BACK, "439041101", "1A2B3C4D", "id"),
    Written("the same, found out", ANY, "439041101", "000000001A2B3C4D", "id"),
    Written("0x before it", ANY, "0x1a2b3c4d", "439041101", "id"),
    Written("64 bits", ANY, "ffffffffffffffff", "18446744073709551615", "id"),
    Written("jasmin 643, a UUID", ANY, *("0e999f21-5a7b-4c1e-9d30-0123456789ab",) * 2, "id"),
    Written(
        "a UUID without dashes in other case",
        *(ANY, "0e999f215a7b4c1e9d300123456789ab", "0E999F215A7B4C1E9D300123456789AB", "id"),
    ),
    Written("jasmin 418, words", ANY, "SAR-46701234567-17-2-1", "sar-46701234567-17-2-1", "id"),
    Written("smppex 46, letters", ANY, *("rdwjwxns18krxr9936ey96ymcw",) * 2, "id"),
    Written("the profile says decimal, and is wrong", DECIMAL, "1a2b3c4d", "439041101", "notation"),
    Written("the profile says text, and is wrong", OPAQUE, "0913121205", "913121205", "notation"),
    Written("the profile crosses what is not", CROSSED, "439041101", "439041101", "notation"),
    Written("the profile has it the wrong way", BACK, "1A2B3C4D", "439041101", "notation"),
    Written("a prefix in the receipt", ANY, "4390411012", "SE1-4390411012", "affix"),
    Written("a suffix in the receipt", DECIMAL, "4390411012", "4390411012-1", "affix"),
    Written("a prefix in the response", OPAQUE, "smsc7/4390411012", "4390411012", "affix"),
    Written("longer than any", ANY, "9" * 5000, "9" * 5000, "id"),
    Written("longer than any, of a number", CROSSED, "f" * 5000, "f" * 5000, "id"),
    Written("too little of it", ANY, "4390411012", "11012", None),
    Written("another id", ANY, "4390411012", "4390411013", None),
    Written("another number", CROSSED, "1A2B3C4D", "439041102", None),
)
