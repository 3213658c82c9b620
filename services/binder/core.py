"""What the binder decides, pure: what an answer means, what a segment becomes, what is said of it.

Theory. A segment taken from Kafka is written when pacing, window and the cap of unconfirmed
segments allow, and ends in exactly one outcome. What an SMSC's answer means is the table of
`smpp.statuses`. A submit that stays unanswered is ambiguous: SMPP has no way to ask, so the message
says what is wanted (`on_ambiguous`): written again while its deadline lasts, or given up as
`unknown`.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import msgspec

from pipeline.effects import Headers, Trace
from pipeline.ids import ConnectorId, SmscMessageId
from pipeline.records import MtSubmit, MtSubmitted, SmscDeliver, Tlv
from services.binder import validity
from services.binder.handsets import USUAL, Writing
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.statuses import Disposition as Disposition
from smpp.statuses import disposition as disposition
from smpp.values import CommandStatus

HOLD_AFTER_THROTTLE_S = 0.1
DELAY_MIN_S, DELAY_MAX_S = 1.0, 60.0  # of a recipient that cannot take more; doubled each time
RETRY_IN_PLACE_S, POSTPONE_S = 300.0, 900.0  # such delays in all; then it waits elsewhere


class Position(NamedTuple):
    """Where a segment's record stands."""

    priority: bool
    partition: int
    offset: int


class Holder(Protocol):
    """The assignment a segment came by: only that one may count it as done."""

    is_closing: bool

    def intend(self, offset: int, output_offset: int) -> None:
        """The intent to write the segment is confirmed."""

    def finish(self, offset: int, output_offset: int | None) -> None:
        """The segment's outcome is confirmed."""

    def drop(self, offset: int, *, is_doubtful: bool) -> None:
        """The segment is left to the next owner."""


@dataclass(slots=True, eq=False)
class Segment:
    """One submit record on its way to an outcome."""

    submit: MtSubmit
    position: Position
    lease: Holder
    headers: Headers | None
    arrival: int = 0
    attempt: int = 0
    bind: int = -1
    written_ms: int | None = None
    delays: int = 0
    needs_intent: bool = False
    is_doubtful: bool = False  # nobody knows whether the SMSC has it
    is_unconfirmed: bool = False
    trace: Trace | None = None  # if it is sampled
    taken_ns: int = 0  # then

    def drop(self) -> None:
        """Leave it to the next owner."""
        self.lease.drop(self.position.offset, is_doubtful=self.is_doubtful)


class Outcome(msgspec.Struct, frozen=True):
    """How a segment ended."""

    name: str
    reason: str | None = None
    command_status: int | None = None
    smsc_message_id: SmscMessageId | None = None
    retry_at_ms: int | None = None


EXPIRED = Outcome("expired", "validity")
RETURNED = Outcome("returned", "connector_down")
MAINTENANCE = Outcome("returned", "maintenance")
INTENT = Outcome("intent")
QUIET = Outcome("returned", "quiet_hours")
OPTED_OUT = Outcome("rejected", "opted_out")
# outcomes that say that the SMSC has it not, unless it was the SMSC that said so
UNWRITTEN = {"expired", "returned", "cancelled", "rejected"}
CRASHED = Outcome("unknown", "crash")  # an intent whose outcome nobody has published


def answered(status: int, smsc_message_id: str) -> Outcome:
    """The outcome of a final answer."""
    if status == CommandStatus.ESME_ROK:
        return accepted(status, smsc_message_id)
    return Outcome("rejected", status_name(status), status)


def accepted(status: int, smsc_message_id: str) -> Outcome:
    """The outcome of an answer that says that the SMSC has it, by whatever status."""
    return Outcome("accepted", None, status, SmscMessageId(smsc_message_id))


def unanswered(submit: MtSubmit) -> Outcome | None:
    """The outcome of a submit whose link was lost; None when it is to be written again."""
    return None if submit.on_ambiguous == "resend" else Outcome("unknown", "link_lost")


