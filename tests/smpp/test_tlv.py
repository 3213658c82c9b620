import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.errors import EncodeError
from smpp.tlv import BY_NAME, BY_TAG, RawTlv, Tlv, read_tlvs, write_tlvs
from tests.smpp.records import raw_tlvs


@given(raw_tlvs)
def test_any_tlvs_come_back_in_order_and_repeated(tlvs: tuple[RawTlv, ...]) -> None:
    assert read_tlvs(write_tlvs(tlvs), 0) == (tlvs, b"")


@given(st.binary(max_size=200))
def test_any_octets_are_tlvs_and_a_rest_that_write_back_the_same(octets: bytes) -> None:
    tlvs, unread = read_tlvs(octets, 0)
    assert write_tlvs(tlvs) + unread == octets


@pytest.mark.parametrize("row", BY_TAG.values(), ids=lambda row: row.name)
def test_a_row_reads_what_it_makes(row: Tlv[int] | Tlv[str] | Tlv[bytes]) -> None:
    value: int | str | bytes
    if row.kind is int:
        value = 1
    elif row.kind is str:
        value = "a" * max(1, row.octets_min - 1)
    else:
        value = bytes(row.octets_min)
    made = row.make(value)  # type: ignore[arg-type]
    assert made[0] == row.tag
    assert row.of((made,)) == value


def test_tags_and_names_are_all_different() -> None:
    rows = [value for value in vars(tlv).values() if isinstance(value, Tlv)]
    assert len(rows) == len(BY_TAG) == len(BY_NAME)


@pytest.mark.parametrize(
    ("row", "octets", "value"),
    [
        (tlv.MESSAGE_STATE, b"\2", 2),
        (tlv.MESSAGE_STATE, b"\0\0\0\2", 2),  # an SMSC that sends four octets
        (tlv.MESSAGE_STATE, b"", None),
        (tlv.RECEIPTED_MESSAGE_ID, b"a1\0", "a1"),
        (tlv.RECEIPTED_MESSAGE_ID, b"a1", "a1"),  # without its NUL
        (tlv.MESSAGE_PAYLOAD, b"\0a\0", b"\0a\0"),
    ],
)
def test_reading_is_liberal(row: Tlv[int], octets: bytes, value: object) -> None:
    assert row.of(((row.tag, octets),)) == value


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (tlv.MESSAGE_STATE, 256),
        (tlv.MESSAGE_STATE, -1),
        (tlv.RECEIPTED_MESSAGE_ID, "x" * 65),
        (tlv.RECEIPTED_MESSAGE_ID, "\u20ac"),
        (tlv.RECEIPTED_MESSAGE_ID, "a\0b"),
        (tlv.NETWORK_ERROR_CODE, b"\3"),
        (tlv.SOURCE_NETWORK_ID, "12345"),
        (tlv.DEST_ADDR_NP_COUNTRY, 1 << 40),
        (tlv.BROADCAST_ERROR_STATUS, 1 << 32),
        (tlv.MS_VALIDITY, bytes(5)),
    ],
)
def test_making_is_strict_and_names_the_tlv(row: Tlv[bytes], value: bytes) -> None:
    with pytest.raises(EncodeError) as caught:
        row.make(value)
    assert caught.value.field == row.name


@pytest.mark.parametrize(
    ("made", "octets"),
    [
        (tlv.DEST_ADDR_NP_COUNTRY.make(1), b"\1"),  # 1 to 5 octets
        (tlv.DEST_ADDR_NP_COUNTRY.make(353), b"\1\x61"),
        (tlv.BROADCAST_REP_NUM.make(1), b"\0\1"),
        (tlv.BROADCAST_ERROR_STATUS.make(0x10D), b"\0\0\1\x0d"),
        (tlv.BROADCAST_END_TIME.make("260101120000000+"), b"260101120000000+\0"),
        (tlv.ALERT_ON_MESSAGE_DELIVERY.make(b""), b""),
        (tlv.ALERT_ON_MESSAGE_DELIVERY.make(b"\3"), b"\3"),  # a mode, since 5.0
        (tlv.MS_VALIDITY.make(b"\4\0\0\5"), b"\4\0\0\5"),
        (tlv.DEST_NODE_ID.make(b"000123"), b"000123"),
    ],
)
def test_a_value_has_the_octets_of_its_kind(made: RawTlv, octets: bytes) -> None:
    assert made[1] == octets


@pytest.mark.parametrize("tag", [0x0028, 0x0606, 0x060C, 0x1400, 0x1501, 0x3FFF, 0xFFFF])
def test_unknown_and_vendor_tags_stay_as_they_came(tag: int) -> None:
    octets = tag.to_bytes(2, "big") + b"\0\3a\0b" + tag.to_bytes(2, "big") + b"\0\0"
    tlvs, unread = read_tlvs(octets, 0)
    assert (tlvs, unread) == (((tag, b"a\0b"), (tag, b"")), b"")
    assert write_tlvs(tlvs) == octets


def test_every_one_of_a_repeated_tag_is_to_be_had_in_order() -> None:
    tlvs = (
        tlv.BROADCAST_AREA_IDENTIFIER.make(b"\0north"),
        tlv.BROADCAST_AREA_SUCCESS.make(100),
        tlv.BROADCAST_AREA_IDENTIFIER.make(b"\0south"),
        (tlv.BROADCAST_AREA_SUCCESS.tag, b""),
    )
    assert tlv.BROADCAST_AREA_IDENTIFIER.all_of(tlvs) == [b"\0north", b"\0south"]
    assert tlv.BROADCAST_AREA_SUCCESS.all_of(tlvs) == [100]
    assert tlv.CALLBACK_NUM.all_of(tlvs) == []


def test_the_first_of_a_repeated_tag_counts_and_a_missing_one_is_none() -> None:
    twice = (tlv.MESSAGE_STATE.make(1), tlv.MESSAGE_STATE.make(2))
    assert tlv.MESSAGE_STATE.of(twice) == 1
    assert tlv.MESSAGE_STATE.of(()) is None
