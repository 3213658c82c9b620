"""The compiled codec against a slow walker of the layout, and against hostile octets."""

import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smpp import tlv
from smpp.errors import EncodeError, PduError
from smpp.fields import CString, Int, Item, List, Octets, Status, is_count
from smpp.layout import LAYOUTS
from smpp.pdu import (
    BindTransceiver,
    BindTransceiverResp,
    BroadcastSm,
    CancelBroadcastSm,
    DeliverSm,
    DeliverSmResp,
    DistributionList,
    EnquireLink,
    Pdu,
    QueryBroadcastSm,
    QueryBroadcastSmResp,
    QuerySmResp,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnsuccessSme,
)
from smpp.values import RESPONSE_BIT, CommandId, CommandStatus
from smpp.wire import HEADER, decode, encode
from tests.smpp.records import pdus

S, C = CommandStatus, CommandId


def walk_encode(pdu: Pdu) -> bytes:
    """The oracle: one field after the other, as the specification reads."""
    layout = LAYOUTS[pdu.command_id]
    body = walk_fields(pdu, layout.fields)
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


def walk_fields(record: Any, fields: tuple[Any, ...]) -> bytes:
    """The oracle's octets of a body, or of an item in a list."""
    octets = b""
    for field in fields:
        value: Any = None if is_count(field) else getattr(record, field.name)
        if isinstance(field, Int):
            count = len(getattr(record, field.counts)) if field.counts else value
            octets += struct.pack(">B", count)
        elif isinstance(field, Status):
            octets += struct.pack(">I", value)
        elif isinstance(field, CString):
            octets += value.encode("latin-1") + b"\0"
        elif isinstance(field, List):
            for item in value:
                kind = next(kind for kind in field.kinds if kind.record is type(item))
                octets += b"" if kind.flag is None else bytes([kind.flag])
                octets += walk_fields(item, kind.fields)
        else:
            octets += value
    return octets


def walk_decode(octets: bytes) -> dict[str, Any]:
    """The oracle's fields of a well-formed PDU."""
    fields = LAYOUTS[CommandId(HEADER.unpack_from(octets)[1])].fields
    return walk_values(octets, 16, fields)[0]


def walk_values(octets: bytes, at: int, fields: tuple[Any, ...]) -> tuple[dict[str, Any], int]:
    """The oracle's values of a body, or of an item in a list, and the offset after them."""
    values: dict[str, Any] = {}
    for field in fields:
        if isinstance(field, Int):
            values[field.name] = octets[at]
            at += 1
        elif isinstance(field, Status):
            values[field.name] = CommandStatus(struct.unpack_from(">I", octets, at)[0])
            at += 4
        elif isinstance(field, CString):
            end = octets.index(b"\0", at)
            values[field.name] = octets[at:end].decode("latin-1")
            at = end + 1
        elif isinstance(field, Octets):
            count = values.pop(field.length_from)
            values[field.name] = octets[at : at + count]
            at += count
        else:
            items = []
            for _ in range(values.pop(field.length_from)):
                item, at = walk_item(octets, at, field.kinds)
                items.append(item)
            values[field.name] = tuple(items)
    return values, at


def walk_item(octets: bytes, at: int, kinds: tuple[Item, ...]) -> tuple[Any, int]:
    """The oracle's next item of a list, and the offset after it."""
    if kinds[0].flag is not None:
        kinds = tuple(kind for kind in kinds if kind.flag == octets[at])
        at += 1
    values, at = walk_values(octets, at, kinds[0].fields)
    return kinds[0].record(**values), at


@given(pdus)
@example(QuerySmResp(command_status=S.ESME_RQUERYFAIL))
@example(SubmitSmResp(command_status=S.ESME_RTHROTTLED, message_id="kept"))
@example(BindTransceiverResp(command_status=S.ESME_RINVPASWD, unread=b"\0"))
@example(SubmitSm(short_message=bytes(255)))
@example(SubmitMulti(dest_address=(SmeAddress(destination_addr="491"),) * 255))
@example(SubmitMultiResp(command_status=S.ESME_RCNTSUBDL))
@example(SubmitMultiResp(message_id="a", unsuccess_sme=(UnsuccessSme(),) * 255))
def test_decode_gives_back_what_encode_took(pdu: Pdu) -> None:
    assert decode(encode(pdu)) == pdu


@given(pdus)
def test_the_compiled_codec_agrees_with_the_slow_walker(pdu: Pdu) -> None:
    octets = walk_encode(pdu)
    assert encode(pdu) == octets
    if len(octets) > 16:
        walked = walk_decode(octets)
        assert {name: getattr(decode(octets), name) for name in walked} == walked


NO_NUL = b"\1" * 200  # OpenSIPS 3847: a C-octet string that never ends
LONG = b"\0" * 16 + b"\xff" + b"short"  # OpenSIPS 3846: sm_length 255 beyond the PDU


