"""PDUs as records, and the two functions that carry them over: `encode` and `decode`.

One record a command; its attributes are the specification's field names. `sm_length` and
`command_length` are never stored, they follow from what they count. The table in `layout` is the
one source: it is compiled here, at import, into a straight-line writer and reader a command.

What a peer sends is kept: TLVs in wire order with unknown and repeated ones, and in `unread` the
octets after the last whole TLV. A response is read as far as it goes (an error response without
body, a message_id without its NUL), for an answer must never be lost to pedantry.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from smpp.errors import EncodeError, PduError
from smpp.fields import CHARACTER, is_count, reader_source, writer_source
from smpp.layout import LAYOUTS
from smpp.tlv import RawTlv, Tlv, read_tlvs, write_tlvs
from smpp.values import HEADER_OCTETS, RESPONSE_BIT, CommandId, CommandStatus

T = TypeVar("T", int, str, bytes)
HEADER = struct.Struct(">IIII")  # command_length, command_id, command_status, sequence_number


@dataclass(slots=True, kw_only=True)
class Pdu:
    """What every PDU has: header, TLVs, and octets after the last whole TLV."""

    command_id: ClassVar[CommandId]
    command_status: CommandStatus = CommandStatus.ESME_ROK
    sequence_number: int = 0  # a session gives requests theirs
    tlvs: tuple[RawTlv, ...] = ()
    unread: bytes = b""

    def tlv(self, kind: Tlv[T]) -> T | None:
        """The first TLV of this kind: `pdu.tlv(tlv.MESSAGE_STATE)`."""
        return kind.of(self.tlvs)


@dataclass(slots=True, kw_only=True)
class Bind(Pdu):
    """A request to bind; its class says as what."""

    system_id: str = ""
    password: str = field(default="", repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""


@dataclass(slots=True, kw_only=True)
class BindResp(Pdu):
    """The answer to a bind; `system_id` is the SMSC's."""

    system_id: str = ""


@dataclass(slots=True, kw_only=True)
class ShortMessage(Pdu):
    """The fields that submit_sm and deliver_sm share."""

    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    protocol_id: int = 0
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


@dataclass(slots=True, kw_only=True)
class MessageIdResp(Pdu):
    """A response whose only field is the SMSC's message_id; in deliver_sm_resp it is unused."""

    message_id: str = ""


class BindTransmitter(Bind):
    __slots__ = ()
    command_id = CommandId.BIND_TRANSMITTER


class BindTransmitterResp(BindResp):
    __slots__ = ()
    command_id = CommandId.BIND_TRANSMITTER_RESP


class BindReceiver(Bind):
    __slots__ = ()
    command_id = CommandId.BIND_RECEIVER


class BindReceiverResp(BindResp):
    __slots__ = ()
    command_id = CommandId.BIND_RECEIVER_RESP


class BindTransceiver(Bind):
    __slots__ = ()
    command_id = CommandId.BIND_TRANSCEIVER


class BindTransceiverResp(BindResp):
    __slots__ = ()
    command_id = CommandId.BIND_TRANSCEIVER_RESP


@dataclass(slots=True, kw_only=True)
class Outbind(Pdu):
    command_id = CommandId.OUTBIND
    system_id: str = ""
    password: str = field(default="", repr=False)


class Unbind(Pdu):
    __slots__ = ()
    command_id = CommandId.UNBIND


class UnbindResp(Pdu):
    __slots__ = ()
    command_id = CommandId.UNBIND_RESP


class GenericNack(Pdu):
    __slots__ = ()
    command_id = CommandId.GENERIC_NACK


class EnquireLink(Pdu):
    __slots__ = ()
    command_id = CommandId.ENQUIRE_LINK


class EnquireLinkResp(Pdu):
    __slots__ = ()
    command_id = CommandId.ENQUIRE_LINK_RESP


class SubmitSm(ShortMessage):
    __slots__ = ()
    command_id = CommandId.SUBMIT_SM


class SubmitSmResp(MessageIdResp):
    __slots__ = ()
    command_id = CommandId.SUBMIT_SM_RESP


class DeliverSm(ShortMessage):
    __slots__ = ()
    command_id = CommandId.DELIVER_SM


class DeliverSmResp(MessageIdResp):
    __slots__ = ()
    command_id = CommandId.DELIVER_SM_RESP


@dataclass(slots=True, kw_only=True)
class DataSm(Pdu):
    """Its text travels in the TLV message_payload."""

    command_id = CommandId.DATA_SM
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0


class DataSmResp(MessageIdResp):
    __slots__ = ()
    command_id = CommandId.DATA_SM_RESP


@dataclass(slots=True, kw_only=True)
class QuerySm(Pdu):
    command_id = CommandId.QUERY_SM
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


@dataclass(slots=True, kw_only=True)
class QuerySmResp(Pdu):
    command_id = CommandId.QUERY_SM_RESP
    message_id: str = ""
    final_date: str = ""
    message_state: int = 0
    error_code: int = 0


@dataclass(slots=True, kw_only=True)
class CancelSm(Pdu):
    command_id = CommandId.CANCEL_SM
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


class CancelSmResp(Pdu):
    __slots__ = ()
    command_id = CommandId.CANCEL_SM_RESP


@dataclass(slots=True, kw_only=True)
class ReplaceSm(Pdu):
    command_id = CommandId.REPLACE_SM
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    schedule_delivery_time: str = ""
    validity_period: str = ""
    registered_delivery: int = 0
    sm_default_msg_id: int = 0
    short_message: bytes = b""


class ReplaceSmResp(Pdu):
    __slots__ = ()
    command_id = CommandId.REPLACE_SM_RESP


@dataclass(slots=True, kw_only=True)
class AlertNotification(Pdu):
    """A handset can be reached again; there is no response."""

    command_id = CommandId.ALERT_NOTIFICATION
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    esme_addr_ton: int = 0
    esme_addr_npi: int = 0
    esme_addr: str = ""


RECORDS: dict[int, type[Pdu]] = {
    record.command_id: record
    for record in (
        BindTransmitter,
        BindTransmitterResp,
        BindReceiver,
        BindReceiverResp,
        BindTransceiver,
        BindTransceiverResp,
        Outbind,
        Unbind,
        UnbindResp,
        GenericNack,
        EnquireLink,
        EnquireLinkResp,
        SubmitSm,
        SubmitSmResp,
        DeliverSm,
        DeliverSmResp,
        DataSm,
        DataSmResp,
        QuerySm,
        QuerySmResp,
        CancelSm,
        CancelSmResp,
        ReplaceSm,
        ReplaceSmResp,
        AlertNotification,
    )
}
RESPONSES: dict[type[Pdu], type[Pdu]] = {  # alert_notification and outbind have none
    record: RECORDS[command_id | RESPONSE_BIT]
    for command_id, record in RECORDS.items()
    if command_id | RESPONSE_BIT in RECORDS and not command_id & RESPONSE_BIT
}


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
