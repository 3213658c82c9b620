"""Delivery receipts: TLVs first, then the text of SMPP 3.4 Appendix B.

    id:a1b2 sub:001 dlvrd:001 submit date:2401311200 done date:2401311201 stat:DELIVRD err:000 text:

Appendix B is a suggestion, and SMSCs take it as one: fields are missing, reordered, in other case,
dates have 10 to 14 digits, `err` is anything. So fields are found by name wherever they stand, and
a value ends at the first space. `text` quotes the message and may look like fields itself, so it
ends the reading once the id is known. A message_id is opaque and stays as it came.

Not read: what names no field (rows of commas), a state by number, for vendors count their own way,
and dates in seconds since 1970, of which many are a time of Appendix B too.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from smpp import tlv
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm
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
    "UNDELIVERABLE": MessageState.UNDELIVERABLE,  # not in the specification
    "FAILED": MessageState.UNDELIVERABLE,  # not in the specification
    "ACCEPTD": MessageState.ACCEPTED,
    "ACCEPTED": MessageState.ACCEPTED,  # not in the specification
    "UNKNOWN": MessageState.UNKNOWN,
    "REJECTD": MessageState.REJECTED,
    "REJECTED": MessageState.REJECTED,  # not in the specification
    "SKIPPED": MessageState.SKIPPED,
}
NAMES = {state: name for name, state in reversed(STATES.items())}  # the specification's come first
KEYS = {  # as they are written, in lower case without spaces: the field
    "id": "id",
    "sub": "sub",
    "dlvrd": "dlvrd",
    "delivrd": "dlvrd",  # not in the specification
    "submitdate": "submitdate",
    "donedate": "donedate",
    "stat": "stat",
    "status": "stat",  # not in the specification
    "err": "err",
    "error": "err",  # not in the specification
    "text": "text",
}
USUAL = re.compile(  # Appendix B to the letter, as nine of ten SMSCs write it
    r"id:(?P<id>\S+) sub:(?P<sub>[0-9]+) dlvrd:(?P<dlvrd>[0-9]+)"
    r" submit date:(?P<submitdate>[0-9]+) done date:(?P<donedate>[0-9]+)"
    r" stat:(?P<stat>[A-Z]+) err:(?P<err>\S+) [Tt]ext:(?P<text>.*)",
    re.DOTALL,
)
KEY = re.compile(
    r"(?:^|(?<=[\s,;|^]))"
    r"(id|sub|dlvrd|delivrd|submit[ _]?date|done[ _]?date|stat(?:us)?|err(?:or)?|text)[ ]?:",
    re.IGNORECASE,
)
CENTURY = "20"  # of dates that have none
WORD = re.compile(r"[^\s\0,;|]+")
COUNT = re.compile("[0-9]{1,9}")
DIGITS = re.compile("[0-9]{10,16}")
FULL_DATE_DIGITS = 14
TEXT_CHARACTERS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt:
    """What a receipt says; None where it says nothing. `error` and the dates `as_written` are as
    the SMSC spells them, so that nothing is lost where a date means nothing to us."""

    message_id: str | None = None
    state: MessageState | None = None
    error: str | None = None
    network_error_code: bytes | None = None  # network type, then the code in two octets
    submitted: int | None = None
    delivered: int | None = None
    submit_date: datetime | None = None
    done_date: datetime | None = None
    submit_date_as_written: str | None = field(default=None, compare=False)
    done_date_as_written: str | None = field(default=None, compare=False)
    text: str | None = None


def is_receipt(pdu: DeliverSm | DataSm, *, by_text: bool = False) -> bool:
    """Whether esm_class or the TLVs say that this reports on a message of ours.

    With `by_text` the text may say so too, for SMSCs that leave esm_class 0: when it begins with an
    id and has a state that we know and a count or a date, which no person writes by chance.
    """
    kind = pdu.esm_class & ESM_CLASS_TYPE
    if kind in (EsmClass.DELIVERY_RECEIPT, EsmClass.INTERMEDIATE_NOTIFICATION):
        return True
    tags = {tag for tag, _ in pdu.tlvs}
    if tlv.RECEIPTED_MESSAGE_ID.tag in tags or tlv.MESSAGE_STATE.tag in tags:
        return True
    return by_text and _reads_as_receipt(_text(pdu))


def is_intermediate(pdu: DeliverSm | DataSm) -> bool:
    """Whether it reports on the way, so that another will follow whatever state it names."""
    return pdu.esm_class & ESM_CLASS_TYPE == EsmClass.INTERMEDIATE_NOTIFICATION


def read(pdu: DeliverSm | DataSm, zone: tzinfo = UTC) -> DeliveryReceipt:
    """What a receipt says. Its dates have no zone, so the connector's profile gives `zone`."""
    fields = read_fields(_text(pdu))
    state = _state(pdu.tlv(tlv.MESSAGE_STATE))
    submit_date, done_date = fields.get("submitdate"), fields.get("donedate")
    return DeliveryReceipt(
        message_id=pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) or fields.get("id") or None,
        state=STATES.get(fields.get("stat", "").upper()) if state is None else state,
        error=fields.get("err") or None,
        network_error_code=pdu.tlv(tlv.NETWORK_ERROR_CODE),
        submitted=_count(fields.get("sub", "")),
        delivered=_count(fields.get("dlvrd", "")),
        submit_date=_date(submit_date or "", zone),
        done_date=_date(done_date or "", zone),
        submit_date_as_written=submit_date or None,
        done_date_as_written=done_date or None,
        text=fields.get("text"),
    )


