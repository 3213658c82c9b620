"""Contents of requests, read back by the applications they are for."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.codec import Codec
from pipeline.config import ProfileConfig
from pipeline.records import MessageWaiting, MmsNotification, Vcard, WapPush
from services.intake import checks
from services.intake.checks import first_fault
from services.router import contents
from services.router.contents import content_of
from services.router.encoding import Encoded, encode
from smpp.applications import mms, push, vcard, waiting
from smpp.applications.push import Load, ServiceIndication, ServiceLoading, Signal
from smpp.coding import Indication, Waiting
from smpp.udh import Ports
from tests.services.router.builders import request

EXAMPLES = Path(__file__).parents[3] / "schemas/examples/sms.mt.request"
MMS = {
    "content_location": "http://mms.example.com/m/17",
    "transaction_id": "17",
    "size_octets": 34_242,
    "expires_s": 604_800,
}


@pytest.mark.parametrize(
    ("asked", "pushed"),
    [
        (WapPush(text="a"), ServiceIndication("a")),
        (
            WapPush(
                url="https://a.org/",
                text="a",
                action="signal-high",
                si_id="b",
                created_ms=1_790_003_600_999,
                expires_ms=253_402_300_799_999,
            ),
            ServiceIndication(
                "a",
                "https://a.org/",
                Signal.HIGH,
                "b",
                datetime(2026, 9, 21, 15, 13, 20, tzinfo=UTC),
                datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
            ),
        ),
        (WapPush(action="delete", si_id="b"), ServiceIndication("", "", Signal.DELETE, "b")),
        (WapPush(kind="sl", url="b"), ServiceLoading("b")),
        (WapPush(kind="sl", url="b", action="cache"), ServiceLoading("b", Load.CACHE)),
    ],
)
def test_a_push_is_what_was_asked(
    asked: WapPush, pushed: ServiceIndication | ServiceLoading
) -> None:
    assert push.read(content_of(request(wap_push=asked)).octets) == pushed


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        (None, ""),
        ("+46701234567", "+46701234567/TYPE=PLMN"),
        ("72000", "72000/TYPE=PLMN"),
        ("72000/TYPE=PLMN", "72000/TYPE=PLMN"),
        ("a@example.com", "a@example.com"),
    ],
)
def test_a_notification_is_what_was_asked(sender: str | None, told: str) -> None:
    asked = MmsNotification(**MMS, from_=sender, message_class="auto")  # type: ignore[arg-type]
    assert mms.read(content_of(request(mms_notification=asked)).octets) == mms.Notification(
        transaction_id="17",
        content_location="http://mms.example.com/m/17",
        sender=told,
        size_octets=34_242,
        expiry_s=604_800,
        message_class="auto",
    )


@pytest.mark.parametrize(("kind", "port"), [("vcard", 9204), ("vcalendar", 9205)])
def test_a_card_is_what_was_asked(kind: str, port: int) -> None:
    text = f"BEGIN:{kind.upper()}\r\nEND:{kind.upper()}\r\n"
    content = content_of(request(vcard=Vcard(kind=kind, text=text)))
    assert (content.octets, content.elements) == (text.encode(), (Ports(port, 0),))


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        (MessageWaiting(), (Indication(Waiting.VOICEMAIL, is_stored=False), None)),
        (MessageWaiting(kind="fax", count=2), (Indication(Waiting.FAX, is_stored=False), 2)),
        (MessageWaiting(kind="email", is_stored=True), (Indication(Waiting.EMAIL), None)),
        (
            MessageWaiting(kind="other", is_active=False, count=0),
            (Indication(Waiting.OTHER, is_active=False, is_stored=False), 0),
        ),
    ],
)
def test_an_indication_is_what_was_asked(asked: MessageWaiting, shown: Any) -> None:
    content = content_of(request(message_waiting=asked))
    assert waiting.read(content.data_coding, content.elements) == (shown,)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("wap_push", push.read),
        ("mms_notification", mms.read),
        ("vcard", vcard.read),
        ("message_waiting", bytes),
    ],
)
def test_an_example_goes_as_json_through_intake_and_router(name: str, read: Any) -> None:
    asked = Codec().decode_request((EXAMPLES / f"MtRequest.{name}.json").read_bytes())
    assert first_fault(asked, 1_790_000_000_000) is None
    assert read(content_of(asked).octets)
    encoded = encode(asked, ProfileConfig(), lambda: 1)
    assert isinstance(encoded, Encoded)
    assert len(encoded.parts) == 1


def test_a_request_that_holds_nothing_is_a_bug_of_ours() -> None:
    with pytest.raises(AssertionError):
        content_of(request(text="hello"))


def test_intake_takes_exactly_what_can_be_written() -> None:
    assert checks.ACTIONS["si"] - {None} == {signal.value for signal in push.Signal}
    assert checks.ACTIONS["sl"] - {None} == {load.value for load in push.Load}
    assert {kind.value.lower() for kind in vcard.Kind} == checks.VCARDS
    assert contents.WAITING.keys() == checks.WAITING
