import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.inspection.explanation import explain, printable, summarize
from smpp.pdu import (
    RECORDS,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    EnquireLink,
    Outbind,
    Pdu,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnsuccessSme,
)
from smpp.text import Alphabet
from smpp.values import CommandId, CommandStatus, EsmClass
from smpp.wire import HEADER, encode
from tests.smpp.records import pdus

RECEIPT = (
    b"id:a1 sub:001 dlvrd:001 submit date:2401311200 done date:2401311201"
    b" stat:DELIVRD err:000 text:"
)


def rows(pdu: Pdu) -> dict[str, str]:
    return dict(explain(encode(pdu)).rows)


def whole(command_id: int, body: bytes) -> bytes:
    return HEADER.pack(16 + len(body), command_id, 0, 5) + body


def test_the_header_comes_first_and_a_status_in_words() -> None:
    refused = SubmitSmResp(sequence_number=2, command_status=CommandStatus.ESME_RTHROTTLED)
    assert str(explain(encode(refused))).splitlines()[:5] == [
        "submit_sm_resp 2 ESME_RTHROTTLED",
        "  command_length   16",
        "  command_id       0x80000004 submit_sm_resp",
        "  command_status   0x00000058 ESME_RTHROTTLED: the ESME sends too fast",
        "  sequence_number  2",
    ]


def test_fields_come_in_wire_order_with_the_names_of_their_values() -> None:
    pdu = SubmitSm(source_addr_ton=5, source_addr="us", esm_class=3, registered_delivery=1)
    names = list(rows(pdu))
    assert names.index("source_addr_ton") < names.index("source_addr") < names.index("data_coding")
    assert {
        "source_addr_ton": "5 ALPHANUMERIC",
        "source_addr": '"us"',
        "esm_class": "0x03 STORE_AND_FORWARD",
        "registered_delivery": "0x01 RECEIPT",
        "data_coding": "0x00 SMSC_DEFAULT: GSM 7-bit",
        "short_message": "0 octets",
    }.items() <= rows(pdu).items()


@pytest.mark.parametrize(
    ("pdu", "name", "told"),
    [
        (SubmitSm(short_message=b"\x1b\x28\x00"), "text", '"{@"'),
        (SubmitSm(short_message=b"\x04\x1f", data_coding=8), "text", '"П"'),
        (SubmitSm(short_message=b"a\x0d\x0ab"), "text", r'"a\r\nb"'),
        (DataSm(tlvs=(tlv.MESSAGE_PAYLOAD.make(b"hello"),)), "text", '"hello"'),
        (SubmitSm(short_message=b"a", data_coding=4), "short_message", "1 octet: 61"),
        (
            SubmitMulti(dest_address=(SmeAddress(dest_addr_ton=1, destination_addr="491"),)),
            "dest_address",
            'dest_addr_ton 1 INTERNATIONAL, dest_addr_npi 0 UNKNOWN, destination_addr "491"',
        ),
        (SubmitMulti(), "dest_address", "none"),
    ],
)
def test_a_message_is_told_with_its_text(pdu: Pdu, name: str, told: str) -> None:
    assert rows(pdu)[name] == told


def test_octets_that_are_no_text_have_none() -> None:
    assert "text" not in rows(SubmitSm(short_message=b"a", data_coding=4))
    assert "text" not in rows(SubmitSm())


def test_what_the_smsc_means_by_data_coding_0_is_asked() -> None:
    octets = encode(DeliverSm(short_message=b"\xe9"))
    assert dict(explain(octets, default=Alphabet.LATIN1).rows)["text"] == '"é"'
    [fault] = explain(octets).faults
    assert fault.startswith("short_message: ")
    assert "GSM 7-bit" in fault


