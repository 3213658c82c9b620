"""Whether one PDU of an ESME is as its command wants it: fields, text, TLVs; pure.

`verdicts` gives the rules of `conformance` that the PDU had occasion to break, and whether it kept
them. What takes more than one PDU to see is told by `watcher`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from smpp import pdu, text, times, tlv
from smpp.coding import Alphabet
from smpp.errors import PduError, SegmentError, TextError, TimeError
from smpp.fields import CString
from smpp.layout import LAYOUTS
from smpp.pdu import Bind, Pdu
from smpp.udh import Concatenation, read_header
from smpp.values import (
    ESM_CLASS_TYPE,
    HEADER_OCTETS,
    RESPONSE_BIT,
    CommandId,
    EsmClass,
    Npi,
    Ton,
)
from smpp.version import VERSION_3_4

Verdict = tuple[str, bool]  # a rule, and whether it was kept

VERSION_3_3, VERSION_5_0 = 0x33, 0x50
SM_LENGTH_MAX = 254  # in 3.4; 255 in 5.0
ADDRESSES = (("source_addr", "source_addr"), ("dest_addr", "destination_addr"))
NUMBER_TONS = (Ton.INTERNATIONAL, Ton.NATIONAL, Ton.SUBSCRIBER_NUMBER)
SERVICE_TYPES = ("", "CMT", "CPT", "VMN", "VMA", "WAP", "USSD")
ESM_CLASS_TYPES = (0, EsmClass.DELIVERY_ACKNOWLEDGEMENT, EsmClass.USER_ACKNOWLEDGEMENT)
TIME_CHARACTERS = 16
SOME_MOMENT = datetime(2024, 1, 1, tzinfo=UTC)  # what a relative time is added to, to try it
# How a header begins that numbers parts, or tells ports: what no text begins with.
HEADS = (b"\x05\x00\x03", b"\x06\x08\x04", b"\x06\x05\x04", b"\x0b\x05\x04")

VENDOR_TAGS = range(0x1400, 0x4000)
BROADCAST_TAGS = range(0x0600, 0x060B)
REPEATABLE = {
    tlv.CALLBACK_NUM.tag,
    tlv.CALLBACK_NUM_ATAG.tag,
    tlv.CALLBACK_NUM_PRES_IND.tag,
    tlv.BROADCAST_AREA_IDENTIFIER.tag,
}
SAR = {tlv.SAR_MSG_REF_NUM.tag, tlv.SAR_TOTAL_SEGMENTS.tag, tlv.SAR_SEGMENT_SEQNUM.tag}

# Where a TLV may not be: sections 4.1 to 4.12.
OF_RESPONSES = {
    tlv.DELIVERY_FAILURE_REASON.tag,
    tlv.NETWORK_ERROR_CODE.tag,
    tlv.ADDITIONAL_STATUS_INFO_TEXT.tag,
    tlv.DPF_RESULT.tag,
    tlv.CONGESTION_STATE.tag,
}
OF_THE_SMSC = {
    tlv.SC_INTERFACE_VERSION.tag,
    tlv.MS_AVAILABILITY_STATUS.tag,
    tlv.RECEIPTED_MESSAGE_ID.tag,
    tlv.MESSAGE_STATE.tag,
}
OF_DATA_SM = {
    tlv.DEST_NETWORK_TYPE.tag,
    tlv.DEST_BEARER_TYPE.tag,
    tlv.DEST_TELEMATICS_ID.tag,
    tlv.SOURCE_NETWORK_TYPE.tag,
    tlv.SOURCE_BEARER_TYPE.tag,
    tlv.SOURCE_TELEMATICS_ID.tag,
    tlv.QOS_TIME_TO_LIVE.tag,
    tlv.SET_DPF.tag,
}
SUBMISSIONS = (CommandId.SUBMIT_SM, CommandId.SUBMIT_MULTI)
WITH_TEXT = (*SUBMISSIONS, CommandId.DATA_SM)
BROADCASTS = (
    CommandId.BROADCAST_SM,
    CommandId.QUERY_BROADCAST_SM,
    CommandId.CANCEL_BROADCAST_SM,
)
WITH_MESSAGE_ID = (CommandId.DELIVER_SM_RESP, CommandId.DATA_SM_RESP)


def verdicts(octets: bytes, found: Pdu, version: int) -> Iterator[Verdict]:
    """The rules that a PDU which could be read had occasion to break. `version` is the
    interface_version of its bind."""
    command = found.command_id
    has_fields = bool(LAYOUTS[command].fields)
    if not command & RESPONSE_BIT:
        yield "command_status", found.command_status == 0
    yield "body", has_fields or len(octets) == HEADER_OCTETS
    if not has_fields:
        return
    yield "c_octet_string", True
    yield "tlv_stream", not found.unread
    yield from _tlvs(found, version)
    if command & RESPONSE_BIT:
        yield from _response(octets, found)
        return
    if isinstance(found, Bind):
        yield "interface_version", found.interface_version in (VERSION_3_3, 0x34, VERSION_5_0)
    yield from _addresses(found)
    yield from _flags(found, version)
    if command in WITH_TEXT:
        yield from _content(found, version)


def misreading(error: PduError) -> Verdict:
    """The rule that a PDU which cannot be read has broken."""
    layouts = {command.value: layout for command, layout in LAYOUTS.items()}
    layout = layouts.get(error.command_id)
    if layout is None:
        return "command_id", False
    field = next((row for row in layout.fields if row.name == error.field), None)
    return ("c_octet_string" if isinstance(field, CString) else "body"), False


def _response(octets: bytes, found: Pdu) -> Iterator[Verdict]:
    if found.command_id in WITH_MESSAGE_ID:  # 5.0 lets a refusal have no body
        yield "response_body", bool(found.command_status) or len(octets) > HEADER_OCTETS
    if isinstance(found, pdu.DeliverSmResp):
        yield "deliver_message_id", found.message_id == ""


# --- addresses and flags --------------------------------------------------------------------------


def _addresses(found: Pdu) -> Iterator[Verdict]:
    for row in (found, *getattr(found, "dest_address", ())):
        for numbering, written in ADDRESSES:
            ton, npi = (
                getattr(row, f"{numbering}_ton", None),
                getattr(row, f"{numbering}_npi", None),
            )
            if ton is None or npi is None:
                continue
            address = getattr(row, written)
            yield from _address(ton, npi, address)
            if written == "destination_addr" and found.command_id in WITH_TEXT:
                yield "destination", address != ""


def _address(ton: int, npi: int, address: str) -> Iterator[Verdict]:
    yield "ton", ton in Ton._value2member_map_
    yield "npi", npi in Npi._value2member_map_
    if ton == Ton.ALPHANUMERIC:
        yield "alphanumeric_npi", npi == Npi.UNKNOWN
    elif address:
        digits = address.removeprefix("+")
        yield "plus_sign", digits == address or not digits.isdecimal()
        if ton in NUMBER_TONS or npi == Npi.ISDN:
            yield "number_digits", digits.isascii() and digits.isdecimal()


def _flags(found: Pdu, version: int) -> Iterator[Verdict]:
    """Every field that has reserved values, where the command has it."""
    is_5_0 = version >= VERSION_5_0
    for name, (rule, is_kept) in FLAGS.items():
        value = getattr(found, name, None)
        if value is not None:
            yield rule, is_kept(value, is_5_0)


def _is_time(written: str) -> bool:
    if not written:
        return True
    try:
        times.read(written, SOME_MOMENT)
    except TimeError:
        return False
    return len(written) == TIME_CHARACTERS


def _is_assigned(data_coding: int) -> bool:
    """Section 5.2.19; the groups of GSM begin at 0xC0."""
    return data_coding >= 0xC0 or (data_coding <= 0x0E and data_coding not in (0x0B, 0x0C))


def _is_registered_delivery(value: int, is_5_0: bool) -> bool:
    return value < 0x20 and (is_5_0 or value & 0x03 != 0x03)


# By field: its rule, and whether a value is no reserved one, in 5.0 and before.
FLAGS: dict[str, tuple[str, Callable[[Any, bool], bool]]] = {
    "service_type": ("service_type", lambda value, is_5_0: value in SERVICE_TYPES),
    "esm_class": ("esm_class", lambda value, is_5_0: value & ESM_CLASS_TYPE in ESM_CLASS_TYPES),
    "priority_flag": ("priority_flag", lambda value, is_5_0: value <= (4 if is_5_0 else 3)),
    "registered_delivery": ("registered_delivery", _is_registered_delivery),
    "replace_if_present_flag": ("replace_if_present", lambda value, is_5_0: value <= 1),
    "schedule_delivery_time": ("time_format", lambda value, is_5_0: _is_time(value)),
    "validity_period": ("time_format", lambda value, is_5_0: _is_time(value)),
    "data_coding": ("data_coding", lambda value, is_5_0: _is_assigned(value)),
}


# --- the text -------------------------------------------------------------------------------------


def _content(found: Any, version: int) -> Iterator[Verdict]:
    short = getattr(found, "short_message", b"")  # data_sm has none
    payload = found.tlv(tlv.MESSAGE_PAYLOAD)
    if found.command_id in SUBMISSIONS:
        yield "sm_length", len(short) <= SM_LENGTH_MAX or version >= VERSION_5_0
        yield "text_once", not (short and payload is not None)
    octets = body = short or payload or b""
    if found.esm_class & EsmClass.UDHI:
        try:
            elements, body = read_header(octets)
        except SegmentError:
            yield "udh_readable", False
            return
        yield "udh_readable", True
        is_numbered = any(isinstance(element, Concatenation) for element in elements)
        is_sar = any(tag in SAR for tag, _ in found.tlvs)
        if is_numbered or is_sar:
            yield "numbered_once", not (is_numbered and is_sar)
    elif octets:
        is_header = octets.startswith(HEADS)
        yield "udh_flagged", not is_header
        body = b"" if is_header else octets
    yield from _text(body, found.data_coding)


def _text(octets: bytes, data_coding: int) -> Iterator[Verdict]:
    """Parts of a text are judged like a whole one: none may end within a character."""
    if not octets or text.alphabet_of(data_coding) is Alphabet.OCTETS:
        return
    try:
        text.decode(octets, data_coding)
    except TextError:
        yield "text_in_alphabet", False
    else:
        yield "text_in_alphabet", True


# --- TLVs -----------------------------------------------------------------------------------------


def _tlvs(found: Pdu, version: int) -> Iterator[Verdict]:
    repeated = Counter(tag for tag, _ in found.tlvs)
    for tag, octets in found.tlvs:
        kind = tlv.BY_TAG.get(tag)
        yield "tlv_version", version >= VERSION_3_4
        yield "tlv_known", kind is not None or tag in VENDOR_TAGS
        yield "tlv_once", repeated[tag] == 1 or tag in REPEATABLE
        if kind is not None:
            yield "tlv_length", kind.octets_min <= len(octets) <= kind.octets_max
            yield "tlv_place", _belongs(tag, found.command_id)


def _belongs(tag: int, command: CommandId) -> bool:
    if command & RESPONSE_BIT:
        return command in WITH_MESSAGE_ID and tag in OF_RESPONSES
    if tag in OF_RESPONSES | OF_THE_SMSC:
        return False
    if command in BROADCASTS:
        return True
    if tag in BROADCAST_TAGS:
        return False
    if command == CommandId.DATA_SM:
        return True
    return command in SUBMISSIONS and tag not in OF_DATA_SM
