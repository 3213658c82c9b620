from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import receipt, tlv
from smpp.pdu import DataSm, DeliverSm
from smpp.receipt import DeliveryReceipt
from smpp.values import EsmClass, MessageState

RECEIPT = EsmClass.DELIVERY_RECEIPT
STANDARD = (
    "id:a1B2 sub:001 dlvrd:001 submit date:2401311200 done date:2401311201"
    " stat:DELIVRD err:000 text:hello"
)
NOON = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)


def read(text: str) -> DeliveryReceipt:
    return receipt.read(DeliverSm(short_message=text.encode("latin-1"), esm_class=RECEIPT))


def test_the_text_of_appendix_b() -> None:
    assert read(STANDARD) == DeliveryReceipt(
        message_id="a1B2",
        state=MessageState.DELIVERED,
        error="000",
        submitted=1,
        delivered=1,
        submit_date=NOON,
        done_date=NOON + timedelta(minutes=1),
        text="hello",
    )


@pytest.mark.parametrize(
    ("text", "message_id", "state"),
    [
        ("id:1 stat:DELIVRD", "1", MessageState.DELIVERED),  # J#1050: no sub, no dlvrd
        ("ID:1 Stat:delivrd ERR:0", "1", MessageState.DELIVERED),
        ("stat:UNDELIV err:1 id:0e999f21-77 sub:1", "0e999f21-77", MessageState.UNDELIVERABLE),
        ("id: 0913121205 stat: EXPIRED", "0913121205", MessageState.EXPIRED),
        ("id:SAR-1-2-1 stat:ACCEPTED", "SAR-1-2-1", MessageState.ACCEPTED),
        ("id:1 stat:NOVEL", "1", None),
        ("text:id lost stat:REJECTD id:1", "1", MessageState.REJECTED),
        ("id:1 stat:DELIVRD text:stat:UNDELIV id:2", "1", MessageState.DELIVERED),
        ("id:1\nstat:DELETED\n", "1", MessageState.DELETED),
        ("id:1 submit_date:2401311200 stat:ENROUTE", "1", MessageState.ENROUTE),
        ("hello", None, None),
        ("", None, None),
        ("id: stat:", None, None),
        ("grid:7 mystat:DELIVRD", None, None),
    ],
)
def test_vendors_write_it_their_way(
    text: str, message_id: str | None, state: MessageState | None
) -> None:
    found = read(text)
    assert (found.message_id, found.state) == (message_id, state)


