"""What a receipt says, as a Dlr that has no partner yet; pure."""

from pipeline.ids import SmscMessageId
from pipeline.records import Dlr, SmscDeliver
from smpp import tlv
from smpp.errors import SegmentError
from smpp.pdu import DeliverSm
from smpp.receipt import STATES, read_fields
from smpp.text import Alphabet, alphabet_of
from smpp.udh import user_data
from smpp.values import MessageState

NOT_FINAL = frozenset({MessageState.SCHEDULED, MessageState.ENROUTE, MessageState.ACCEPTED})


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


def read(deliver: SmscDeliver, pdu: DeliverSm, now_ms: int) -> Dlr:
    """What a receipt says, `joined_ms` being `now_ms`; a state it does not say is UNKNOWN.

    TLVs win over the text. smsc_message_id is "" where it names none.
    """
    fields = read_fields(_text(pdu))
    state = _state(pdu, fields)
    return Dlr(
        connector=deliver.connector,
        smsc_message_id=SmscMessageId(pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) or fields.get("id") or ""),
        recipient=deliver.handset,
        state=state.name,
        final=state not in NOT_FINAL,
        repeat=False,
        error_code=fields.get("err") or _network_error_code(pdu),
        done_date=fields.get("donedate") or None,
        received_ms=deliver.received_ms,
        joined_ms=now_ms,
    )


def _text(pdu: DeliverSm) -> str:
    """Receipts are ASCII whatever data_coding says, but for UCS-2."""
    try:
        _, octets = user_data(pdu)
    except SegmentError:
        return ""
    if alphabet_of(pdu.data_coding) is Alphabet.UCS2:
        return octets.decode("utf-16-be", "replace")
    return octets.decode("latin-1")


def _state(pdu: DeliverSm, fields: dict[str, str]) -> MessageState:
    number = pdu.tlv(tlv.MESSAGE_STATE)
    if number is None:
        return STATES.get(fields.get("stat", "").upper(), MessageState.UNKNOWN)
    try:
        return MessageState(number)
    except ValueError:
        return MessageState.UNKNOWN


def _network_error_code(pdu: DeliverSm) -> str | None:
    octets = pdu.tlv(tlv.NETWORK_ERROR_CODE)
    return octets.hex() if octets else None
