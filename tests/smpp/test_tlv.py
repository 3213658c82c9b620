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
        value = "a"
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
        (tlv.NETWORK_ERROR_CODE, b"\3"),
    ],
)
def test_making_is_strict_and_names_the_tlv(row: Tlv[bytes], value: bytes) -> None:
    with pytest.raises(EncodeError) as caught:
        row.make(value)
    assert caught.value.field == row.name


def test_the_first_of_a_repeated_tag_counts_and_a_missing_one_is_none() -> None:
    twice = (tlv.MESSAGE_STATE.make(1), tlv.MESSAGE_STATE.make(2))
    assert tlv.MESSAGE_STATE.of(twice) == 1
    assert tlv.MESSAGE_STATE.of(()) is None