@pytest.mark.parametrize(
    ("row", "name", "told"),
    [
        (tlv.MESSAGE_STATE.make(2), "tlv message_state", "2 DELIVERED"),
        (tlv.RECEIPTED_MESSAGE_ID.make("a1"), "tlv receipted_message_id", '"a1"'),
        (tlv.NETWORK_ERROR_CODE.make(b"\3\0\x22"), "tlv network_error_code", "GSM error 34"),
        ((tlv.NETWORK_ERROR_CODE.tag, b"\3"), "tlv network_error_code", "1 octet: 03"),
        ((tlv.MESSAGE_STATE.tag, b""), "tlv message_state", "empty"),
        ((tlv.DPF_RESULT.tag, bytes(9)), "tlv dpf_result", f"no integer, 9 octets: {'00' * 9}"),
        ((0x1402, b"\x0a\xff"), "tlv 0x1402", "no name, 2 octets: 0aff"),
        ((0x1402, bytes(300)), "tlv 0x1402", f"no name, 300 octets: {'00' * 256} ..."),
    ],
)  # fmt: skip
def test_a_tlv_has_its_name_and_its_typed_value(row: tlv.RawTlv, name: str, told: str) -> None:
    assert rows(DataSm(tlvs=(row,), data_coding=4))[name] == told


def test_a_user_data_header_is_told_element_by_element() -> None:
    header = b"\x0e\5\4\x0b\x84\x23\xf0\0\3\x4a\3\2\x7f\1\xaa"
    told = rows(SubmitSm(esm_class=EsmClass.UDHI, short_message=header + b"hi"))
    assert told["udh ports"] == "from 9200 to 2948"
    assert told["udh concatenation"] == "part 2 of 3, reference 0x4A"
    assert told["udh SIM toolkit security"] == "1 octet: aa"
    assert told["part"] == "2 of 3"
    assert told["text"] == '"hi"'


def test_a_text_is_read_by_the_tables_that_its_header_names() -> None:
    turkish = SubmitSm(esm_class=EsmClass.UDHI, short_message=b"\6\x24\1\1\x25\1\1\4\x1b\x53")
    assert rows(turkish)["text"] == '"€Ş"'


def test_a_part_numbered_by_tlvs_is_told_too() -> None:
    sar = (
        tlv.SAR_MSG_REF_NUM.make(7),
        tlv.SAR_TOTAL_SEGMENTS.make(3),
        tlv.SAR_SEGMENT_SEQNUM.make(2),
    )
    assert rows(DeliverSm(tlvs=sar))["part"] == "2 of 3"


def test_a_receipt_is_told_field_by_field() -> None:
    told = rows(DeliverSm(esm_class=4, short_message=RECEIPT + b"hi"))
    assert told["receipt message_id"] == '"a1"'
    assert told["receipt state"] == "DELIVERED"
    assert told["receipt done_date"] == "2024-01-31 12:01:00+00:00"
    assert told["receipt error"] == '"000"'


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        (b"", "0 octets are no header"),
        (bytes(15), "15 octets are no header"),
        (whole(0x15, b"")[:-4] + bytes(8), "command_length: 16 announced, 20 octets are here"),
        (whole(4, b"\0\1")[:17], "command_length: 18 announced, 17 octets are here"),
        (whole(0x7777, b""), "command_id: nothing has the number 0x00007777"),
        (whole(4, b"\0\1\1us"), "source_addr: ends early or is too long"),
        (whole(4, b"toolong\0"), "service_type: ends early or is too long"),
        (whole(0x21, b"\0\1\1us\0\1\3"), "dest_address: has an unknown flag"),
        (encode(DeliverSm(unread=b"abc")), "tlvs: the last 3 octets are no whole TLV"),
        (
            encode(DeliverSm(esm_class=0x40)),
            "short_message: the user data header is longer than the message",
        ),
        (
            encode(DeliverSm(esm_class=0x40, short_message=b"\2\0\7a")),
            "short_message: an element is longer than the user data header",
        ),
        (encode(DeliverSm(data_coding=8, short_message=b"abc")), "short_message: no utf-16-be"),
    ],
)
def test_what_is_broken_is_said_in_one_sentence(octets: bytes, fault: str) -> None:
    [told] = explain(octets).faults
    assert told.startswith(fault)
    assert f"broken: {told}" in str(explain(octets))
    assert f"broken: {told}" in summarize(octets)


