"""Senders: which of them a tenant may use, and what kind of address each is.

The kind follows from the form: letters are alphanumeric, 3 to 8 digits a short code, more digits,
or any with +, an international number. How a carrier wants each written is said by its profile
(`addresses`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

SHORT_CODE_DIGITS_MAX = 8
SENDERS_KEPT = 4096

_WRITABLE = re.compile(r"\+?[0-9]{3,15}|(?=.*[^0-9])[ -~]{1,11}")


class Sender(NamedTuple):
    """A sender, however it was written."""

    kind: Literal["international", "short_code", "alphanumeric"]
    addr: str
    """Of a number the digits alone."""


class Senders:
    """The senders of one tenant; the first is used where a request names none."""

    def __init__(self, allowed: Sequence[str]) -> None:
        senders = [read(sender) for sender in allowed]
        self._default = senders[0] if senders else None
        self._allowed = frozenset(senders)

    def find(self, wanted: str | None) -> Sender | None:
        """Whom to send from, or None when there is none or it is not allowed."""
        if wanted is None:
            return self._default
        found = read(wanted)
        return found if found in self._allowed else None

    def named(self, addr: str) -> Sender:
        """The sender of an address as facts have it, without its +: of the kind that is allowed."""
        found = read(addr)
        if found in self._allowed:
            return found
        return next((sender for sender in self._allowed if sender.addr == addr), found)


@lru_cache(maxsize=SENDERS_KEPT)
def read(sender: str) -> Sender:
    """`sender` with its kind."""
    digits = sender.removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return Sender("alphanumeric", sender)
    if digits == sender and 3 <= len(digits) <= SHORT_CODE_DIGITS_MAX:
        return Sender("short_code", digits)
    return Sender("international", digits)


def fault_of(sender: str) -> str | None:
    """Why `sender` can't be a sender, or None."""
    if _WRITABLE.fullmatch(sender):
        return None
    return (
        f"{sender!r} is no sender; write 3 to 15 digits, or up to 11 ASCII characters that are "
        "not all digits"
    )