@given(
    st.sampled_from(sorted(LAYOUTS)) | st.integers(0, 0xFFFF_FFFF),
    st.integers(0, 0xFFFF_FFFF),
    st.binary(max_size=200),
)
@example(C.SUBMIT_SM, 0, NO_NUL)
@example(C.BIND_TRANSCEIVER, 0, NO_NUL)
@example(C.SUBMIT_SM_RESP, 0, NO_NUL)
@example(C.SUBMIT_MULTI_RESP, 0, b"\0\xff" + NO_NUL)
@example(C.SUBMIT_SM, 0, LONG)
@example(C.DELIVER_SM, 0, LONG)
@example(C.SUBMIT_MULTI, 0, b"")
@example(C.SUBMIT_MULTI, 0, b"\0\0\0\0\xff")  # number_of_dests 255, and none follows
@example(C.SUBMIT_MULTI_RESP, 0, b"\0\xff")
@example(C.SUBMIT_MULTI, 0, b"\0\0\0\0\1\3")  # a dest_flag nobody knows
def test_any_octets_are_a_pdu_or_a_pdu_error(command_id: int, status: int, body: bytes) -> None:
    header = command_id, status, 7
    found: tuple[int, int, int]
    try:
        pdu = decode(HEADER.pack(16 + len(body), *header) + body)
        found = pdu.command_id, pdu.command_status, pdu.sequence_number
    except PduError as error:
        found = error.command_id, status if error.nack else 0, error.sequence_number
    assert found == header


@given(
    st.sampled_from([command_id for command_id in LAYOUTS if not command_id & RESPONSE_BIT]),
    st.binary(max_size=200) | st.lists(st.sampled_from([0, 1, 2, 65, 255])).map(bytes),
)
@example(C.SUBMIT_MULTI, b"\0\0\0\0\2\2all\0\1\1\x01491" + bytes(11) + b"\6\6\0\0\6\6\0\0\x14")
def test_a_request_that_can_be_read_is_written_back_octet_for_octet(
    command_id: int, body: bytes
) -> None:
    octets = HEADER.pack(16 + len(body), command_id, 0, 7) + body
    try:
        pdu = decode(octets)
    except PduError:
        return
    assert encode(pdu) == octets


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
            SubmitMulti(
                sequence_number=2,
                source_addr="us",
                dest_address=(
                    SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr="491"),
                    DistributionList(dl_name="all"),
                ),
                registered_delivery=1,
                short_message=b"hi",
            ),
            "0000002f 00000021 00000000 00000002 00 0000 757300"
            "02 01 0101 34393100 02 616c6c00 000000 00 00 01000000 02 6869",
        ),
        (
            SubmitMultiResp(
                sequence_number=2,
                message_id="a1",
                unsuccess_sme=(
                    UnsuccessSme(
                        dest_addr_ton=1,
                        dest_addr_npi=1,
                        destination_addr="491",
                        error_status_code=S.ESME_RINVDSTADR,
                    ),
                ),
            ),
            "0000001e 80000021 00000000 00000002 613100 01 0101 34393100 0000000b",
        ),
        (
            BroadcastSm(
                sequence_number=2,
                source_addr="us",
                priority_flag=1,
                data_coding=8,
                tlvs=(
                    tlv.BROADCAST_AREA_IDENTIFIER.make(b"\0north"),
                    tlv.BROADCAST_REP_NUM.make(3),
                ),
            ),
            "0000002d 00000111 00000000 00000002 00 0000 757300 00 01 00 00 00 08 00"
            "0606 0006 006e6f727468 0604 0002 0003",
        ),
        (
            QueryBroadcastSm(sequence_number=2, message_id="a1", source_addr="us"),
            "00000018 00000112 00000000 00000002 613100 0000 757300",
        ),
        (
            QueryBroadcastSmResp(
                sequence_number=2, message_id="a1", tlvs=(tlv.MESSAGE_STATE.make(2),)
            ),
            "00000018 80000112 00000000 00000002 613100 0427 0001 02",
        ),
        (
            CancelBroadcastSm(sequence_number=2, message_id="a1"),
            "00000017 00000113 00000000 00000002 00 613100 0000 00",
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
        (C.SUBMIT_MULTI_RESP, 0x44, b"", "", b""),
        (C.SUBMIT_MULTI_RESP, 0, b"a1\0", "a1", b""),  # without no_unsuccess
        (C.BROADCAST_SM_RESP, 0x10D, b"", "", b""),
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


REFUSED = UnsuccessSme(destination_addr="491", error_status_code=S.ESME_RINVDSTADR)


@pytest.mark.parametrize(
    ("items", "read"),
    [
        (b"\0", ()),
        (b"\2", ()),  # none of those it counts
        (
            b"\x01\x01\x01491",
            (UnsuccessSme(dest_addr_ton=1, dest_addr_npi=1, destination_addr="491"),),
        ),
        (b"\2\0\x00491\0\0\0\0\x0b", (REFUSED,)),
    ],
)
def test_a_short_submit_multi_resp_has_the_refusals_that_are_there(
    items: bytes, read: tuple[UnsuccessSme, ...]
) -> None:
    pdu = response(C.SUBMIT_MULTI_RESP, 0, b"a1\0" + items)
    assert (pdu.message_id, pdu.unsuccess_sme) == ("a1", read)


@pytest.mark.parametrize(
    "command_id", [C.BIND_TRANSMITTER_RESP, C.BIND_RECEIVER_RESP, C.BIND_TRANSCEIVER_RESP]
)
def test_a_bind_resp_of_3_3_may_lack_everything(command_id: CommandId) -> None:
    pdu = response(command_id, 0, b"")
    assert (pdu.system_id, pdu.tlvs, pdu.unread) == ("", (), b"")


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
        (C.SUBMIT_SM, NO_NUL, "service_type", S.ESME_RINVSERTYP),
        (C.QUERY_SM, b"9" * 65 + b"\0", "message_id", S.ESME_RINVMSGID),
        (C.SUBMIT_MULTI, b"", "service_type", S.ESME_RINVSERTYP),
        (C.SUBMIT_MULTI, b"\0\0\0\0", "dest_address", S.ESME_RINVNUMDESTS),
        (C.SUBMIT_MULTI, b"\0\0\0\0\xff", "dest_address", S.ESME_RINVNUMDESTS),
        (C.SUBMIT_MULTI, b"\0\0\0\0\2\2all\0", "dest_address", S.ESME_RINVNUMDESTS),
        (C.SUBMIT_MULTI, b"\0\0\0\0\1\2" + b"a" * 21, "dest_address", S.ESME_RINVNUMDESTS),
        (C.SUBMIT_MULTI, b"\0\0\0\0\1\0all\0", "dest_address", S.ESME_RINVDESTFLAG),
        (C.SUBMIT_MULTI, b"\0\0\0\0\1\3all\0", "dest_address", S.ESME_RINVDESTFLAG),
        (C.SUBMIT_MULTI, b"\0\0\0\0\1\2all\0", "esm_class", S.ESME_RINVCMDLEN),
        (C.BROADCAST_SM, b"\0\0\0\0", "message_id", S.ESME_RINVMSGID),
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
        (b"\0\0\0\7", S.ESME_RINVCMDLEN),  # Osmocom aborted at a command_length below 8
        (HEADER.pack(7, 0x15, 0, 1), S.ESME_RINVCMDLEN),
        (HEADER.pack(17, 0x15, 0, 1), S.ESME_RINVCMDLEN),
        (HEADER.pack(16, 0x15, 0, 1) + b"\0", S.ESME_RINVCMDLEN),
        (HEADER.pack(16, 0x7777, 0, 1), S.ESME_RINVCMDID),
    ],
)
def test_a_broken_header_says_so(octets: bytes, nack: CommandStatus) -> None:
    with pytest.raises(PduError) as caught:
        decode(octets)
    assert caught.value.nack is nack


