"""The TLV user_message_reference of a segment: written by the router, known by the correlator."""

from zlib import crc32

from pipeline.ids import MessageId


def reference_of(message_id: MessageId, segment: int) -> int:
    """16 bits that are the same each time the segment is submitted, on whatever way."""
    return crc32(f"{message_id}|{segment}".encode()) & 0xFFFF
