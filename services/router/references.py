"""What ties the segments of one message together at the handset."""

from zlib import crc32

import msgspec

from pipeline.effects import Entries
from pipeline.ids import MessageId

REFERENCE_LIFE_S = 7 * 24 * 3600  # longer than a handset waits for missing parts


class Reference(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The 8-bit concatenation reference used last for this recipient."""

    last: int


def next_reference(state: Entries, message_id: MessageId, bits: int) -> int:
    """The concatenation reference of a message, of 8 or 16 `bits`.

    16 bits are taken from the message_id and need no state; 8 bits are too few for that, so they
    are counted by recipient.
    """
    if bits == 16:
        return crc32(message_id.encode()) & 0xFFFF
    before = state.get("reference", Reference)
    reference = 0 if before is None else (before.last + 1) & 0xFF
    state.put("reference", Reference(reference), REFERENCE_LIFE_S)
    return reference
