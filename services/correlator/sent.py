"""The last message of each number of ours to a handset: what an inbound one replies to; pure.

Carriers write a number with +, 00 or 0 before it, or without its country: it is known by its end.
Who has a name for a sender gets no replies.

    sent|<end of our number>  the newest message an SMSC accepted from there, for `life_s`
"""

import msgspec

from pipeline.effects import Entries
from pipeline.ids import MessageId
from pipeline.records import MtSubmitted

END_DIGITS = 7


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message of ours."""

    message_id: MessageId
    answered_ms: int


def note(state: Entries, submitted: MtSubmitted, life_s: int) -> None:
    """Keep an accepted message, if there is no newer one."""
    name = _name(submitted.sender)
    if submitted.outcome != "accepted" or name is None:
        return
    known = state.get(name, Sent)
    if known is None or (
        known.message_id != submitted.message_id and known.answered_ms <= submitted.answered_ms
    ):
        state.put(name, Sent(submitted.message_id, submitted.answered_ms), life_s)


def last(state: Entries, receiver: str) -> MessageId | None:
    """The last message from the number that a handset writes to; None when nothing is known."""
    name = _name(receiver)
    sent = None if name is None else state.get(name, Sent)
    return None if sent is None else sent.message_id


def _name(number: str) -> str | None:
    digits = number.lstrip("+0")
    is_number = digits.isascii() and digits.isdecimal()
    return f"sent|{digits[-END_DIGITS:]}" if is_number else None
