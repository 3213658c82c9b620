"""PDUs to octets and back: `encode` and `decode`.

The table in `layout` is the one source: it is compiled here, at import, into a straight-line writer
and reader a command. A response is read as far as it goes (an error response without body, a
message_id without its NUL), for an answer must never be lost to pedantry.
"""

import struct
from collections.abc import Callable
from typing import Any

from smpp.errors import EncodeError, PduError
from smpp.fields import CHARACTER, is_count, reader_source, writer_source
from smpp.layout import LAYOUTS
from smpp.pdu import RECORDS, Pdu
from smpp.tlv import read_tlvs, write_tlvs
from smpp.values import HEADER_OCTETS, RESPONSE_BIT, CommandStatus

HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number


def encode(pdu: Pdu) -> bytes:
    """The whole PDU; EncodeError names the field that does not fit."""
    try:
        return WRITERS[pdu.command_id](pdu)
    except (ValueError, LookupError, TypeError, OverflowError, struct.error):
        raise _misfit(pdu) from None


def decode(octets: bytes) -> Pdu:
    """The record of one whole PDU. Only PduError leaves, whatever the octets are."""
    size = len(octets)
    if size < HEADER_OCTETS:
        raise PduError(f"{size} octets are no header", nack=CommandStatus.ESME_RINVCMDLEN)
    command_length, command_id, command_status, sequence_number = HEADER.unpack_from(octets)
    if command_id not in READERS or command_length != size:
        raise _unreadable(command_length, command_id, sequence_number)
    record, read = READERS[command_id]
    pdu = new(record)
    pdu.command_status = CommandStatus(command_status) if command_status else ESME_ROK
    pdu.sequence_number = sequence_number
    try:
        read(pdu, octets, size)
    except (ValueError, IndexError):
        raise _blame(pdu) from None
    return pdu


def _unreadable(command_length: int, command_id: int, sequence_number: int) -> PduError:
    is_known = command_id in READERS
    why = f"command_length {command_length}" if is_known else f"command_id 0x{command_id:08X}"
    nack = CommandStatus.ESME_RINVCMDLEN if is_known else CommandStatus.ESME_RINVCMDID
    return PduError(why, nack=nack, command_id=command_id, sequence_number=sequence_number)


def _blame(pdu: Pdu) -> PduError:
    """A reader sets the fields in wire order, so the first one unset is the one it failed at."""
    fields = [row for row in LAYOUTS[pdu.command_id].fields if not is_count(row)]
    field = next(row for row in fields if not hasattr(pdu, row.name))
    return PduError(
        "ends early or is too long",
        nack=field.nack,
        field=field.name,
        command_id=pdu.command_id,
        sequence_number=pdu.sequence_number,
    )


def _misfit(pdu: Pdu) -> EncodeError:
    command = pdu.command_id.name.lower()
    for row in LAYOUTS[pdu.command_id].fields:
        why = None if is_count(row) else row.fault(getattr(pdu, row.name))
        if why is not None:
            return EncodeError(command, row.name, why)
    return EncodeError(command, "header or tlvs", "an integer out of range, or a value not bytes")


def _compile(source: str) -> Any:
    """The one function that `source` defines."""
    scope = {
        "CHARACTER": CHARACTER,
        "pack": HEADER.pack,
        "read_tlvs": read_tlvs,
        "write_tlvs": write_tlvs,
    }
    exec(source, scope)  # noqa: S102  our own table, as dataclasses do
    return scope["function"]


ESME_ROK = CommandStatus.ESME_ROK
new = object.__new__
WRITERS: dict[int, Callable[[Pdu], bytes]] = {
    command_id: _compile(writer_source(command_id, row.fields, row.omitted_on_error))
    for command_id, row in LAYOUTS.items()
}
READERS: dict[int, tuple[type[Pdu], Callable[[Pdu, bytes, int], None]]] = {
    command_id: (
        RECORDS[command_id],
        _compile(reader_source(row.fields, is_strict=not command_id & RESPONSE_BIT)),
    )
    for command_id, row in LAYOUTS.items()
}
