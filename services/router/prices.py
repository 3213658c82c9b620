"""Prices of a segment: decimal numbers, as they are written; pure."""

import re
from decimal import Decimal

# So many digits that a message of 255 segments can be reckoned without rounding.
_PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


def price(text: str) -> Decimal:
    """A price; ValueError for what is none."""
    if _PRICE.fullmatch(text) is None:
        raise ValueError(f"price {text!r} must be a decimal number such as 0.0125")
    return Decimal(text)


def written(found: Decimal) -> str:
    """A price as records hold it: digits and a point, never an exponent."""
    return format(found, "f")
