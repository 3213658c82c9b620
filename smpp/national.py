"""The GSM 7-bit tables of all languages, by language identifier: 3GPP TS 23.038 section 6.2.1 and
Annex A, in Unicode. 0 is the default alphabet with its extension table.

A locking shift table has a character for each septet, `ABSENT` where it has none. A single shift
table holds what follows an escape. Spanish (2) has a single shift table only.

The nine Brahmic tables are one table: the letters of the script's Unicode block in their order,
a letter that the script lacks leaving its cell empty, between the signs that all nine share.

The specification (V20.0.0) misprints six cells; here is what it must mean. A.3.7 0x24 prints 0CAA,
which 0x3D has, in the place of 0CA1; A.3.9 0x47 has a stray nukta; A.2.10 0x23 prints a letter O
for the digit; A.2.11 0x24 prints 0BEF, which 0x25 has, in the place of 0BEE; A.2.12 0x22 and 0x23
print Arabic 06CC and 06CD among the Telugu digits. Telugu has no "€", unlike all others.

Letters are escaped since an editor that normalizes would split some of them in two.
"""

from enum import IntEnum


class Language(IntEnum):
    """National language identifiers, section 6.2.1.2.4."""

    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3
    BENGALI = 4
    GUJARATI = 5
    HINDI = 6
    KANNADA = 7
    MALAYALAM = 8
    ORIYA = 9
    PUNJABI = 10
    TAMIL = 11
    TELUGU = 12
    URDU = 13


ABSENT = "\ufffe"  # as the decoding tables of Python's own codecs have it
ESCAPE = 0x1B

DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TURKISH = (
    "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bŞşßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "çabcdefghijklmnopqrstuvwxyzäöñüà"
)
PORTUGUESE = (
    "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\x1bÂâÊÉ"
    " !\"#º%&'()*+,-./0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmnopqrstuvwxyzãõ`üà"
)
URDU_LETTERS = (
    "\u0627\u0622\u0628\u067b\u0680\u067e\u06a6\u062a\u06c2\u067f\u0679\u067d\u067a\u067c\u062b"
    "\u062c\u0681\u0684\u0683\u0685\u0686\u0687\u062d\u062e\u062f\u068c\u0688\u0689\u068a\u068f"
    "\u068d\u0630\u0631\u0691\u0693\u0699\u0632\u0696\u0698\u069a\u0633\u0634\u0635\u0636\u0637"
    "\u0638\u0639\u0641\u0642\u06a9\u06aa\u06ab\u06af\u06b3\u06b1\u0644\u0645\u0646\u06ba\u06bb"
    "\u06bc\u0648\u06c4\u06d5\u06c1\u06be\u0621\u06cc\u06d0\u06d2\u064d\u0650\u064f\u0657"
    "\u0654\u0655\u0651\u0653\u0656\u0670"
)
BRAHMIC_OFFSETS = (*range(0x01, 0x04), *range(0x05, 0x3A), *range(0x3C, 0x4E))
BRAHMIC = {  # the Unicode block, offsets of letters it lacks, and the letters of 0x60, 0x7B to 0x7F
    4: (0x0980, "0D 0E 11 12 29 31 33 34 35 45 46 49 4A", "\u09ce\u09d7\u09dc\u09dd\u09f0\u09f1"),
    5: (0x0A80, "0E 12 29 31 34 46 4A", "\u0ad0\u0ae0\u0ae1\u0ae2\u0ae3\u0af1"),
    6: (0x0900, "", "\u0950\u0972\u097b\u097c\u097e\u097f"),
    7: (0x0C80, "01 0D 11 29 34 45 49", "\u0cd5\u0cd6\u0ce0\u0ce1\u0ce2\u0ce3"),
    8: (0x0D00, "01 0D 11 29 3C 45 49", "\u0d57\u0d60\u0d61\u0d62\u0d63\u0d79"),
    9: (0x0B00, "0D 0E 11 12 29 31 34 45 46 49 4A", "\u0b56\u0b57\u0b60\u0b61\u0b62\u0b63"),
    10: (
        0x0A00,
        "0B 0C 0D 0E 11 12 29 31 34 37 3D 43 44 45 46 49 4A",
        "\u0a51\u0a70\u0a71\u0a72\u0a73\u0a74",
    ),
    11: (
        0x0B80,
        "01 0B 0C 0D 11 16 17 18 1B 1D 20 21 22 25 26 27 2B 2C 2D 3C 3D 43 44 45 49",
        "\u0bd0\u0bd7\u0bf0\u0bf1\u0bf2\u0bf9",
    ),
    12: (0x0C00, "0D 11 29 34 3C 45 49", "\u0c55\u0c56\u0c60\u0c61\u0c62\u0c63"),
}
SIGNS = {  # of every Asian locking shift table
    0x0A: "\n",
    0x0D: "\r",
    ESCAPE: "\x1b",
    **dict(zip((0x20, 0x21, 0x28, 0x29, 0x2C, 0x2E), " !)(,.", strict=True)),
    **{septet: chr(septet) for septet in (*range(0x30, 0x3C), 0x3F, *range(0x61, 0x7B))},
}
LETTER_SEPTETS = tuple(septet for septet in range(0x80) if septet not in SIGNS)


