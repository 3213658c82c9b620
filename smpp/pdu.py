"""PDUs as records: one a command, its attributes the specification's field names.

`command_length`, `sm_length` and other counts are never stored, they follow from what they count.
What a peer sends is kept: TLVs in wire order with unknown and repeated ones, and in `unread` the
octets after the last whole TLV. `smpp.wire` carries records to octets and back.
"""

from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from smpp.tlv import RawTlv, Tlv
from smpp.values import RESPONSE_BIT, CommandId, CommandStatus

T = TypeVar("T", int, str, bytes)


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
    """A response with the SMSC's message_id; in deliver_sm_resp it is unused."""

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
class SmeAddress:
    """One destination of a submit_multi."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""


@dataclass(slots=True, kw_only=True)
class DistributionList:
    """A destination of a submit_multi that the SMSC knows by name."""

    dl_name: str = ""


@dataclass(slots=True, kw_only=True)
class UnsuccessSme:
    """A destination of a submit_multi that the SMSC refused, and why."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: str = ""
    error_status_code: CommandStatus = CommandStatus.ESME_ROK


@dataclass(slots=True, kw_only=True)
class SubmitMulti(Pdu):
    """A submit_sm to up to 255 destinations."""

    command_id = CommandId.SUBMIT_MULTI
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    dest_address: tuple[SmeAddress | DistributionList, ...] = ()
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
class SubmitMultiResp(MessageIdResp):
    """All destinations but those in `unsuccess_sme` were accepted under one message_id."""

    command_id = CommandId.SUBMIT_MULTI_RESP
    unsuccess_sme: tuple[UnsuccessSme, ...] = ()


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


@dataclass(slots=True, kw_only=True)
class BroadcastSm(Pdu):
    """A message to all handsets of some areas; areas, content and text travel in TLVs."""

    command_id = CommandId.BROADCAST_SM
    service_type: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""
    message_id: str = ""
    priority_flag: int = 0
    schedule_delivery_time: str = ""
    validity_period: str = ""
    replace_if_present_flag: int = 0
    data_coding: int = 0
    sm_default_msg_id: int = 0


class BroadcastSmResp(MessageIdResp):
    __slots__ = ()
    command_id = CommandId.BROADCAST_SM_RESP


@dataclass(slots=True, kw_only=True)
class QueryBroadcastSm(Pdu):
    command_id = CommandId.QUERY_BROADCAST_SM
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


class QueryBroadcastSmResp(MessageIdResp):
    """The state of a broadcast and of its areas travels in TLVs."""

    __slots__ = ()
    command_id = CommandId.QUERY_BROADCAST_SM_RESP


@dataclass(slots=True, kw_only=True)
class CancelBroadcastSm(Pdu):
    command_id = CommandId.CANCEL_BROADCAST_SM
    service_type: str = ""
    message_id: str = ""
    source_addr_ton: int = 0
    source_addr_npi: int = 0
    source_addr: str = ""


class CancelBroadcastSmResp(Pdu):
    __slots__ = ()
    command_id = CommandId.CANCEL_BROADCAST_SM_RESP


RECORDS: dict[int, type[Pdu]] = {  # all of the above that name their command
    record.command_id: record
    for record in list(globals().values())
    if isinstance(record, type) and issubclass(record, Pdu) and "command_id" in vars(record)
}
RESPONSES: dict[type[Pdu], type[Pdu]] = {  # alert_notification and outbind have none
    record: RECORDS[command_id | RESPONSE_BIT]
    for command_id, record in RECORDS.items()
    if command_id | RESPONSE_BIT in RECORDS and not command_id & RESPONSE_BIT
}