def read_fields(text: str) -> dict[str, str]:
    """The fields of an Appendix B text by name, in lower case without spaces; the first counts."""
    usual = USUAL.fullmatch(text)
    if usual is not None:
        return usual.groupdict()
    fields: dict[str, str] = {}
    keys = list(KEY.finditer(text))
    ends = [*[key.start() for key in keys[1:]], len(text)]
    for key, end in zip(keys, ends, strict=False):
        name = KEYS[key[1].lower().replace(" ", "").replace("_", "")]
        if name == "text" and ("id" in fields or "stat" in fields):
            fields["text"] = text[key.end() :]
            break
        first = WORD.search(text, key.end(), end)  # what some write behind a value is none of it
        fields.setdefault(name, first[0] if first else "")
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
    """ASCII or UCS-2 by its first octet: data_coding may be that of the message reported on."""
    try:
        _, octets = user_data(pdu)
    except SegmentError:
        return ""
    if octets[:1] == b"\0":
        return octets.decode("utf-16-be", "replace")
    return octets.decode("latin-1").rstrip("\0")


def _state(number: int | None) -> MessageState | None:
    """None for what the specification does not know, so that the text may say it."""
    is_known = number in MessageState._value2member_map_
    return MessageState(number) if number is not None and is_known else None


def _count(digits: str) -> int | None:
    return int(digits) if COUNT.fullmatch(digits) else None


def _reads_as_receipt(text: str) -> bool:
    first = KEY.match(text.lstrip())
    if first is None or first[1].lower() != "id":
        return False
    fields = read_fields(text)
    has_state = fields.get("stat", "").upper() in STATES
    return has_state and not fields.keys().isdisjoint(("sub", "dlvrd", "submitdate", "donedate"))


def _date(digits: str, zone: tzinfo) -> datetime | None:
    """YYMMDDhhmm with or without a century before and seconds behind; the likeliest first."""
    found = DIGITS.match(digits)
    if found is None:
        return None
    written = found[0]
    if len(written) != FULL_DATE_DIGITS:
        date = _moment(CENTURY + written, zone)
        if date is not None:
            return date
    return _moment(written, zone)


def _moment(digits: str, zone: tzinfo) -> datetime | None:
    """YYYYMMDDhhmm and perhaps ss; None when there is no such moment."""
    end = FULL_DATE_DIGITS if len(digits) >= FULL_DATE_DIGITS else FULL_DATE_DIGITS - 2
    try:
        return datetime.fromisoformat(f"{digits[:8]}T{digits[8:end]}").replace(tzinfo=zone)
    except ValueError:
        return None


def _digits(date: datetime | None) -> str:
    return f"{date:%y%m%d%H%M}" if date else "0000000000"
