"""The compiled codec against a slow walker of the layout, and against hostile octets."""

import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp import tlv
from smpp.errors import EncodeError, PduError
from smpp.fields import CString, Int, is_count
from smpp.layout import LAYOUTS
from smpp.pdu import (
    RECORDS,
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Pdu,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from smpp.values import CommandId, CommandStatus
from smpp.wire import HEADER, decode, encode
from tests.smpp.records import pdus

S, C = CommandStatus, CommandId


def walk_encode(pdu: Pdu) -> bytes:
    """The oracle: one field after the other, as the specification reads."""
    layout = LAYOUTS[pdu.command_id]
    body = b""
    for field in layout.fields:
        if isinstance(field, Int):
            value = len(getattr(pdu, field.counts)) if field.counts else getattr(pdu, field.name)
            body += struct.pack(">B", value)
        elif isinstance(field, CString):
            body += getattr(pdu, field.name).encode("latin-1") + b"\0"
        else:
            body += getattr(pdu, field.name)
    for tag, octets in pdu.tlvs:
        body += struct.pack(">HH", tag, len(octets)) + octets
    body += pdu.unread
    is_bare = not any(
        getattr(pdu, field.name) for field in layout.fields if not is_count(field)
    ) and not (pdu.tlvs or pdu.unread)
    if layout.omitted_on_error and pdu.command_status and is_bare:
        body = b""
    return (
        HEADER.pack(16 + len(body), pdu.command_id, pdu.command_status, pdu.sequence_number) + body
    )


def walk_decode(octets: bytes) -> dict[str, Any]:
    """The oracle's fields of a well-formed request, and the offset after them."""
    values: dict[str, Any] = {}
    at = 16
    for field in LAYOUTS[CommandId(HEADER.unpack_from(octets)[1])].fields:
        if isinstance(field, Int):
            values[field.name] = octets[at]
            at += 1
        elif isinstance(field, CString):
            end = octets.index(b"\0", at)
            values[field.name] = octets[at:end].decode("latin-1")
            at = end + 1
        else:
            count = values.pop(field.length_from)
            values[field.name] = octets[at : at + count]
            at += count
    return values


@given(pdus)
@example(QuerySmResp(command_status=S.ESME_RQUERYFAIL))
@example(SubmitSmResp(command_status=S.ESME_RTHROTTLED, message_id="kept"))
@example(BindTransceiverResp(command_status=S.ESME_RINVPASWD, unread=b"\0"))
def test_decode_gives_back_what_encode_took(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(pdus)
def test_the_compiled_codec_agrees_with_the_slow_walker(pdu: Pdu) -> None:
    octets = walk_encode(pdu)
    assert encode(pdu) == octets
    if len(octets) > 16:
        walked = walk_decode(octets)
        assert {name: getattr(decode(octets), name) for name in walked} == walked


@given(
    st.sampled_from(sorted(LAYOUTS)) | st.integers(0, 0xFFFF_FFFF),
    st.integers(0, 0xFFFF_FFFF),
    st.binary(max_size=200),
)
def test_any_octets_are_a_pdu_or_a_pdu_error(command_id: int, status: int, body: bytes) -> None:
    header = command_id, status, 7
    found: tuple[int, int, int]
    try:
        pdu = decode(HEADER.pack(16 + len(body), *header) + body)
        found = pdu.command_id, pdu.command_status, pdu.sequence_number
    except PduError as error:
        found = error.command_id, status if error.nack else 0, error.sequence_number
    assert found == header


@given(st.binary(max_size=64))
def test_any_octets_at_all_raise_nothing_else(octets: bytes) -> None:
    with pytest.raises(PduError):
        decode(octets + b"\xff")


@pytest.mark.parametrize(
    ("sent", "octets"),
    [
        (EnquireLink(sequence_number=1), "00000010 00000015 00000000 00000001"),
        (
            BindTransceiver(sequence_number=1, system_id="SMPP3TEST", password="secret08"),
            "00000028 00000009 00000000 00000001"
            "534d50503354455354 00 7365637265743038 00 00 34 00 00 00",
        ),
        (
            SubmitSm(
                sequence_number=2,
                source_addr_ton=5,
                source_addr="us",
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr="491",
                registered_delivery=1,
                short_message=b"hi",
                tlvs=(tlv.USER_MESSAGE_REFERENCE.make(7),),
            ),
            "0000002e 00000004 00000000 00000002 00 0500 757300 0101 34393100 000000 00 00"
            "01000000 02 6869 0204 0002 0007",
        ),
        (
            SubmitSmResp(sequence_number=2, command_status=S.ESME_RTHROTTLED),
            "00000010 80000004 00000058 00000002",
        ),
        (
            DeliverSmResp(sequence_number=2, command_status=S.ESME_RX_T_APPN),
            "00000011 80000005 00000064 00000002 00",
        ),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_the_octets_on_the_wire(sent: Pdu, octets: str) -> None:
    assert encode(sent) == bytes.fromhex(octets)
    assert decode(bytes.fromhex(octets)) == sent


def response(command_id: CommandId, status: int, body: bytes) -> Any:
    return decode(HEADER.pack(16 + len(body), command_id, status, 9) + body)


@pytest.mark.parametrize(
    ("command_id", "status", "body", "message_id", "unread"),
    [
        (C.SUBMIT_SM_RESP, 0, b"", "", b""),  # no body although it succeeded
        (C.SUBMIT_SM_RESP, 0x58, b"", "", b""),
        (C.SUBMIT_SM_RESP, 0x58, b"a1\0", "a1", b""),  # a message_id although it failed
        (C.SUBMIT_SM_RESP, 0, b"a1", "a1", b""),  # without its NUL
        (C.SUBMIT_SM_RESP, 0, b"x" * 200 + b"\0", "x" * 200, b""),
        (C.DELIVER_SM_RESP, 0, b"a1\0", "a1", b""),  # unused, says the specification
        (C.DATA_SM_RESP, 0, b"a1\0\x04\x25\x00", "a1", b"\x04\x25\x00"),
    ],
)
def test_a_response_is_read_as_far_as_it_goes(
    command_id: CommandId, status: int, body: bytes, message_id: str, unread: bytes
) -> None:
    pdu = response(command_id, status, body)
    assert (pdu.command_status, pdu.message_id, pdu.unread) == (status, message_id, unread)


def test_a_short_query_sm_resp_reads_the_rest_as_zero() -> None:
    pdu = response(C.QUERY_SM_RESP, 0, b"a1\0\0\2")
    assert (pdu.message_id, pdu.final_date, pdu.message_state, pdu.error_code) == ("a1", "", 2, 0)


MESSAGE = encode(SubmitSm(source_addr="us", destination_addr="491", short_message=b"hello"))[16:]


@pytest.mark.parametrize(
    ("command_id", "body", "field", "nack"),
    [
        (C.SUBMIT_SM, b"", "service_type", S.ESME_RINVSERTYP),
        (C.SUBMIT_SM, b"toolong\0", "service_type", S.ESME_RINVSERTYP),
        (C.SUBMIT_SM, b"\0\1", "source_addr_npi", S.ESME_RINVCMDLEN),
        (C.SUBMIT_SM, b"\0\1\1" + b"9" * 21 + b"\0", "source_addr", S.ESME_RINVSRCADR),
        (C.SUBMIT_SM, b"\0\1\1" + b"9" * 9, "source_addr", S.ESME_RINVSRCADR),
        (C.DELIVER_SM, b"\0\1\1\0\1\1" + b"9" * 21, "destination_addr", S.ESME_RINVDSTADR),
        (C.SUBMIT_SM, MESSAGE[:-1], "short_message", S.ESME_RINVMSGLEN),
        (C.SUBMIT_SM, MESSAGE[:-6] + b"\xff" + b"hello", "short_message", S.ESME_RINVMSGLEN),
        (C.BIND_TRANSCEIVER, b"us\0" + b"p" * 9 + b"\0", "password", S.ESME_RINVPASWD),
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit_names_its_field_and_our_answer(
    command_id: CommandId, body: bytes, field: str, nack: CommandStatus
) -> None:
    with pytest.raises(PduError) as caught:
        decode(HEADER.pack(16 + len(body), command_id, 0, 5) + body)
    error = caught.value
    assert (error.field, error.nack) == (field, nack)
    assert (error.command_id, error.sequence_number) == (command_id, 5)


@pytest.mark.parametrize(
    ("octets", "nack"),
    [
        (b"", S.ESME_RINVCMDLEN),
        (b"\0" * 15, S.ESME_RINVCMDLEN),
        (HEADER.pack(17, 0x15, 0, 1), S.ESME_RINVCMDLEN),
        (HEADER.pack(16, 0x15, 0, 1) + b"\0", S.ESME_RINVCMDLEN),
        (HEADER.pack(16, 0x7777, 0, 1), S.ESME_RINVCMDID),
    ],
)
def test_a_broken_header_says_so(octets: bytes, nack: CommandStatus) -> None:
    with pytest.raises(PduError) as caught:
        decode(octets)
    assert caught.value.nack is nack


def test_an_sm_length_smaller_than_the_text_leaves_it_unread() -> None:
    body = MESSAGE[:-6] + b"\2" + b"hello"
    pdu = decode(HEADER.pack(16 + len(body), C.DELIVER_SM, 0, 5) + body)
    assert isinstance(pdu, DeliverSm)
    assert (pdu.short_message, pdu.unread) == (b"he", b"llo")
    assert encode(pdu)[16:] == body


@pytest.mark.parametrize(
    ("pdu", "field"),
    [
        (SubmitSm(source_addr="9" * 21), "source_addr"),
        (SubmitSm(source_addr="a\0b"), "source_addr"),
        (SubmitSm(destination_addr="\u20ac"), "destination_addr"),
        (SubmitSm(esm_class=256), "esm_class"),
        (SubmitSm(data_coding=-1), "data_coding"),
        (SubmitSm(short_message=bytes(255)), "short_message"),
        (SubmitSm(short_message="text"), "short_message"),  # type: ignore[arg-type]
        (SubmitSm(sequence_number=1 << 32), "header or tlvs"),
        (SubmitSm(tlvs=((0x1_0000, b""),)), "header or tlvs"),
        (SubmitSm(tlvs=((1, bytes(0x1_0000)),)), "header or tlvs"),
        (BindTransceiver(password="123456789"), "password"),
    ],
)
def test_what_the_wire_cannot_carry_is_our_bug_and_names_its_field(pdu: Pdu, field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(pdu)
    assert caught.value.field == field


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(BindTransceiver(system_id="us", password="secret"))


def test_a_tlv_is_read_through_the_record() -> None:
    pdu = DeliverSm(tlvs=(tlv.MESSAGE_STATE.make(2),))
    assert pdu.tlv(tlv.MESSAGE_STATE) == 2
    assert pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) is None


def test_pdus_of_different_commands_are_never_equal() -> None:
    pdus: list[Pdu] = [GenericNack(), EnquireLink(), SubmitSm(), DeliverSm()]
    assert all((one == other) == (one is other) for one in pdus for other in pdus)
    assert RECORDS[C.ALERT_NOTIFICATION] is AlertNotification
