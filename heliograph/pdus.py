"""The PDUs of a segment, made anew from its records; and as anybody may see them; pure.

What went over the wire is kept nowhere, for every message would keep its text. It follows from
records that are kept, all but the sequence_number and the fields of a deliver_sm that say nothing
there (priority_flag and the like), which are 0 here. A masked PDU has the length of its original,
so that what a carrier reads in it - lengths, codings, headers, ids - is true.
"""

import re
from collections.abc import Collection

from pipeline.masking import NUMBER_DIGITS_MIN, number
from pipeline.records import MtSubmit, MtSubmitted, SmscDeliver
from services.binder import core, validity
from smpp import receipt, tlv
from smpp.pdu import DataSm, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from smpp.tlv import RawTlv
from smpp.values import CommandStatus, EsmClass

FILLER = b"*"
UCS2 = 0x08
SHOWN_TLVS = frozenset(  # their values tell nothing of a person; all others are hidden
    row.tag
    for row in (
        tlv.DEST_ADDR_SUBUNIT,
        tlv.DEST_NETWORK_TYPE,
        tlv.DEST_BEARER_TYPE,
        tlv.SOURCE_ADDR_SUBUNIT,
        tlv.SOURCE_NETWORK_TYPE,
        tlv.SOURCE_BEARER_TYPE,
        tlv.QOS_TIME_TO_LIVE,
        tlv.PAYLOAD_TYPE,
        tlv.RECEIPTED_MESSAGE_ID,
        tlv.PRIVACY_INDICATOR,
        tlv.USER_MESSAGE_REFERENCE,
        tlv.SOURCE_PORT,
        tlv.DESTINATION_PORT,
        tlv.SAR_MSG_REF_NUM,
        tlv.SAR_TOTAL_SEGMENTS,
        tlv.SAR_SEGMENT_SEQNUM,
        tlv.LANGUAGE_INDICATOR,
        tlv.NUMBER_OF_MESSAGES,
        tlv.DPF_RESULT,
        tlv.SET_DPF,
        tlv.MS_AVAILABILITY_STATUS,
        tlv.NETWORK_ERROR_CODE,
        tlv.DELIVERY_FAILURE_REASON,
        tlv.MORE_MESSAGES_TO_SEND,
        tlv.MESSAGE_STATE,
        tlv.CONGESTION_STATE,
        tlv.MS_VALIDITY,
    )
)
_DIGITS = re.compile(rf"[0-9]{{{NUMBER_DIGITS_MIN},}}")
_RECEIPT = re.compile(  # what the text of a receipt says of its own
    rb"\b(?:id|sub|dlvrd|submit date|done date|stat|err):[^\s]*", re.IGNORECASE
)
_QUOTED = re.compile(rb"text ?:", re.IGNORECASE)  # what follows is a person's, and may look alike


def submit_sm(
    submit: MtSubmit, written_ms: int, form: validity.Form = validity.relative
) -> SubmitSm | None:
    """As it was written at that time; None of one whose text is encrypted."""
    if not isinstance(submit.short_message, bytes):
        return None
    return core.submit_sm(submit, written_ms, form)


def submit_sm_resp(submitted: MtSubmitted) -> SubmitSmResp | None:
    """What the SMSC answered; None where it did not."""
    if submitted.command_status is None:
        return None
    return SubmitSmResp(
        command_status=CommandStatus(submitted.command_status),
        message_id=submitted.smsc_message_id or "",
    )


def deliver_sm(deliver: SmscDeliver) -> DeliverSm | DataSm | None:
    """As it came; None of one whose text is encrypted."""
    if not isinstance(deliver.short_message, bytes):
        return None
    fields = {
        name: getattr(deliver, name)
        for name in (
            "service_type",
            "source_addr_ton",
            "source_addr_npi",
            "source_addr",
            "dest_addr_ton",
            "dest_addr_npi",
            "destination_addr",
            "esm_class",
            "data_coding",
        )
    }
    tlvs = tuple((own.tag, own.value) for own in deliver.tlvs)
    if deliver.command == "data_sm":
        return DataSm(**fields, tlvs=tlvs)
    return DeliverSm(
        **fields,
        tlvs=tlvs,
        protocol_id=deliver.protocol_id,
        short_message=deliver.short_message,
    )


def mask(pdu: Pdu, shown_tlvs: Collection[int] = ()) -> None:
    """Hide what is a person's in it; `shown_tlvs` are a carrier's own that tell nothing of one."""
    if not isinstance(pdu, SubmitSm | DeliverSm | DataSm):
        return
    is_receipt = isinstance(pdu, DeliverSm | DataSm) and receipt.is_receipt(pdu, by_text=True)
    pdu.source_addr = address(pdu.source_addr)
    pdu.destination_addr = address(pdu.destination_addr)
    if isinstance(pdu, SubmitSm | DeliverSm):
        pdu.short_message = _body(pdu, pdu.short_message, is_receipt=is_receipt)
    known = SHOWN_TLVS.union(shown_tlvs)
    pdu.tlvs = tuple(_tlv(pdu, own, known, is_receipt=is_receipt) for own in pdu.tlvs)


def address(written: str) -> str:
    """An address of the same length, with the middle of a number hidden."""
    if _DIGITS.search(written):
        return _DIGITS.sub(lambda found: _filled(found[0]), written)
    return written if number(written) == written else re.sub(r"[0-9]", "*", written)


def _filled(digits: str) -> str:
    begin, _, end = number(digits).partition("…")
    return begin + "*" * (len(digits) - len(begin) - len(end)) + end


def _tlv(pdu: Pdu, own: RawTlv, known: Collection[int], *, is_receipt: bool) -> RawTlv:
    tag, value = own
    if tag == tlv.MESSAGE_PAYLOAD.tag:
        return tag, _body(pdu, value, is_receipt=is_receipt)
    return own if tag in known else (tag, FILLER * len(value))


def _body(pdu: Pdu, octets: bytes, *, is_receipt: bool) -> bytes:
    """A text as long as it was; its user data header stays, and what a receipt says of its own."""
    esm_class, data_coding = getattr(pdu, "esm_class", 0), getattr(pdu, "data_coding", 0)
    if is_receipt:
        return _of_receipt(octets)
    has_header = bool(esm_class & EsmClass.UDHI) and bool(octets) and octets[0] < len(octets)
    header = octets[: octets[0] + 1] if has_header else b""
    rest = len(octets) - len(header)
    if data_coding == UCS2:
        return header + (b"\0" + FILLER) * (rest // 2) + FILLER * (rest % 2)
    return header + FILLER * rest


def _of_receipt(octets: bytes) -> bytes:
    hidden = bytearray(FILLER * len(octets))
    quoted = _QUOTED.search(octets)
    own = octets[: quoted.start()] if quoted else octets
    for found in _RECEIPT.finditer(own):
        begin, end = found.span()
        hidden[begin:end] = octets[begin:end]
    for at, octet in enumerate(octets):
        if octet == ord(" "):
            hidden[at] = octet
    return bytes(hidden)