REAL = [  # as published by those who met them, and what they mean: id, state, err, done date
    # jsmpp 62: no sub, no dlvrd
    (
        "id:1526758174 submit date:1701240904 done date:1701240904 stat:DELIVRD err:000"
        " text:hellow",
        ("1526758174", "DELIVERED", "000", "1701240904"),
    ),
    # php-smpp 70: an escape in the text, four digits of err
    (
        "id:117062714244798261 sub:001 dlvrd:001 submit date:1706271624 done date:1706271624"
        " stat:DELIVRD err:0000 text:H\x1bello world",
        ("117062714244798261", "DELIVERED", "0000", "1706271624"),
    ),
    # smpplib 90
    (
        "id:6C7C7DE28BB3E961947700000000FE37 sub:001 dlvrd:000 submit date:1907311208"
        " done date:1907311208 stat:UNDELIV err:001 text:Ceci est un tet.",
        ("6C7C7DE28BB3E961947700000000FE37", "UNDELIVERABLE", "001", "1907311208"),
    ),
    # uudashr/jsmpp 67: nothing behind err
    (
        "id:0654354026 submit date:2302101454 done date:2302101454 stat:DELIVRD err:000",
        ("0654354026", "DELIVERED", "000", "2302101454"),
    ),
    # smppex 46: SMPP's own absolute times
    (
        "id:rdwjwxns18krxr9936ey96ymcw sub:000 dlvrd:000 submit date:180711070003912+"
        " done date:180711070000012+ stat:UNDELIV err:000",
        ("rdwjwxns18krxr9936ey96ymcw", "UNDELIVERABLE", "000", "180711070000012+"),
    ),
    # jasmin 70, Clickatell: seconds, and an empty text
    (
        "id:a29f6845555647139e5c8f3b817f2c9a sub:001 dlvrd:001 submit date:141023215253"
        " done date:141023215259 stat:DELIVRD err:000 text:",
        ("a29f6845555647139e5c8f3b817f2c9a", "DELIVERED", "000", "141023215259"),
    ),
    # Nexmo
    (
        "id:0000000012345678 sub:001 dlvrd:001 submit date:1601010100 done date:1601010101"
        " stat:DELIVRD err:000 text:none",
        ("0000000012345678", "DELIVERED", "000", "1601010101"),
    ),
    # an SMSC that names the reason in the text
    (
        "id:0911897980 sub:001 dlvrd:000 submit date:1201121551 done date:1201121551"
        " stat:UNDELIV err:075 text:-PROFILE",
        ("0911897980", "UNDELIVERABLE", "075", "1201121551"),
    ),
    # jasmin 124: a NUL at the end
    (
        "id:0000436949 submit date:1504211508 done date:1504211508 stat:DELIVRD err:000\0",
        ("0000436949", "DELIVERED", "000", "1504211508"),
    ),
    # VipNet: more fields than the specification knows
    (
        "id:40072910491419819 sub:001 dlvrd:001 submit date:1007291049 done date:1007291049"
        " stat:UNDELIV err:001 IMSI: MSC: ORN:VipNet MCCMNC:",
        ("40072910491419819", "UNDELIVERABLE", "001", "1007291049"),
    ),
    # an SMSC in Kenya: commas in the text
    (
        "id:0966279342 sub:001 dlvrd:001 submit date:1303060704 done date:1303060705"
        " stat:UNDELIV err:000 text:INSO ALERT, 1000, Da",
        ("0966279342", "UNDELIVERABLE", "000", "1303060705"),
    ),
    # one digit of dlvrd and err, and "Dlvrd"
    (
        "id:1235 sub:001 Dlvrd:1 submit date:2107081716 done date:2210131801 stat:DELIVRD err:0"
        " text:aha",
        ("1235", "DELIVERED", "0", "2210131801"),
    ),
    # lines instead of spaces
    (
        "id:12469 sub:001 dlvrd:001\nsubmit date:2605090348 done date:2605090348\nstat:DELIVRD"
        " err:0\ntext:American Express: AI",
        ("12469", "DELIVERED", "0", "2605090348"),
    ),
    # no id at all: it came in the TLV
    (
        "sub:001 dlvrd:001 submit date:2407190905 done date:2407191705 stat:UNDELIV err:000"
        " text:dlink/veri",
        (None, "UNDELIVERABLE", "000", "2407191705"),
    ),
    # an id that is empty
    (
        "id: sub:001 dlvrd:000 submit date:2401010000 done date:2401010001 stat:UNDELIV err:001"
        " text:failed",
        (None, "UNDELIVERABLE", "001", "2401010001"),
    ),
]


@pytest.mark.parametrize(("text", "meaning"), REAL)
def test_receipts_from_the_field(text: str, meaning: tuple[str | None, ...]) -> None:
    found = read(text)
    state = found.state and found.state.name
    assert (found.message_id, state, found.error, found.done_date_as_written) == meaning
    assert found.done_date is not None


@pytest.mark.parametrize("text", [text for text, _ in REAL])
def test_a_text_decides_only_where_the_profile_lets_it(text: str) -> None:
    pdu = DeliverSm(short_message=text.encode("latin-1"))
    assert not receipt.is_receipt(pdu)
    assert receipt.is_receipt(pdu, by_text=True) == text.startswith("id:")


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "my id: 4711, stat: fine",
        "id:4711",
        "id:4711 stat:DELIVRD",  # neither count nor date: a person might
        "id:4711 stat:fine sub:way",
        "The receipt said id:1 sub:001 dlvrd:001 stat:DELIVRD",
        "stat:DELIVRD id:1 sub:001",
    ],
)
def test_what_a_person_writes_is_no_receipt(text: str) -> None:
    assert not receipt.is_receipt(DeliverSm(short_message=text.encode()), by_text=True)


@pytest.mark.parametrize(("esm_class", "expected"), [(0x20, True), (0x04, False), (0x00, False)])
def test_a_notification_on_the_way_is_told_apart(esm_class: int, expected: bool) -> None:
    assert receipt.is_intermediate(DeliverSm(esm_class=esm_class)) is expected


@pytest.mark.parametrize("separator", [",", ";", "|", ", ", "\t", "\r\n"])
def test_fields_may_be_parted_otherwise(separator: str) -> None:
    fields = ("id:1", "sub:001", "dlvrd:001", "done date:2401311201", "status:DELIVRD", "error:7")
    found = read(separator.join(fields))
    assert (found.message_id, found.state, found.error) == ("1", MessageState.DELIVERED, "7")
    assert found.done_date == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("text", ["hi: you", "12:30 at mine", "", " text:x", "stat:DELIVRD id:9"])
def test_the_quoted_text_may_hold_anything(text: str) -> None:
    found = read(f"id:1 stat:EXPIRED err:AB-1 text:{text}")
    assert (found.message_id, found.state, found.error, found.text) == (
        "1",
        MessageState.EXPIRED,
        "AB-1",
        text,
    )


