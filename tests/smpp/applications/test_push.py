"""WAP push, against what others have published: the octets here are theirs."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications import push, wbxml
from smpp.applications.push import SI, Load, ServiceIndication, ServiceLoading, Signal
from smpp.errors import ContentError
from smpp.udh import Ports, write_header

EMAILS = ServiceIndication(
    "You have 4 new e-mails",
    "http://www.xyz.com/email/123/abc.wml",
    created=datetime(1999, 6, 25, 15, 23, 15, tzinfo=UTC),
    si_expires=datetime(2099, 6, 30, tzinfo=UTC),
)
TIDINGS = ServiceIndication(
    "Check out Mobile Tidings!",
    "http://mobiletidings.com/",
    created=datetime(2009, 2, 26, 16, 25, tzinfo=UTC),
    si_expires=datetime(2009, 3, 4, 16, 25, tzinfo=UTC),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
LINKS = st.one_of(
    TEXTS,
    st.sampled_from(["http://www.a.com/", "https://a.org/b.net/", "https://www.x.edu", "tel:1"]),
)
DATES = st.none() | st.datetimes(timezones=st.just(UTC)).map(
    lambda when: when.replace(microsecond=0)
)
INDICATIONS = st.builds(
    ServiceIndication,
    TEXTS,
    LINKS,
    st.sampled_from(Signal),
    TEXTS.filter(bool),
    DATES,
    DATES,
)
LOADINGS = st.builds(ServiceLoading, LINKS.filter(bool), st.sampled_from(Load))


def test_the_indication_that_is_the_example_of_wap_167() -> None:
    # As A. Wicaksono spells it out (2008), with a later year of expiry.
    assert push.content(EMAILS, 0x01).octets.hex() == (
        "010601ae"
        "02056a0045c60d0378797a008503656d61696c2f3132332f6162632e776d6c00"
        "0ac30719990625152315" + "10c30420990630" + "01"
        "03596f7520686176652034206e657720652d6d61696c7300" + "0101"
    )


@pytest.mark.parametrize(
    ("octets", "indication"),
    [
        (  # smsc.ru, in the examples of its libraries
            "dc0601ae02056a0045c60c036d79736974652e72750001036d7973697465000101",
            ServiceIndication("mysite", "http://mysite.ru"),
        ),
        (  # BulkSMS
            "dc0601ae02056a0045c60d0362756c6b736d732e636f6d0001"
            "0356697369742042756c6b534d532e636f6d20686f6d6570616765000101",
            ServiceIndication("Visit BulkSMS.com homepage", "http://www.bulksms.com"),
        ),
    ],
)
def test_others_write_the_same(octets: str, indication: ServiceIndication) -> None:
    assert push.content(indication, 0xDC).octets.hex() == octets
    assert push.read(bytes.fromhex(octets)) == indication


@pytest.mark.parametrize(
    ("octets", "found"),
    [
        (  # mobiletidings.com: a charset header, and no token for the domain
            "0b0603ae81ea02056a0045c60c036d6f62696c65746964696e67732e636f6d2f000ac306200902261625"
            "10c3062009030416250103436865636b206f7574204d6f62696c6520546964696e677321000101",
            TIDINGS,
        ),
        (  # its Service Loading
            "0a0603b081ea02066a008509036d6f62696c65746964696e67732e636f6d2f0001",
            ServiceLoading("http://mobiletidings.com/"),
        ),
        (  # NowSMS: the default action said, an octet too many at the end
            "fd0601ae02056a0045c60d03676f6f676c652e636f6d0007010342696b61736800010100",
            ServiceIndication("Bikash", "http://www.google.com"),
        ),
        (  # R. Borg, Stockholm: a counted content type, a push flag, Latin-1
            "01060601aeaf82b485" + "02050400" + "45c6"
            "0c0370656f706c652e6473762e73752e73652f7e7262626f0008" + "01"
            "034a6f696e6f7572207375727665790001" + "01",
            ServiceIndication("Joinour survey", "http://people.dsv.su.se/~rbbo", Signal.HIGH),
        ),
        (  # a capture from a modem
            "dc0605b0af82b48302066a00850803746573742e636f6d000501",
            ServiceLoading("test.com"),
        ),
        (  # DoCoMo, for i-mode
            "000605b0af02800202066a00850903646f636f6d6f2e6e652e6a703f50493d30360001",
            ServiceLoading("http://docomo.ne.jp?PI=06"),
        ),
    ],
)
def test_what_others_write_is_read(octets: str, found: ServiceIndication | ServiceLoading) -> None:
    assert push.read(bytes.fromhex(octets)) == found


def test_it_goes_to_the_port_of_the_browser() -> None:
    content = push.content(TIDINGS)
    assert content.elements == (Ports(2948, 9200),)
    assert write_header(content.elements).hex() == "0605040b8423f0"
    assert content.data_coding == 0x04


@pytest.mark.parametrize(("action", "token"), [(Signal.NONE, 5), (Signal.LOW, 6), (Signal.HIGH, 8)])
def test_an_action_is_a_token(action: Signal, token: int) -> None:
    octets = push.content(ServiceIndication("a", action=action)).octets
    assert octets[8:] == bytes.fromhex("45c6") + bytes((token,)) + bytes.fromhex("010361000101")


def test_a_date_is_written_in_utc() -> None:
    stockholm = timezone(timedelta(hours=2))
    local = ServiceIndication("a", created=datetime(2024, 7, 1, 1, tzinfo=stockholm))
    assert bytes.fromhex("0ac3052024063023") in push.content(local).octets
    assert push.read(push.content(local).octets) == local


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (ServiceIndication("a", action=Signal.DELETE), "give si_id"),
        (ServiceIndication("a", created=datetime(2024, 7, 1)), "no time zone"),  # noqa: DTZ001
        (ServiceIndication("a\0b"), "NUL"),
        (ServiceLoading(""), "give href"),
    ],
)
def test_what_cannot_be_pushed_says_why(
    wrong: ServiceIndication | ServiceLoading, why: str
) -> None:
    with pytest.raises(ContentError, match=why):
        push.content(wrong)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("02056a00" + "05", "without an indication"),
        ("02056a00" + "46" + "03610001", "without an indication"),
        ("02056a00" + "4547" + "01" + "01", "without an indication"),
        ("02056a00" + "45c60ac302" + "1999" + "01" + "0101", "is no date"),
        ("02056a00" + "45c60ac304" + "1999" + "0a01" + "01" + "0101", "is no date"),
        ("02056a00" + "45c60ac308" + "19990101" + "00000000" + "01" + "0101", "is no date"),
        ("02056a00" + "45c605036100" + "01" + "0101", "no action 'signal-nonea'"),
        ("02066a00" + "8508036100" + "05036100" + "01", "no action 'execute-lowa'"),
    ],
)
def test_what_is_no_push_says_why(document: str, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        push.read(bytes.fromhex("000601ae" + document))


def test_what_stands_in_info_is_left_out() -> None:
    info = wbxml.Tag("info", (), (wbxml.Tag("item", (("class", "x"),), ("y",)),))
    document = wbxml.Tag("si", (), (wbxml.Tag("indication", (), ("a",)), info))
    octets = bytes.fromhex("000601ae") + wbxml.write(document, SI)
    assert push.read(octets) == ServiceIndication("a")


@given(INDICATIONS | LOADINGS)
def test_what_is_pushed_is_read(pushed: ServiceIndication | ServiceLoading) -> None:
    assert push.read(push.content(pushed).octets) == pushed


@given(st.binary(max_size=60), st.sampled_from(["", "000601ae02056a00", "000601b002066a0085"]))
def test_of_any_octets_only_the_typed_error_comes(octets: bytes, head: str) -> None:
    with suppress(ContentError):
        push.read(bytes.fromhex(head) + octets)


def test_a_date_beyond_the_calendar_is_refused() -> None:
    created = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(ContentError):
        push.content(ServiceIndication(text="x", created=created))