def status_name(status: int) -> str:
    """The specification's name of a command_status, or its number."""
    try:
        return CommandStatus(status).name
    except ValueError:
        return f"0x{status:08X}"


def submit_sm(submit: MtSubmit, now_ms: int, form: validity.Form = validity.relative) -> SubmitSm:
    """The PDU of a segment; its validity is what is left until the deadline, in that form."""
    validity_period, tlvs = form(submit.deadline_ms, now_ms)
    assert isinstance(submit.short_message, bytes)  # the router refuses what it can't read
    return SubmitSm(
        service_type=submit.service_type,
        source_addr_ton=submit.source_addr_ton,
        source_addr_npi=submit.source_addr_npi,
        source_addr=submit.source_addr,
        dest_addr_ton=submit.dest_addr_ton,
        dest_addr_npi=submit.dest_addr_npi,
        destination_addr=submit.destination_addr,
        esm_class=submit.esm_class,
        protocol_id=submit.protocol_id,
        priority_flag=submit.priority_flag,
        validity_period=validity_period,
        registered_delivery=submit.registered_delivery,
        data_coding=submit.data_coding,
        short_message=submit.short_message,
        tlvs=tuple([(tlv.tag, tlv.value) for tlv in submit.tlvs]) + tlvs,
    )


def submitted(
    segment: Segment, outcome: Outcome, connector: ConnectorId, replica: str, now_ms: int
) -> MtSubmitted:
    """What is published about a segment."""
    submit, position = segment.submit, segment.position
    return MtSubmitted(
        message_id=submit.message_id,
        segment=submit.segment,
        segments=submit.segments,
        hop=submit.hop,
        connector=connector,
        recipient=submit.recipient,
        sender=submit.source_addr,
        tenant=submit.tenant,
        class_=submit.class_,
        campaign=submit.campaign,
        outcome=outcome.name,
        reason=outcome.reason,
        command_status=outcome.command_status,
        smsc_message_id=outcome.smsc_message_id,
        retry_at_ms=outcome.retry_at_ms,
        receipt_expected=bool(submit.registered_delivery & 0x03),
        replica=replica,
        bind=segment.bind,
        attempt=segment.attempt,
        submit_lane="priority" if position.priority else "normal",
        submit_partition=position.partition,
        submit_offset=position.offset,
        requested_ms=submit.requested_ms,
        submitted_ms=segment.written_ms,
        answered_ms=now_ms,
        deadline_ms=submit.deadline_ms,
        test=submit.test,
    )


def delivered(
    pdu: DeliverSm | DataSm,
    connector: ConnectorId,
    replica: str,
    bind: int,
    now_ms: int,
    writing: Writing = USUAL,
) -> SmscDeliver:
    """A deliver_sm or data_sm as a record, keyed by the handset it speaks of."""
    is_deliver = isinstance(pdu, DeliverSm)
    return SmscDeliver(
        connector=connector,
        replica=replica,
        bind=bind,
        received_ms=now_ms,
        handset=writing.handset_of(pdu),
        command="deliver_sm" if is_deliver else "data_sm",
        service_type=pdu.service_type,
        source_addr_ton=pdu.source_addr_ton,
        source_addr_npi=pdu.source_addr_npi,
        source_addr=pdu.source_addr,
        dest_addr_ton=pdu.dest_addr_ton,
        dest_addr_npi=pdu.dest_addr_npi,
        destination_addr=pdu.destination_addr,
        esm_class=pdu.esm_class,
        protocol_id=pdu.protocol_id if isinstance(pdu, DeliverSm) else 0,
        data_coding=pdu.data_coding,
        short_message=pdu.short_message if isinstance(pdu, DeliverSm) else b"",
        tlvs=tuple(Tlv(tag=tag, value=value) for tag, value in pdu.tlvs),
    )
