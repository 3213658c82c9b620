from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications import vcard
from smpp.applications.vcard import LEGACY_PORTS, Card, Kind
from smpp.errors import ContentError
from smpp.udh import Ports, write_header

JASMIN = bytes.fromhex(  # in the tests of Jasmin
    "424547494e3a56434152440d0a56455253494f4e3a322e310d0a4e3b434841525345543d5554462d383a426965"
    "6265723b4a757374696e0d0a54454c3b564f4943453b434841525345543d5554462d383a343034363635333431"
    "300d0a454e443a5643415244"
)
SHORT = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Ann\r\nTEL:+46701234567\r\nEND:VCARD\r\n"
CALENDAR = "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nSUMMARY:Möte\nEND:VEVENT\nEND:VCALENDAR"
LINES = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20)
CARDS = st.builds(
    Card, LINES, st.lists(LINES, max_size=3).map(tuple), st.lists(LINES, max_size=2).map(tuple)
)


def card(*lines: str) -> bytes:
    return "\r\n".join(("BEGIN:VCARD", *lines, "END:VCARD")).encode()


def test_a_card_goes_to_its_port_as_octets() -> None:
    content = vcard.content(SHORT)
    assert content.octets == SHORT.encode()
    assert write_header(content.elements).hex() == "06050423f40000"
    assert content.data_coding == 0x04


@pytest.mark.parametrize(
    ("kind", "port", "ports"),
    [
        (Kind.CARD, None, Ports(9204, 0)),
        (Kind.CALENDAR, None, Ports(9205, 0)),
        (Kind.CARD, LEGACY_PORTS[Kind.CARD], Ports(226, 0)),
        (Kind.CALENDAR, LEGACY_PORTS[Kind.CALENDAR], Ports(228, 0)),
    ],
)
def test_the_port_is_that_of_the_kind(kind: Kind, port: int | None, ports: Ports) -> None:
    text = SHORT if kind is Kind.CARD else CALENDAR
    assert vcard.content(text, kind, port).elements == (ports,)


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ("VERSION:3.0\nFN:Åsa", "VERSION:3.0\r\nFN:Åsa"),
        ("VERSION:2.1\rN:Asa", "VERSION:2.1\r\nN:Asa"),
        ("VERSION:2.1\nN:Åsa", "VERSION:2.1\r\nN;CHARSET=UTF-8:Åsa"),
        ("version:2.1\nN;charset=utf-8:Åsa", "version:2.1\r\nN;charset=utf-8:Åsa"),
        ("VERSION:2.1\nTEL;HOME:1\nÅ", "VERSION:2.1\r\nTEL;HOME:1\r\nÅ"),
        ("VERSION:2.1\nN:x\n y: Å", "VERSION:2.1\r\nN;CHARSET=UTF-8:x y: Å"),  # folded
        ("VERSION:2.1\nN:x\n y", "VERSION:2.1\r\nN:x\r\n y"),
        ("VERSION:3.0\nNOTE:a\u2028b", "VERSION:3.0\r\nNOTE:a\u2028b"),
    ],
)
def test_a_text_goes_as_it_is_but_for_line_ends_and_charset(lines: str, sent: str) -> None:
    octets = vcard.content(f"\nBEGIN:VCARD\n{lines}\nEND:VCARD\n\n").octets
    assert octets.decode() == f"BEGIN:VCARD\r\n{sent}\r\nEND:VCARD\r\n"


def test_a_calendar_goes_as_it_is() -> None:
    octets = vcard.content(CALENDAR, Kind.CALENDAR).octets
    assert octets.decode() == CALENDAR.replace("\n", "\r\n") + "\r\n"


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("", Kind.CARD, "BEGIN:VCARD"),
        ("hello", Kind.CARD, "BEGIN:VCARD"),
        ("BEGIN:VCARD", Kind.CARD, "END:VCARD"),
        (SHORT, Kind.CALENDAR, "BEGIN:VCALENDAR"),
        (SHORT.replace("Ann", "\ud800"), Kind.CARD, "surrogate"),
    ],
)
def test_what_is_no_card_is_not_sent(text: str, kind: Kind, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        vcard.content(text, kind)


def test_a_card_is_written_as_version_2_1() -> None:
    assert vcard.write(Card("Ann", ("+46701234567",))) == SHORT
    text = vcard.write(Card("Åsa; B\\C", ("1", "2"), ("a@b",)))
    assert vcard.content(text).octets.decode().splitlines()[2:] == [
        "N;CHARSET=UTF-8:Åsa\\; B\\\\C",
        "TEL:1",
        "TEL:2",
        "EMAIL:a@b",
        "END:VCARD",
    ]


@pytest.mark.parametrize("wrong", [Card("a\nb"), Card("a", ("1\r",)), Card("a", (), ("\n",))])
def test_a_line_end_cannot_be_written(wrong: Card) -> None:
    with pytest.raises(ContentError, match="leave that out"):
        vcard.write(wrong)


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (JASMIN, Card("Justin Bieber", ("4046653410",))),
        (card("N:Ann"), Card("Ann")),
        (card("N:;Ann;;"), Card("Ann")),
        (card("VERSION:3.0", "FN:Ann\\, PhD", "N:x"), Card("Ann, PhD")),
        (card("VERSION:3.0", "FN:Ann", " ika"), Card("Annika")),
        (card("VERSION:2.1", "FN:Ann", " ika"), Card("Ann ika")),
        (card("item1.TEL;TYPE=CELL:1", "tel:2"), Card("", ("1", "2"))),
        (card("N;QUOTED-PRINTABLE:=C3=", "=85sa"), Card("Åsa")),
        (card("N;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:=C5sa"), Card("Åsa")),
        (card("PHOTO;ENCODING=BASE64:AA==", "TEL:1"), Card("", ("1",))),
        (card("EMAIL;INTERNET:a@b", "no colon", ""), Card("", (), ("a@b",))),
        (b"BEGIN:VCARD\nN;CHARSET=ISO-8859-1:\xc5sa\n", Card("Åsa")),
    ],
)
def test_a_card_is_found_in_either_version(octets: bytes, found: Card) -> None:
    assert vcard.read(octets) == found


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "no text"),
        (b"BEGIN:VCALENDAR", "no text"),
        (card("N;CHARSET=IDNA:x"), "charset 'IDNA'"),
        (b"BEGIN:VCARD\nN:\xff", "is no UTF-8"),
        (b"x" * 35_701, "at most 35700"),
    ],
)
def test_what_is_no_card_says_why(octets: bytes, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        vcard.read(octets)


@given(CARDS)
def test_what_is_written_is_read(written: Card) -> None:
    assert vcard.read(vcard.content(vcard.write(written)).octets) == written


@given(st.binary(max_size=60), st.sampled_from([b"", b"BEGIN:VCARD\n", b"BEGIN:VCARD\nN;CHARSET="]))
def test_of_any_octets_only_the_typed_error_comes(octets: bytes, head: bytes) -> None:
    with suppress(ContentError):
        vcard.read(head + octets)
