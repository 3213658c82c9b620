from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications import wsp
from smpp.applications.cursor import Cursor
from smpp.applications.wsp import Push
from smpp.errors import ContentError

NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("push", "octets"),
    [
        (Push("application/vnd.wap.sic", b"x", transaction_id=0xDC), "dc0601ae78"),
        (Push("application/vnd.wap.slc", b"x", "x-wap-application:wml.ua", 1), "010603b0af8278"),
        (Push("application/vnd.wap.mms-message", b"", "x-wap-application:mms.ua"), "000603beaf84"),
        (Push("a/b", b"", "u:x"), "000609" + "612f6200" + "af" + "753a7800"),
    ],
)
def test_a_push(push: Push, octets: str) -> None:
    assert wsp.write(push).hex() == octets
    assert wsp.read(bytes.fromhex(octets)) == push


@pytest.mark.parametrize(
    ("octets", "push"),
    [
        ("0b0603ae81ea", Push("application/vnd.wap.sic", b"", transaction_id=11)),  # a charset
        ("000607be8de9af84b480", Push(wsp.CONTENT_TYPES[0x3E], b"", wsp.APPLICATIONS[4])),
        ("000605b0af028002", Push("application/vnd.wap.slc", b"", "0x8002")),  # of DoCoMo
        ("000604" + "03ae81ea", Push("application/vnd.wap.sic", b"")),  # one as a parameter
        ("000604" + "0302030a", Push("0x30A", b"")),
        ("000608" + "1f06612f6200" + "81ea", Push("a/b", b"")),
        ("000605" + "ae" + "78007900", Push("application/vnd.wap.sic", b"")),  # by its name
        ("000604" + "ae" + "02" + "af84", Push("application/vnd.wap.sic", b"")),  # another page
        ("000604" + "ae" + "7f02" + "af", Push("application/vnd.wap.sic", b"")),
        ("000601" + "ff", Push("0x7F", b"")),
    ],
)
def test_peers_write_more_headers(octets: str, push: Push) -> None:
    assert wsp.read(bytes.fromhex(octets)) == push


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("", "ends after 0"),
        ("00", "ends after 1"),
        ("000701ae", "PDU type 0x07 is no Push"),
        ("000605ae", "too early"),
        ("000600", "ends after 0"),
        ("000602aeaf", "ends after 2"),
        ("00060100", "ends after 0"),
        ("0006020100", "is no number"),
        ("000603aeaf00", "is no number"),
        ("00060c" + "aeaf09" + "00" * 9, "is no number"),
    ],
)
def test_what_is_no_push_is_refused(octets: str, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        wsp.read(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "push",
    [
        Push("application/vnd.wap.sic", b"", transaction_id=256),
        Push("application/vnd.wap.sic", b"", transaction_id=-1),
        Push("", b""),
        Push("a\nb", b""),
        Push("a/b", b"", "é"),
    ],
)
def test_what_no_push_can_say_is_not_written(push: Push) -> None:
    with pytest.raises(ContentError):
        wsp.write(push)


def test_text_that_is_quoted_is_read_without_its_quote() -> None:
    assert wsp.value(Cursor(b"\x7f\xe9t\xe9\0")) == "été"


@pytest.mark.parametrize(("number", "octets"), [(0, "0100"), (255, "01ff"), (65536, "03010000")])
def test_a_long_number(number: int, octets: str) -> None:
    assert wsp.long(number).hex() == octets
    assert wsp.integer(wsp.value(Cursor(bytes.fromhex(octets)))) == number


@pytest.mark.parametrize("number", [-1, 1 << 64])
def test_a_long_number_has_eight_octets(number: int) -> None:
    with pytest.raises(ContentError):
        wsp.long(number)


@given(st.binary(max_size=300))
def test_counted_octets_are_read_as_they_were_written(octets: bytes) -> None:
    assert wsp.value(Cursor(wsp.counted(octets))) == octets


@given(NAMES, st.binary(max_size=9), st.just("") | NAMES, st.integers(0, 255))
def test_what_is_written_is_read(name: str, body: bytes, application: str, number: int) -> None:
    push = Push(name, body, application, number)
    assert wsp.read(wsp.write(push)) == push


@given(st.binary(max_size=40), st.booleans())
def test_of_any_octets_only_the_typed_error_comes(octets: bytes, has_head: bool) -> None:
    with suppress(ContentError):
        wsp.read(b"\x00\x06\x06" * has_head + octets)