@pytest.mark.parametrize(
    ("digits", "date"),
    [
        ("2401311200", NOON),
        ("24013112007", NOON),
        ("240131120005", NOON + timedelta(seconds=5)),
        ("202401311200", NOON),
        ("2401311200057", NOON + timedelta(seconds=5)),
        ("20240131120005", NOON + timedelta(seconds=5)),
        ("240131120005700+", NOON + timedelta(seconds=5)),
        ("0000000000", None),
        ("9999999999", None),
        ("240131", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_of_10_to_14_digits(digits: str, date: datetime | None) -> None:
    assert read(f"id:1 done date:{digits} stat:DELIVRD").done_date == date


def test_the_zone_of_the_dates_is_the_connectors() -> None:
    zone = timezone(timedelta(hours=3))
    pdu = DeliverSm(short_message=STANDARD.encode(), esm_class=RECEIPT)
    assert receipt.read(pdu, zone).submit_date == NOON.replace(tzinfo=zone)


def test_tlvs_win_over_the_text() -> None:
    pdu = DeliverSm(
        short_message=STANDARD.encode(),
        tlvs=(
            tlv.RECEIPTED_MESSAGE_ID.make("from-tlv"),
            tlv.MESSAGE_STATE.make(MessageState.REJECTED),
            tlv.NETWORK_ERROR_CODE.make(b"\3\0\1"),
        ),
    )
    found = receipt.read(pdu)
    assert (found.message_id, found.state) == ("from-tlv", MessageState.REJECTED)
    assert (found.network_error_code, found.error) == (b"\3\0\1", "000")


def test_an_unknown_state_in_the_tlv_is_no_state() -> None:
    assert receipt.read(DeliverSm(tlvs=(tlv.MESSAGE_STATE.make(77),))).state is None


def test_a_text_in_ucs2_and_in_the_payload() -> None:
    ucs2 = DeliverSm(short_message=STANDARD.encode("utf-16-be"), data_coding=8, esm_class=RECEIPT)
    payload = DataSm(tlvs=(tlv.MESSAGE_PAYLOAD.make(STANDARD.encode()),), esm_class=RECEIPT)
    assert receipt.read(ucs2) == receipt.read(payload) == read(STANDARD)


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (DeliverSm(esm_class=0x04), True),
        (DeliverSm(esm_class=0x44), True),
        (DeliverSm(esm_class=0x20), True),  # an intermediate notification
        (DeliverSm(tlvs=(tlv.RECEIPTED_MESSAGE_ID.make("1"),)), True),
        (DataSm(tlvs=(tlv.MESSAGE_STATE.make(2),)), True),
        (DeliverSm(), False),
        (DeliverSm(short_message=STANDARD.encode()), False),  # text alone decides nothing
        (DeliverSm(esm_class=0x08), False),  # a handset's acknowledgement
        (DeliverSm(esm_class=0x40), False),
    ],
)
def test_esm_class_and_tlvs_decide_what_is_a_receipt(
    pdu: DeliverSm | DataSm, expected: bool
) -> None:
    assert receipt.is_receipt(pdu) is expected


ids = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
minutes = st.integers(0, 10_000_000).map(lambda past: NOON - timedelta(minutes=past))


@given(
    st.builds(
        DeliveryReceipt,
        message_id=ids.filter(lambda text: ":" not in text),
        state=st.sampled_from(MessageState),
        error=st.sampled_from(["000", "AB1"]),
        submitted=st.integers(0, 999),
        delivered=st.integers(0, 999),
        submit_date=minutes,
        done_date=minutes,
        text=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    )
)
def test_what_we_write_we_read(written: DeliveryReceipt) -> None:
    assert read(receipt.write(written)) == written


def test_an_empty_receipt_is_written_in_full_form() -> None:
    assert receipt.write(DeliveryReceipt()) == (
        "id: sub:000 dlvrd:000 submit date:0000000000 done date:0000000000"
        " stat:UNKNOWN err:000 text:"
    )


def test_the_tlvs_say_the_same() -> None:
    written = DeliveryReceipt(
        message_id="a1", state=MessageState.EXPIRED, network_error_code=b"\3\0\1"
    )
    assert receipt.read(DeliverSm(tlvs=receipt.tlvs(written))) == written
    assert receipt.tlvs(DeliveryReceipt()) == ()


@given(st.binary(max_size=254), st.integers(0, 255), st.integers(0, 255))
def test_any_octets_are_some_receipt(octets: bytes, esm_class: int, data_coding: int) -> None:
    pdu = DeliverSm(short_message=octets, esm_class=esm_class, data_coding=data_coding)
    assert isinstance(receipt.read(pdu), DeliveryReceipt)
