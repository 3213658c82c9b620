"""Delivery receipts: TLVs first, then the text of SMPP 3.4 Appendix B.

    id:a1b2 sub:001 dlvrd:001 submit date:2401311200 done date:2401311201 stat:DELIVRD err:000 text:

Appendix B is a suggestion, and SMSCs take it as one: fields are missing, reordered, in other case,
dates have 10 to 14 digits, `err` is anything. So fields are found by name wherever they stand.
`text` quotes the message and may look like fields itself, so it ends the reading once the id is
known. A message_id is opaque and stays as it came.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from smpp import tlv
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm
from smpp.text import Alphabet, alphabet_of
from smpp.udh import user_data
from smpp.values import ESM_CLASS_TYPE, EsmClass, MessageState

STATES = {
    "SCHEDULED": MessageState.SCHEDULED,
    "ENROUTE": MessageState.ENROUTE,
    "BUFFERED": MessageState.ENROUTE,  # not in the specification
    "DELIVRD": MessageState.DELIVERED,
    "DELIVERED": MessageState.DELIVERED,  # not in the specification
    "EXPIRED": MessageState.EXPIRED,
    "DELETED": MessageState.DELETED,
    "UNDELIV": MessageState.UNDELIVERABLE,
    "UNDELIVERED": MessageState.UNDELIVERABLE,  # not in the specification
    "FAILED": MessageState.UNDELIVERABLE,  # not in the specification
    "ACCEPTD": MessageState.ACCEPTED,
    "ACCEPTED": MessageState.ACCEPTED,  # not in the specification
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
    "REJECTED": MessageState.REJECTED,  # not in the specification
    "SKIPPED": MessageState.SKIPPED,
}
NAMES = {state: name for name, state in reversed(STATES.items())}  # the specification's come first
FULL_DATE = ((14, "%Y%m%d%H%M%S"),)  # digits that matter, and what they mean
SHORT_DATES = ((12, "%y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (10, "%y%m%d%H%M"))  # likeliest first
KEY = re.compile(
    r"(?:^|(?<=\s))(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)[ ]?:", re.IGNORECASE
)
TEXT_CHARACTERS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt:
    """What a receipt says; None where it says nothing. `error` is as the SMSC spells it."""

    message_id: str | None = None
    state: MessageState | None = None
    error: str | None = None
    network_error_code: bytes | None = None  # network type, then the code in two octets
    submitted: int | None = None
    delivered: int | None = None
    submit_date: datetime | None = None
    done_date: datetime | None = None
    text: str | None = None


def is_receipt(pdu: DeliverSm | DataSm) -> bool:
    """Whether esm_class or the TLVs say that this reports on a message of ours."""
    kind = pdu.esm_class & ESM_CLASS_TYPE
    if kind in (EsmClass.DELIVERY_RECEIPT, EsmClass.INTERMEDIATE_NOTIFICATION):
        return True
    tags = {tag for tag, _ in pdu.tlvs}
    return tlv.RECEIPTED_MESSAGE_ID.tag in tags or tlv.MESSAGE_STATE.tag in tags


def read(pdu: DeliverSm | DataSm, zone: tzinfo = UTC) -> DeliveryReceipt:
    """What a receipt says. Its dates have no zone, so the connector's profile gives `zone`."""
    fields = read_fields(_text(pdu))
    state = pdu.tlv(tlv.MESSAGE_STATE)
    return DeliveryReceipt(
        message_id=pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) or fields.get("id") or None,
        state=STATES.get(fields.get("stat", "").upper()) if state is None else _state(state),
        error=fields.get("err") or None,
        network_error_code=pdu.tlv(tlv.NETWORK_ERROR_CODE),
        submitted=_count(fields.get("sub", "")),
        delivered=_count(fields.get("dlvrd", "")),
        submit_date=_date(fields.get("submitdate", ""), zone),
        done_date=_date(fields.get("donedate", ""), zone),
        text=fields.get("text"),
    )


def read_fields(text: str) -> dict[str, str]:
    """The fields of an Appendix B text by name, in lower case without spaces; the first counts."""
    fields: dict[str, str] = {}
    keys = list(KEY.finditer(text))
    ends = [*[key.start() for key in keys[1:]], len(text)]
    for key, end in zip(keys, ends, strict=False):
        name = key[1].lower().replace(" ", "").replace("_", "")
        if name == "text" and "id" in fields:
            fields["text"] = text[key.end() :]
            break
        fields.setdefault(name, text[key.end() : end].strip())
    return fields


def write(receipt: DeliveryReceipt) -> str:
    """The Appendix B text of a receipt, as an SMSC sends it; dates to the minute."""
    stat = NAMES[MessageState.UNKNOWN if receipt.state is None else receipt.state]
    return (
        f"id:{receipt.message_id or ''}"
        f" sub:{receipt.submitted or 0:03} dlvrd:{receipt.delivered or 0:03}"
        f" submit date:{_digits(receipt.submit_date)} done date:{_digits(receipt.done_date)}"
        f" stat:{stat} err:{receipt.error or '000'}"
        f" text:{(receipt.text or '')[:TEXT_CHARACTERS_MAX]}"
    )


def tlvs(receipt: DeliveryReceipt) -> tuple[tlv.RawTlv, ...]:
    """The TLVs of a receipt, as an SMSC sends them."""
    made = []
    if receipt.message_id is not None:
        made.append(tlv.RECEIPTED_MESSAGE_ID.make(receipt.message_id))
    if receipt.state is not None:
        made.append(tlv.MESSAGE_STATE.make(receipt.state))
    if receipt.network_error_code is not None:
        made.append(tlv.NETWORK_ERROR_CODE.make(receipt.network_error_code))
    return tuple(made)


def _text(pdu: DeliverSm | DataSm) -> str:
    """Receipts are ASCII whatever data_coding says, but for UCS-2."""
    try:
        _, octets = user_data(pdu)
    except SegmentError:
        return ""
    is_ucs2 = alphabet_of(pdu.data_coding) is Alphabet.UCS2
    return octets.decode("utf-16-be", "replace") if is_ucs2 else octets.decode("latin-1")


def _state(number: int) -> MessageState | None:
    return MessageState(number) if number in MessageState._value2member_map_ else None


def _count(digits: str) -> int | None:
    return int(digits) if re.fullmatch("[0-9]{1,9}", digits) else None


def _date(digits: str, zone: tzinfo) -> datetime | None:
    found = re.match("[0-9]{10,16}", digits)
    count = found.end() if found else 0
    for length, form in FULL_DATE if count == 14 else SHORT_DATES:
        try:
            if count >= length:
                return datetime.strptime(digits[:length], form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def _digits(date: datetime | None) -> str:
    return f"{date:%y%m%d%H%M}" if date else "0000000000"
