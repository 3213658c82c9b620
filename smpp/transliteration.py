"""Look-alikes for characters an alphabet lacks, so that a text need not become UCS-2.

Only what a reader takes for the same: typographic signs by a table, letters with marks by their
letter (NFKD without marks). A character with neither stays, and the text with it as it was.
"""

import re
from collections.abc import Callable
from unicodedata import category, normalize

LOOK_ALIKES = {
    **dict.fromkeys("‘’‚‛`´′ʹʻʼˈ‹›", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("•·‣∙●", "*"),
    **dict.fromkeys("⁄∕", "/"),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),  # shown as nothing
    **dict.fromkeys("\u2028\u2029\u0085", "\n"),
    "\t": " ",
    "×": "x",
    "©": "(c)",
    "®": "(r)",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "ħ": "h",
    "Ħ": "H",
    "ı": "i",
    "ł": "l",
    "Ł": "L",
    "\u212b": "Å",
    "œ": "oe",
    "Œ": "OE",
    "þ": "th",
    "Þ": "Th",
}
# Short runs only: Unicode's composition takes the square of a run's length.
MARKED = re.compile("[^\u0300-\u036f][\u0300-\u036f]{1,30}")


def transliterated(text: str, fits: Callable[[str], bool]) -> str:
    """`text` with look-alikes where `fits` needs them; as it was if that does not make it fit."""
    if fits(text):
        return text
    # One letter and its mark may be two characters; together they may fit as they are.
    composed = MARKED.sub(lambda found: normalize("NFC", found[0]), text)
    replaced = "".join(char if fits(char) else _look_alike(char) for char in composed)
    return replaced if fits(replaced) else text


def _look_alike(char: str) -> str:
    if char in LOOK_ALIKES:
        return LOOK_ALIKES[char]
    letters = (part for part in normalize("NFKD", char) if category(part) != "Mn")
    return "".join(LOOK_ALIKES.get(part, part) for part in letters)