def test_the_fields_before_the_broken_one_are_told() -> None:
    told = dict(explain(whole(4, b"wap\0\1\1us")).rows)
    assert (told["service_type"], told["source_addr_npi"]) == ('"wap"', "1 ISDN")
    assert "source_addr" not in told
    assert told["body"] == "8 octets: 7761700001017573"


@pytest.mark.parametrize("record", [BindTransmitter, BindReceiver, BindTransceiver, Outbind])
@pytest.mark.parametrize("cut", [0, 1])
def test_a_password_is_shown_only_when_asked_for(record: type[Outbind], cut: int) -> None:
    octets = encode(record(system_id="us", password="canary"))
    octets = octets[: len(octets) - cut]
    for told in (str(explain(octets)), summarize(octets)):
        assert "canary" not in told
        assert b"canary".hex() not in told
    shown = str(explain(octets, shows_secrets=True))
    assert "canary" in shown or b"canary".hex() in shown


def test_a_password_that_is_too_long_is_no_less_secret() -> None:
    octets = whole(CommandId.BIND_TRANSCEIVER, b"us\0" + b"canary-canary\0")
    assert explain(octets).faults == ("password: ends early or is too long (ESME_RINVPASWD)",)
    assert b"canary".hex() not in str(explain(octets))
    assert b"canary".hex() in str(explain(octets, shows_secrets=True))


@pytest.mark.parametrize(
    ("pdu", "line"),
    [
        (EnquireLink(sequence_number=7), "enquire_link 7"),
        (BindReceiver(sequence_number=1, system_id="us"), 'bind_receiver 1, system_id "us"'),
        (
            SubmitSm(source_addr="us", destination_addr="491", short_message=b"hi"),
            'submit_sm 0, "us" > "491", "hi"',
        ),
        (
            SubmitSmResp(sequence_number=2, message_id="a1"),
            'submit_sm_resp 2 ESME_ROK, message_id "a1"',
        ),
        (
            DeliverSm(sequence_number=3, esm_class=4, short_message=RECEIPT),
            'deliver_sm 3, "" > "", receipt "a1" DELIVERED',
        ),
        (
            SubmitSm(esm_class=0x40, short_message=b"\5\0\3\x4a\3\2" + b"x" * 99),
            f'submit_sm 0, "" > "", part 2 of 3, "{"x" * 59}..."',
        ),
    ],
)  # fmt: skip
def test_one_line_says_who_says_what_to_whom(pdu: Pdu, line: str) -> None:
    assert summarize(encode(pdu)) == line


@given(pdus)
def test_every_record_is_told_with_all_its_fields(pdu: Pdu) -> None:
    told = explain(encode(pdu))
    assert RECORDS[pdu.command_id].command_id.name.lower() in told.title
    assert len(told.rows) >= 4 + len(pdu.tlvs)


@given(st.sampled_from([0, 4, 5, 9, 0x21, 0x103, 0x8000_0004]), st.binary(max_size=120))
def test_nothing_off_the_wire_reaches_the_terminal_unescaped(command: int, body: bytes) -> None:
    for octets in (body, whole(command, body)):
        told = str(explain(octets, shows_secrets=True)) + summarize(octets)
        assert all(character.isprintable() or character == "\n" for character in told)
        assert "\n" not in summarize(octets)


def test_escapes_and_quotes_cannot_be_feigned() -> None:
    assert rows(SubmitSm(source_addr='a" > "b'))["source_addr"] == r'"a\" > \"b"'
    assert printable("\x1b[31m\u202e\ud83d \\x1b é") == r"\x1b[31m\u202e\ud83d \\x1b é"


def test_a_refused_destination_is_told_with_its_status() -> None:
    refused = UnsuccessSme(destination_addr="491", error_status_code=CommandStatus.ESME_RINVDSTADR)
    told = rows(SubmitMultiResp(message_id="a1", unsuccess_sme=(refused,)))
    assert told["unsuccess_sme"].endswith('"491", error_status_code ESME_RINVDSTADR')
