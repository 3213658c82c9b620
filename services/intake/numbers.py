"""Recipients' numbers to one notation: E.164 digits without +, the key of all that follows.

Nearly every number comes as digits with +, with 00 or bare, and is taken by a regular expression
as it stands: whether a network serves it, the carrier knows better than any table. Only national
numbers, and those written for people to read, are given to phonenumbers, whose answers are cached.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from pipeline.ids import Msisdn

WRITTEN_CHARACTERS_MAX = 32
PARSED_NUMBERS_KEPT = 65_536

_PLAIN = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})")
_WRITTEN = re.compile(rf"\+?[0-9 ().\-]{{1,{WRITTEN_CHARACTERS_MAX}}}")


@dataclass(frozen=True, slots=True)
class BadNumber:
    """Not a number a message can be sent to; `detail` is one sentence, without the number."""

    detail: str


NOT_A_NUMBER = BadNumber(
    "The recipient `to` is no phone number; write 7 to 15 digits in international form."
)
NO_COUNTRY = BadNumber(
    "The recipient `to` is a national number, and the tenant has no country; "
    "write it in international form or set the tenant's country."
)
IMPOSSIBLE = BadNumber(
    "The recipient `to` is too short or too long for a number of its country; correct it."
)


def msisdn(number: str, country: str | None) -> Msisdn | BadNumber:
    """`number` as 7..15 digits; `country` (ISO 3166) is where a leading 0 is national."""
    plain = _PLAIN.fullmatch(number)
    return Msisdn(plain[1]) if plain else _parsed(number, country)


@lru_cache(maxsize=PARSED_NUMBERS_KEPT)
def _parsed(number: str, country: str | None) -> Msisdn | BadNumber:
    if not _WRITTEN.fullmatch(number):
        return NOT_A_NUMBER
    if number.startswith("00"):
        number = f"+{number[2:]}"
    elif number.startswith(tuple("123456789")):
        number = f"+{number}"
    if not number.startswith("+") and country is None:
        return NO_COUNTRY
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return NOT_A_NUMBER
    if not phonenumbers.is_possible_number(parsed):
        return IMPOSSIBLE
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    plain = _PLAIN.fullmatch(e164)
    return Msisdn(plain[1]) if plain else IMPOSSIBLE
