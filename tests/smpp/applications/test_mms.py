"""Notifications of multimedia messages; the long octets are those that MMSCs have sent."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.applications import mms
from smpp.applications.mms import Notification
from smpp.errors import ContentError
from smpp.udh import Ports

PLUS = Notification(
    transaction_id="0102-gak24n2nd6y920",
    content_location="http://mms3rx:8002/0102-gak24n2nd6y920",
    sender="+48782782782/TYPE=PLMN",
    size_octets=139_548,
    expiry_s=604_798,
)
SPARE = Notification(transaction_id="a", content_location="b")
VISIBLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=30)
NOTIFICATIONS = st.builds(
    Notification,
    transaction_id=VISIBLE,
    content_location=VISIBLE,
    sender=st.text(st.characters(exclude_categories=["C", "Z"]), max_size=40),
    size_octets=st.integers(0, (1 << 64) - 1),
    expiry_s=st.integers(0, (1 << 64) - 1),
    is_absolute=st.booleans(),
    message_class=st.sampled_from(mms.CLASSES) | VISIBLE,
    version=st.sampled_from(["1.0", "1.1", "1.2", "1.3", "7.9"]),
)


# Of Polish networks, as in the tests of MuditaOS: Plus, Play, T-Mobile, Orange; and of Free.
@pytest.mark.parametrize(
    ("octets", "notification"),
    [
        (
            "000607be8de9af84b4808c8298303130322d67616b32346e326e643679393230008d908918802b3438373832"
            "3738323738322f545950453d504c4d4e008a808e0302211c88058103093a7e83687474703a2f2f6d6d733372"
            "783a383030322f303130322d67616b32346e326e64367939323000",
            PLUS,
        ),
        (
            "0006226170706c69636174696f6e2f766e642e7761702e6d6d732d6d65737361676500af848c829831323334"
            "35363738008d918a808e0302bf5f8805810303f47f83687474703a2f2f6d6d73632e706c61792e706c2f6d6d"
            "732f776170656e632f3132333435363738008918802b34383938373635343332312f545950453d504c4d4e00",
            Notification(
                transaction_id="12345678",
                content_location="http://mmsc.play.pl/mms/wapenc/12345678",
                sender="+48987654321/TYPE=PLMN",
                size_octets=180_063,
                expiry_s=259_199,
                version="1.1",
            ),
        ),
        (
            "c50603beaf848c829831383261316237323931643835663230644070322e6d6d73632e742d6d6f62696c652e"
            "706c008d918a808e0285c288048102a8be83687474703a2f2f31302e3234322e3234332e34303a393830302f"
            "6d6d313f69643d323230383135313832613162373238313932366630356262008918802b3438353035303530"
            "3530352f545950453d504c4d4e009600",
            Notification(
                transaction_id="182a1b7291d85f20d@p2.mmsc.t-mobile.pl",
                content_location="http://10.242.243.40:9800/mm1?id=220815182a1b7281926f05bb",
                sender="+48505050505/TYPE=PLMN",
                size_octets=34_242,
                expiry_s=43_198,
                version="1.1",
            ),
        ),
        (
            "000607beaf848ddbb4818c8298416263646566676869008d9286818a808e0285ae88048102a8bf8368747470"
            "3a2f2f67656f6d323a383030322f6d6d73632f633f41626364656667686900",
            Notification(
                transaction_id="Abcdefghi",
                content_location="http://geom2:8002/mmsc/c?Abcdefghi",
                size_octets=34_222,
                expiry_s=43_199,
                version="1.2",
            ),
        ),
        (
            "00060401beaf848c8298493863596a44335a45656d41366f5350615767676467008d928918802b333336333637"
            "38363338352f545950453d504c4d4e0086818a808f818e02095f83687474703a2f2f3231332e3232382e332e"
            "35382f6d6d732e7068703f493863596a44335a45656d41366f5350615767676467008805810303f480",
            Notification(
                transaction_id="I8cYjD3ZEemA6oSPaWggdg",
                content_location="http://213.228.3.58/mms.php?I8cYjD3ZEemA6oSPaWggdg",
                sender="+33636786385/TYPE=PLMN",
                size_octets=2_399,
                expiry_s=259_200,
                version="1.2",
            ),
        ),
    ],
)
def test_what_networks_send_is_read(octets: str, notification: Notification) -> None:
    assert mms.read(bytes.fromhex(octets)) == notification


def test_a_notification_is_written_as_a_network_writes_it() -> None:
    assert mms.write(PLUS).hex() == (
        "8c8298303130322d67616b32346e326e643679393230008d908918802b3438373832373832373832"
        "2f545950453d504c4d4e008a808e0302211c88058103093a7e83687474703a2f2f6d6d733372783a383030322f"
        "303130322d67616b32346e326e64367939323000"
    )


def test_it_goes_to_the_multimedia_application_of_the_handset() -> None:
    content = mms.content(SPARE, 7)
    assert content.octets.hex().startswith("070603beaf84" + "8c82")
    assert content.elements == (Ports(2948, 9200),)
    assert content.data_coding == 0x04


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ("", {}),
        ("890181", {}),  # the MMSC was to insert the sender, and did not
        ("8904" + "80" + "614000", {"sender": "a@"}),
        ("8905" + "80" + "03ea6100", {"sender": "a"}),
        ("8907" + "80" + "05ea7fc3a900", {"sender": "é"}),
        ("8906" + "80" + "04847fe900", {"sender": "é"}),  # Latin-1
        ("880480" + "020102", {"expiry_s": 0x0102, "is_absolute": True}),
        ("880281" + "85", {"expiry_s": 5}),
        ("8a81", {"message_class": "advertisement"}),
        ("8a85", {"message_class": "0x05"}),
        ("8a6100", {"message_class": "a"}),
        ("7800" + "7900", {}),  # a field of the MMSC's own
        ("9902" + "0101", {}),
    ],
)
def test_other_fields_and_forms(fields: str, changed: dict[str, object]) -> None:
    octets = bytes.fromhex("000601be8c82986100836200" + fields)
    wanted = {"transaction_id": "a", "content_location": "b", **changed}
    assert mms.read(octets) == Notification(**wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        ("", "ends after 0"),
        ("000601ae", "sic is no multimedia message"),
        ("000601be", "is no notification"),
        ("000601be8c80", "is no notification"),
        ("000601be8c82836200", "without transaction id"),
        ("000601be8c82986100", "without content location"),
        ("000601be8c828385986100", "without content location"),
        ("000601be8c829861008362008e" + "6100", "is no number"),
        ("000601be8c829861008362008e" + "00", "is no number"),
        ("000601be8c8298610083620088" + "81", "neither absolute nor relative"),
        ("000601be8c8298610083620088" + "0185", "neither absolute nor relative"),
        ("000601be8c8298610083620088" + "0181", "ends after 0"),
        ("000601be8c8298610083620089" + "0180", "ends after 0"),
        ("000601be8c8298610083620089" + "0580" + "03856100", "a charset that is not read"),
        ("000601be8c8298610083620089" + "0680" + "04ea7fff00", "no utf-8"),
        ("000601be8c8298610083620089" + "0280" + "85", "ends after 0"),
        ("000601be8c82986100836200" + "89", "ends after"),
    ],
)
def test_what_is_no_notification_says_why(octets: str, why: str) -> None:
    with pytest.raises(ContentError, match=why):
        mms.read(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "changed",
    [
        {"transaction_id": ""},
        {"transaction_id": "é"},
        {"content_location": "http://a\nb"},
        {"sender": "é\n"},
        {"sender": "a\0"},
        {"size_octets": -1},
        {"expiry_s": 1 << 64},
        {"message_class": "é"},
        {"version": "1"},
        {"version": "8.0"},
    ],
)
def test_what_no_notification_can_say_is_not_written(changed: dict[str, object]) -> None:
    fields = {"transaction_id": "a", "content_location": "b", **changed}
    with pytest.raises(ContentError):
        mms.content(Notification(**fields))  # type: ignore[arg-type]


@given(NOTIFICATIONS)
def test_what_is_written_is_read(notification: Notification) -> None:
    assert mms.read(mms.content(notification).octets) == notification


@given(st.binary(max_size=60), st.sampled_from(["", "000601be", "000601be8c82986100836200"]))
def test_of_any_octets_only_the_typed_error_comes(octets: bytes, head: str) -> None:
    with suppress(ContentError):
        mms.read(bytes.fromhex(head) + octets)
