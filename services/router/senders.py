"""Senders as SMPP writes them, and which of them a tenant may use.

TON and NPI follow from the form: letters are alphanumeric (5, 0), 3 to 8 digits a short code
(3, 0), more digits, or any with +, an international number (1, 1).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

SHORT_CODE_DIGITS_MAX = 8
ADDRESSES_KEPT = 4096

_WRITABLE = re.compile(r"\+?[0-9]{3,15}|(?=.*[^0-9])[ -~]{1,11}")


class Address(NamedTuple):
    """An address of SMPP 3.4 section 4.4.1."""

    ton: int
    npi: int
    addr: str


class Senders:
    """The senders of one tenant; the first is used where a request names none."""

    def __init__(self, allowed: Sequence[str]) -> None:
        addresses = [address(sender) for sender in allowed]
        self._default = addresses[0] if addresses else None
        self._allowed = frozenset(addresses)

    def find(self, wanted: str | None) -> Address | None:
        """The address to send from, or None when there is none or it is not allowed."""
        if wanted is None:
            return self._default
        found = address(wanted)
        return found if found in self._allowed else None


@lru_cache(maxsize=ADDRESSES_KEPT)
def address(sender: str) -> Address:
    """`sender` with its type of number and numbering plan."""
    digits = sender.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return Address(5, 0, sender)
    if digits == sender and 3 <= len(digits) <= SHORT_CODE_DIGITS_MAX:
        return Address(3, 0, digits)
    return Address(1, 1, digits)


def fault_of(sender: str) -> str | None:
    """Why `sender` can't be a sender, or None."""
    if _WRITABLE.fullmatch(sender):
        return None
    return (
        f"{sender!r} is no sender; write 3 to 15 digits, or up to 11 ASCII characters that are "
        "not all digits"
    )