def test_an_sm_length_255_is_read_when_the_octets_are_there() -> None:
    body = MESSAGE[:-6] + b"\xff" + bytes(255)
    pdu = decode(HEADER.pack(16 + len(body), C.DELIVER_SM, 0, 5) + body)
    assert isinstance(pdu, DeliverSm)
    assert (len(pdu.short_message), encode(pdu)[16:]) == (255, body)


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
        (SubmitSm(source_addr=None), "source_addr"),  # type: ignore[arg-type]
        (SubmitSm(source_addr=b""), "source_addr"),  # type: ignore[arg-type]
        (SubmitSm(source_addr=0), "source_addr"),  # type: ignore[arg-type]
        (SubmitSm(destination_addr="\u20ac"), "destination_addr"),
        (SubmitSm(esm_class=256), "esm_class"),
        (SubmitSm(data_coding=-1), "data_coding"),
        (SubmitSm(short_message=bytes(256)), "short_message"),
        (SubmitSm(short_message="text"), "short_message"),  # type: ignore[arg-type]
        (SubmitSm(sequence_number=1 << 32), "header or tlvs"),
        (SubmitSm(tlvs=((0x1_0000, b""),)), "header or tlvs"),
        (SubmitSm(tlvs=((1, bytes(0x1_0000)),)), "header or tlvs"),
        (BindTransceiver(password="123456789"), "password"),
        (SubmitMulti(dest_address=(SmeAddress(),) * 256), "dest_address"),
        (SubmitMulti(dest_address=(SmeAddress(dest_addr_ton=256),)), "dest_address"),
        (SubmitMulti(dest_address=(DistributionList(dl_name="a" * 21),)), "dest_address"),
        (SubmitMulti(dest_address=(UnsuccessSme(),)), "dest_address"),  # type: ignore[arg-type]
        (SubmitMulti(dest_address=("491",)), "dest_address"),  # type: ignore[arg-type]
        (SubmitMulti(dest_address=None), "dest_address"),  # type: ignore[arg-type]
        (
            SubmitMultiResp(unsuccess_sme=(UnsuccessSme(error_status_code=-1),)),  # type: ignore[arg-type]
            "unsuccess_sme",
        ),
    ],
)
def test_what_the_wire_cannot_carry_is_our_bug_and_names_its_field(pdu: Pdu, field: str) -> None:
    with pytest.raises(EncodeError) as caught:
        encode(pdu)
    assert caught.value.field == field
