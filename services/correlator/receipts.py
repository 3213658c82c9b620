"""What a receipt says, as a Dlr that has no partner yet; pure."""

import msgspec

from pipeline.ids import SmscMessageId
from pipeline.records import Dlr, SmscDeliver
from services.correlator.carriers import Carrier
from smpp import receipt, tlv
from smpp.pdu import DeliverSm
from smpp.values import MessageState

NOT_FINAL = frozenset({MessageState.SCHEDULED, MessageState.ENROUTE, MessageState.ACCEPTED})


class Receipt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A receipt, and what else it says of its segment: to which address it came, when the segment
    was submitted, and user_message_reference. `is_fresh` while it was read a moment ago."""

    dlr: Dlr
    to: str
    submitted_ms: int | None = None
    reference: int | None = None
    is_fresh: bool = False


def pdu_of(deliver: SmscDeliver) -> DeliverSm:
    """The fields of a deliver_sm or data_sm that tell receipt from MO and part from whole.

    An encrypted body is none for our eyes; a data_sm keeps its in the TLV message_payload.
    """
    octets = deliver.short_message
    return DeliverSm(
        esm_class=deliver.esm_class,
        data_coding=deliver.data_coding,
        short_message=octets if isinstance(octets, bytes) else b"",
        tlvs=tuple((row.tag, row.value) for row in deliver.tlvs),
    )


def read(
    deliver: SmscDeliver, pdu: DeliverSm, now_ms: int, carrier: Carrier, *, is_test: bool = False
) -> Receipt:
    """What a receipt says, `joined_ms` being `now_ms`; a state it does not say is UNKNOWN.

    smsc_message_id is "" where it names none.
    """
    said = receipt.read(pdu, carrier.zone)
    state = MessageState.UNKNOWN if said.state is None else said.state
    network_error_code = said.network_error_code
    dlr = Dlr(
        connector=deliver.connector,
        smsc_message_id=SmscMessageId(said.message_id or ""),
        recipient=deliver.handset,
        state=state.name,
        final=state not in NOT_FINAL and not receipt.is_intermediate(pdu),
        repeat=False,
        error_code=said.error or (network_error_code.hex() if network_error_code else None),
        done_date=said.done_date_as_written,
        received_ms=deliver.received_ms,
        joined_ms=now_ms,
        test=is_test,
    )
    submitted_ms = round(said.submit_date.timestamp() * 1000) if said.submit_date else None
    to = deliver.source_addr if carrier.is_swapped else deliver.destination_addr
    reference = pdu.tlv(tlv.USER_MESSAGE_REFERENCE)
    return Receipt(dlr, to, submitted_ms, reference, is_fresh=True)
