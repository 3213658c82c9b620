"""PDUs to octets and back: `encode` and `decode`.

The table in `layout` is the one source: it is compiled here, at import, into a straight-line writer
and reader a command. A response is read as far as it goes (an error response without body, a
message_id without its NUL), for an answer must never be lost to pedantry.
"""

import struct
from collections.abc import Callable
from typing import Any

from smpp.errors import EncodeError, PduError
from smpp.fields import (
    CHARACTER,
    List,
    is_count,
    item_reader_source,
    item_writer_source,
    reader_source,
    writer_source,
)
from smpp.layout import LAYOUTS, Layout
from smpp.pdu import RECORDS, Pdu
from smpp.tlv import read_tlvs, write_tlvs
from smpp.values import HEADER_OCTETS, RESPONSE_BIT, CommandStatus

Writer = Callable[[Pdu], bytes]
Reader = Callable[[Pdu, bytes, int, CommandStatus, int], None]
HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number


def encode(pdu: Pdu) -> bytes:
    """The whole PDU; EncodeError names the field that does not fit."""
    return WRITERS[pdu.command_id](pdu)


def decode(octets: bytes) -> Pdu:
    """The record of one whole PDU. Only PduError leaves, whatever the octets are."""
    size = len(octets)
    if size < HEADER_OCTETS:
        raise PduError(f"{size} octets are no header", nack=CommandStatus.ESME_RINVCMDLEN)
    command_length, command_id, command_status, sequence_number = HEADER.unpack_from(octets)
    reader = READERS.get(command_id)
    if reader is None or command_length != size:
        raise _unreadable(command_length, command_id, sequence_number)
    record, read = reader
    pdu = new(record)
    status = CommandStatus(command_status) if command_status else ESME_ROK
    try:
        read(pdu, octets, size, status, sequence_number)
    except (ValueError, IndexError):
        raise _blame(pdu) from None
    except KeyError:  # only flags are looked up
        raise _blame(pdu, CommandStatus.ESME_RINVDESTFLAG) from None
    return pdu


def _unreadable(command_length: int, command_id: int, sequence_number: int) -> PduError:
    is_known = command_id in READERS
    why = f"command_length {command_length}" if is_known else f"command_id 0x{command_id:08X}"
    nack = CommandStatus.ESME_RINVCMDLEN if is_known else CommandStatus.ESME_RINVCMDID
    return PduError(why, nack=nack, command_id=command_id, sequence_number=sequence_number)


def _blame(pdu: Pdu, nack: CommandStatus | None = None) -> PduError:
    """A reader sets the fields in wire order, so the first one unset is the one it failed at."""
    fields = [row for row in LAYOUTS[pdu.command_id].fields if not is_count(row)]
    field = next(row for row in fields if not hasattr(pdu, row.name))
    return PduError(
        "has an unknown flag" if nack else "ends early or is too long",
        nack=nack or field.nack,
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


def _writer(command_id: int, layout: Layout) -> Writer:
    items = {
        f"write_{row.name}": {
            kind.record: _compile(item_writer_source(kind), {}) for kind in row.kinds
        }
        for row in layout.fields
        if isinstance(row, List)
    }
    source = writer_source(command_id, layout.fields, layout.omitted_on_error)
    write: Writer = _compile(source, items)
    return write


def _reader(command_id: int, layout: Layout) -> Reader:
    is_strict = not command_id & RESPONSE_BIT
    items = {
        f"read_{row.name}": {
            kind.flag: (kind.record, _compile(item_reader_source(kind, is_strict), {}))
            for kind in row.kinds
        }
        for row in layout.fields
        if isinstance(row, List)
    }
    read: Reader = _compile(reader_source(layout.fields, is_strict), items)
    return read


def _compile(source: str, items: dict[str, Any]) -> Any:
    """The one function that `source` defines; `items` are the functions for its lists."""
    scope = {**SCOPE, **items}
    exec(source, scope)  # noqa: S102  our own table, as dataclasses do
    return scope["function"]


ESME_ROK = CommandStatus.ESME_ROK
new = object.__new__
SCOPE = {
    "CHARACTER": CHARACTER,
    "CommandStatus": CommandStatus,
    "MISFITS": (ValueError, LookupError, TypeError, OverflowError, struct.error),
    "misfit": _misfit,
    "new": new,
    "pack": HEADER.pack,
    "pack_status": struct.Struct(">I").pack,
    "read_tlvs": read_tlvs,
    "write_tlvs": write_tlvs,
}
WRITERS = {command_id: _writer(command_id, layout) for command_id, layout in LAYOUTS.items()}
READERS = {
    command_id: (RECORDS[command_id], _reader(command_id, layout))
    for command_id, layout in LAYOUTS.items()
}
