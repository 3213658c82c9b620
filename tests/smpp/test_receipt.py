import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import receipt, tlv
from smpp.pdu import DataSm, DeliverSm
from smpp.receipt import DeliveryReceipt
from smpp.values import EsmClass, MessageState
from tests.smpp.receipts import MET, Met

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


@pytest.mark.parametrize("met", MET, ids=lambda met: met.where)
def test_receipts_from_the_field(met: Met) -> None:
    found = read(met.text)
    assert (
        found.message_id,
        found.state and found.state.name,
        found.error,
        found.done_date_as_written,
        found.done_date,
    ) == (
        met.message_id,
        met.state,
        met.error,
        met.done,
        met.moment and datetime.fromisoformat(met.moment).replace(tzinfo=UTC),
    )


@pytest.mark.parametrize("met", MET, ids=lambda met: met.where)
def test_a_text_decides_only_where_the_profile_lets_it(met: Met) -> None:
    pdu = DeliverSm(short_message=met.text.encode("latin-1"))
    reads_so = met.text.lower().startswith("id:") and met.state is not None
    assert not receipt.is_receipt(pdu)
    assert receipt.is_receipt(pdu, by_text=True) is reads_so


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


@pytest.mark.parametrize(("text", "state"), [("", None), (STANDARD, MessageState.DELIVERED)])
def test_a_state_that_no_specification_knows_leaves_it_to_the_text(
    text: str, state: MessageState | None
) -> None:
    pdu = DeliverSm(short_message=text.encode(), tlvs=(tlv.MESSAGE_STATE.make(77),))
    assert receipt.read(pdu).state is state


def test_a_text_in_ucs2_and_in_the_payload() -> None:
    ucs2 = DeliverSm(short_message=STANDARD.encode("utf-16-be"), data_coding=8, esm_class=RECEIPT)
    payload = DataSm(tlvs=(tlv.MESSAGE_PAYLOAD.make(STANDARD.encode()),), esm_class=RECEIPT)
    assert receipt.read(ucs2) == receipt.read(payload) == read(STANDARD)


def test_the_text_is_ascii_under_the_data_coding_of_the_message_reported_on() -> None:
    pdu = DeliverSm(short_message=STANDARD.encode(), data_coding=8, esm_class=RECEIPT)
    assert receipt.read(pdu) == read(STANDARD)


@pytest.mark.parametrize("pattern", [receipt.USUAL, receipt.KEY, receipt.WORD])
def test_no_group_repeats_so_no_text_takes_longer_than_its_length(pattern: re.Pattern[str]) -> None:
    assert re.search(r"\)[*+{]", pattern.pattern) is None


@pytest.mark.parametrize("piece", ["id:", " id:", "id:1 sub:0 ", "text: ", " ", "\0"])
def test_a_payload_of_100_kilobytes_is_read_to_its_end(piece: str) -> None:
    hostile = piece * (100_000 // len(piece))
    assert read(f"{hostile} stat:DELIVRD").state in (MessageState.DELIVERED, None)


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


PIECES = ["id:", "stat:", "text:", "done date:", "DELIVRD", "2401311200", " ", ",", "\0", "é"]


@given(
    st.lists(st.sampled_from(PIECES)).map(lambda pieces: "".join(pieces).encode("latin-1"))
    | st.binary(max_size=254),
    st.integers(0, 255),
    st.integers(0, 255),
)
def test_any_octets_are_some_receipt(octets: bytes, esm_class: int, data_coding: int) -> None:
    pdu = DeliverSm(short_message=octets, esm_class=esm_class, data_coding=data_coding)
    assert isinstance(receipt.read(pdu), DeliveryReceipt)


def test_without_an_id_the_quoted_text_gives_none() -> None:
    found = read("sub:001 dlvrd:001 stat:DELIVRD err:000 text:re id:5 hi")
    assert (found.message_id, found.text) == (None, "re id:5 hi")
