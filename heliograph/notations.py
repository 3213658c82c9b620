"""How an SMSC writes its message ids, found out by comparing responses with receipts; pure."""

import re
from collections.abc import Sequence
from typing import Literal

Notation = Literal["any", "opaque", "decimal", "hexadecimal"]
Pair = tuple[Notation, Notation]  # in the response, in the receipt

DECIMAL = re.compile("[0-9]+")
HEXADECIMAL = re.compile("[0-9a-fA-F]+")
CROSSED: tuple[Pair, ...] = (("hexadecimal", "decimal"), ("decimal", "hexadecimal"))
SHAPES: dict[Notation, re.Pattern[str]] = {"decimal": DECIMAL, "hexadecimal": HEXADECIMAL}


def match(in_response: str, in_receipt: str) -> Pair | None:
    """The notations in which two ids are the same one; None when they are not.

    ("any", "any") says that they are the same text, which tells nothing of the notation.
    """
    if in_response.casefold().lstrip("0") == in_receipt.casefold().lstrip("0"):
        return ("any", "any")
    for pair in CROSSED:
        numbers = _number(in_response, pair[0]), _number(in_receipt, pair[1])
        if numbers[0] is not None and numbers[0] == numbers[1]:
            return pair
    return None


def notations(matched: Sequence[tuple[str, str]]) -> Pair:
    """What to write into a profile, from pairs of ids that `match`; any where there are none."""
    if not matched:
        return ("any", "any")
    found = [match(*pair) for pair in matched]
    for crossed in CROSSED:
        if crossed in found:
            return crossed
    texts = [text for pair in matched for text in pair]
    if all(DECIMAL.fullmatch(text) for text in texts):
        return ("decimal", "decimal")
    if all(HEXADECIMAL.fullmatch(text) for text in texts):
        return ("hexadecimal", "hexadecimal")
    return ("opaque", "opaque") if all(a == b for a, b in matched) else ("any", "any")


def _number(text: str, notation: Notation) -> int | None:
    shape = SHAPES[notation]
    return int(text, 10 if notation == "decimal" else 16) if shape.fullmatch(text) else None