def _asian(letters: str) -> str:
    cells = SIGNS | dict(zip(LETTER_SEPTETS, letters, strict=True))
    return "".join(cells[septet] for septet in range(0x80))


def _brahmic(block: int, lacks: str, last: str) -> str:
    absent = bytes.fromhex(lacks)
    first = (ABSENT if offset in absent else chr(block + offset) for offset in BRAHMIC_OFFSETS)
    return _asian("".join(first) + last)


LOCKING: dict[int, str] = {
    0: DEFAULT,
    1: TURKISH,
    3: PORTUGUESE,
    **{language: _brahmic(*row) for language, row in BRAHMIC.items()},
    13: _asian(URDU_LETTERS),
}

EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
ASIAN_EXTENSION = {
    **dict(enumerate("@£$¥¿\"¤%&'\f*+")),  # where a sign comes twice, the first is written
    0x0E: "-",
    0x0F: "/",
    **dict(enumerate("<=>¡^¡_#*", start=0x10)),
    **{septet: EXTENSION[septet] for septet in (0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40)},
    **{septet: chr(septet) for septet in range(0x41, 0x5B)},
}
FREE_SEPTETS = (0x65, 0x19, 0x1A, *range(0x1C, 0x28), *range(0x2A, 0x2F), *range(0x30, 0x3C), 0x3F)
EURO_AND_DANDAS = "€\u0964\u0965"


def _digits(zero: int) -> str:
    return "".join(chr(zero + digit) for digit in range(10))


ASIAN_LETTERS = {  # what FREE_SEPTETS hold, in their order
    4: "€" + _digits(0x09E6) + "\u09df\u09e0\u09e1\u09e2\u09e3"
    "\u09f2\u09f3\u09f4\u09f5\u09f6\u09f7\u09f8\u09f9\u09fa",
    5: EURO_AND_DANDAS + _digits(0x0AE6),
    6: EURO_AND_DANDAS + _digits(0x0966) + "\u0951\u0952\u0953\u0954"
    "\u0958\u0959\u095a\u095b\u095c\u095d\u095e\u095f\u0960\u0961\u0962\u0963\u0970\u0971",
    7: EURO_AND_DANDAS + _digits(0x0CE6) + "\u0cde\u0cf1\u0cf2",
    8: EURO_AND_DANDAS + _digits(0x0D66) + "\u0d70\u0d71\u0d72\u0d73\u0d74\u0d75"
    "\u0d7a\u0d7b\u0d7c\u0d7d\u0d7e\u0d7f",
    9: EURO_AND_DANDAS + _digits(0x0B66) + "\u0b5c\u0b5d\u0b5f\u0b70\u0b71",
    10: EURO_AND_DANDAS + _digits(0x0A66) + "\u0a59\u0a5a\u0a5b\u0a5c\u0a5e\u0a75",
    11: EURO_AND_DANDAS + _digits(0x0BE6) + "\u0bf3\u0bf4\u0bf5\u0bf6\u0bf7\u0bf8\u0bfa",
    12: ABSENT * 3 + _digits(0x0C66) + "\u0c58\u0c59\u0c78\u0c79\u0c7a\u0c7b\u0c7c"
    "\u0c7d\u0c7e\u0c7f",
    13: "€\u0600\u0601" + _digits(0x06F0) + "\u060c\u060d\u060e\u060f\u0610\u0611\u0612"
    "\u0613\u0614\u061b\u061f\u0640\u0652\u0658\u066b\u066c\u0672\u0673\u06cd\u06d4",
}


def _asian_extension(letters: str) -> dict[int, str]:
    own = zip(FREE_SEPTETS, letters, strict=False)
    return ASIAN_EXTENSION | {septet: char for septet, char in own if char != ABSENT}


SINGLE: dict[int, dict[int, str]] = {
    0: EXTENSION,
    1: EXTENSION | {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},
    2: EXTENSION
    | {0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú"}
    | {0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú"},
    3: EXTENSION
    | {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x12: "Φ", 0x13: "Γ"}
    | {0x15: "Ω", 0x16: "Π", 0x17: "Ψ", 0x18: "Σ", 0x19: "Θ", 0x1F: "Ê", 0x41: "À", 0x49: "Í"}
    | {0x4F: "Ó", 0x55: "Ú", 0x5B: "Ã", 0x5C: "Õ", 0x61: "Â", 0x69: "í", 0x6F: "ó", 0x75: "ú"}
    | {0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
    **{language: _asian_extension(letters) for language, letters in ASIAN_LETTERS.items()},
}
