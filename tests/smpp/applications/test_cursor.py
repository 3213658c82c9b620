import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications.cursor import Cursor, number
from smpp.errors import ContentError

# WAP-230 section 8.1.2 explains the form with the second of these.
NUMBERS = [(0, "00"), (0x87A5, "828f25"), (127, "7f"), (128, "8100"), (0xFFFF_FFFF, "8fffffff7f")]


@pytest.mark.parametrize(("value", "octets"), NUMBERS)
def test_a_number_takes_as_few_octets_as_hold_it(value: int, octets: str) -> None:
    assert number(value).hex() == octets
    assert Cursor(bytes.fromhex(octets)).number() == value


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_has_32_bits(value: int) -> None:
    with pytest.raises(ContentError):
        number(value)


@pytest.mark.parametrize("octets", ["", "80", "9080808000", "ff" * 1000])
def test_what_is_no_number_is_not_read(octets: str) -> None:
    with pytest.raises(ContentError):
        Cursor(bytes.fromhex(octets)).number()


def test_octets_are_read_one_after_another() -> None:
    cursor = Cursor(b"\x01\x02\x03hello\0rest")
    assert (cursor.peek(), cursor.octet(), cursor.take(2)) == (1, 1, b"\x02\x03")
    assert (cursor.string(), cursor.at, cursor.rest()) == (b"hello", 9, b"rest")
    assert cursor.is_at_end
    assert cursor.rest() == b""


def test_nothing_is_read_beyond_the_end() -> None:
    with pytest.raises(ContentError, match="ends after 0 octets"):
        Cursor(b"").octet()
    with pytest.raises(ContentError, match="ends 2 octets too early"):
        Cursor(b"x").take(3)
    with pytest.raises(ContentError, match="string at octet 0 does not end"):
        Cursor(b"xyz").string()


@given(st.integers(0, 0xFFFF_FFFF), st.binary(max_size=3))
def test_a_number_read_is_the_number_written(value: int, after: bytes) -> None:
    cursor = Cursor(number(value) + after)
    assert cursor.number() == value
    assert cursor.rest() == after
