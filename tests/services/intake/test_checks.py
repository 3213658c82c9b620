"""The shape of requests: a row for each way to be wrong, and for each way to be just right."""

from typing import Any

import pytest

from pipeline.records import (
    Binary,
    Encrypted,
    MessageWaiting,
    MmsNotification,
    MtRequest,
    Vcard,
    WapPush,
)
from services.intake.checks import (
    BINARY_CHECKS,
    CHECKS,
    MESSAGE_WAITING_CHECKS,
    MMS_NOTIFICATION_CHECKS,
    VCARD_CHECKS,
    WAP_PUSH_CHECKS,
    first_fault,
)
from services.router.contents import content_of

NOW_MS = 1_750_000_000_000
DAY_MS = 86_400_000

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("bad_class", {"class_": "urgent"}),
    ("no_content", {"text": None}),
    ("two_contents", {"binary": Binary(data=b"x")}),
    ("two_contents", {"wap_push": WapPush(text="x")}),
    ("two_contents", {"text": None, "vcard": Vcard(text="x"), "message_waiting": MessageWaiting()}),
    ("bad_flash", {"text": None, "message_waiting": MessageWaiting(), "flash": True}),
    ("empty_text", {"text": ""}),
    ("text_too_long", {"text": "x" * 39_016}),
    ("bad_receipts", {"receipts": "some"}),
    ("bad_on_ambiguous", {"on_ambiguous": "pray"}),
    ("bad_validity", {"validity_s": 0}),
    ("bad_validity", {"validity_s": 604_801}),
    ("send_at_too_far", {"send_at_ms": NOW_MS + 30 * DAY_MS + 1}),
    ("caller_data_too_long", {"caller_data": "x" * 1025}),
    ("campaign_too_long", {"campaign": "x" * 65}),
    ("carrier_data_too_long", {"carrier_data": {str(number): "x" for number in range(17)}}),
    ("carrier_data_too_long", {"carrier_data": {"x": "ж" * 128}}),
    ("carrier_data_too_long", {"carrier_data": {"x" * 256: ""}}),
]
BROKEN_BINARY: list[tuple[str, dict[str, Any]]] = [
    ("binary_too_long", {"data": b"x" * 35_701}),
    ("bad_port", {"destination_port": 65_536}),
    ("bad_port", {"destination_port": -1}),
    ("bad_port", {"destination_port": 1, "source_port": 65_536}),
    ("no_destination_port", {"source_port": 1}),
    ("two_headers", {"udh": b"\x00", "destination_port": 1}),
    ("bad_udh", {"udh": b""}),
    ("bad_udh", {"udh": b"\x05\x00\x03\x01\x02"}),
    ("bad_udh", {"udh": b"\x03\x00\x03\x01\x02"}),
]
CARD = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Ann\r\nEND:VCARD\r\n"
MMS = {
    "content_location": "http://mms.example.com/m/17",
    "transaction_id": "17",
    "size_octets": 34_242,
    "expires_s": 604_800,
}
BROKEN_CONTENT: list[tuple[str, dict[str, Any]]] = [
    *(
        (reason, {"wap_push": push})
        for reason, push in (
            ("bad_push_kind", WapPush(kind="SI", text="x")),
            ("bad_push_action", WapPush(text="x", action="execute-low")),
            ("bad_push_action", WapPush(kind="sl", url="x", action="delete")),
            ("no_push_content", WapPush(url="http://a")),
            ("no_push_content", WapPush(text="")),
            ("no_push_content", WapPush(text="x", action="delete")),
            ("no_push_content", WapPush(kind="sl")),
            ("push_of_both_kinds", WapPush(kind="sl", url="x", text="x")),
            ("push_of_both_kinds", WapPush(kind="sl", url="x", si_id="x")),
            ("push_of_both_kinds", WapPush(kind="sl", url="x", created_ms=1)),
            ("push_of_both_kinds", WapPush(kind="sl", url="x", expires_ms=1)),
            ("bad_push_date", WapPush(text="x", created_ms=-1)),
            ("bad_push_date", WapPush(text="x", expires_ms=253_402_300_800_000)),
            ("bad_push_text", WapPush(text="x\0")),
            ("bad_push_text", WapPush(text="x", url="\0")),
            ("bad_push_text", WapPush(text="x", si_id="\0")),
        )
    ),
    *(
        (reason, {"mms_notification": MmsNotification(**{**MMS, **changed})})
        for reason, changed in (
            ("bad_mms_field", {"content_location": ""}),
            ("bad_mms_field", {"transaction_id": "é"}),
            ("bad_mms_field", {"message_class": "a\n"}),
            ("bad_mms_sender", {"from_": ""}),
            ("bad_mms_sender", {"from_": "a\0"}),
            ("bad_mms_number", {"size_octets": -1}),
            ("bad_mms_number", {"size_octets": 1 << 32}),
            ("bad_mms_number", {"expires_s": -1}),
            ("bad_mms_number", {"expires_s": 1 << 32}),
        )
    ),
    ("bad_vcard_kind", {"vcard": Vcard(kind="card", text=CARD)}),
    ("bad_vcard_text", {"vcard": Vcard(text="Ann")}),
    ("bad_vcard_text", {"vcard": Vcard(kind="vcalendar", text=CARD)}),
    ("bad_vcard_text", {"vcard": Vcard(text=CARD + "NOTE:late")}),
    ("bad_waiting_kind", {"message_waiting": MessageWaiting(kind="parcel")}),
    ("bad_waiting_count", {"message_waiting": MessageWaiting(count=-1)}),
    ("bad_waiting_count", {"message_waiting": MessageWaiting(count=0)}),
    ("bad_waiting_count", {"message_waiting": MessageWaiting(count=1, is_active=False)}),
    ("waiting_text_too_long", {"message_waiting": MessageWaiting(text="x" * 39_016)}),
]
WHOLE_CONTENT: list[dict[str, Any]] = [
    {"wap_push": WapPush(text="x")},
    {"wap_push": WapPush(url="http://a", text="x", action="signal-none", si_id="y")},
    {"wap_push": WapPush(text="x", created_ms=0, expires_ms=253_402_300_799_999)},
    {"wap_push": WapPush(action="delete", si_id="y")},
    {"wap_push": WapPush(kind="sl", url="http://a")},
    {"wap_push": WapPush(kind="sl", url="http://a", action="cache")},
    {"mms_notification": MmsNotification(**MMS)},
    {"mms_notification": MmsNotification(**{**MMS, "from_": "Åsa", "message_class": "own"})},
    {"mms_notification": MmsNotification(**{**MMS, "size_octets": 0, "expires_s": 0})},
    {"mms_notification": MmsNotification(**{**MMS, "size_octets": 0xFFFF_FFFF})},
    {"vcard": Vcard(text=CARD)},
    {"vcard": Vcard(kind="vcalendar", text="\nbegin:vcalendar\nend:vcalendar")},
    {"message_waiting": MessageWaiting()},
    {"message_waiting": MessageWaiting(is_active=False, count=0)},
    {"message_waiting": MessageWaiting(kind="other", count=1000, text="x", is_stored=True)},
]
WHOLE: list[dict[str, Any]] = [
    {},
    *({"class_": name} for name in ("otp", "transactional", "promotional", "billed")),
    *({"receipts": name} for name in ("all", "first", "last", "any", "failures", "none", None)),
    *({"on_ambiguous": name} for name in ("resend", "give_up", "ask", None)),
    {"text": "x" * 39_015},
    {"text": Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")},
    {"validity_s": 1},
    {"validity_s": 604_800},
    {"send_at_ms": 0},
    {"send_at_ms": NOW_MS + 30 * DAY_MS},
    {"caller_data": "x" * 1024, "campaign": "x" * 64},
    {"text": None, "binary": Binary(data=b"x" * 35_700)},
    {"text": None, "binary": Binary(data=b"", udh=b"\x00")},
    {"text": None, "binary": Binary(data=b"x", udh=b"\x04\x05\x00\x00\x00")},
    {"text": None, "binary": Binary(data=b"x", destination_port=0, source_port=65_535)},
]


def request(**changed: Any) -> MtRequest:
    return MtRequest(**{"to": "+46701234567", "text": "hello", **changed})


@pytest.mark.parametrize(("reason", "changed"), BROKEN)
def test_a_broken_request_is_refused_with_its_reason(reason: str, changed: dict[str, Any]) -> None:
    fault = first_fault(request(**changed), NOW_MS)
    assert fault is not None
    assert fault.reason == reason
    assert fault.detail.endswith(".")


@pytest.mark.parametrize(("reason", "changed"), BROKEN_BINARY)
def test_broken_binary_content_is_refused_with_its_reason(
    reason: str, changed: dict[str, Any]
) -> None:
    binary = Binary(**{"data": b"x", **changed})
    fault = first_fault(request(text=None, binary=binary), NOW_MS)
    assert fault is not None
    assert fault.reason == reason


@pytest.mark.parametrize(("reason", "content"), BROKEN_CONTENT)
def test_broken_content_is_refused_with_its_reason(reason: str, content: dict[str, Any]) -> None:
    fault = first_fault(request(text=None, **content), NOW_MS)
    assert fault is not None
    assert fault.reason == reason
    assert fault.detail.endswith(".")
    assert f"`{next(iter(content))}" in fault.detail


@pytest.mark.parametrize("content", WHOLE_CONTENT)
def test_content_at_its_limits_is_whole(content: dict[str, Any]) -> None:
    assert first_fault(request(text=None, **content), NOW_MS) is None


@pytest.mark.parametrize("content", WHOLE_CONTENT)
def test_the_router_can_write_whatever_is_whole(content: dict[str, Any]) -> None:
    assert content_of(request(text=None, **content)).elements or "message_waiting" in content


@pytest.mark.parametrize("changed", WHOLE)
def test_a_request_at_its_limits_is_whole(changed: dict[str, Any]) -> None:
    assert first_fault(request(**changed), NOW_MS) is None


def test_every_row_of_the_tables_is_broken_by_some_row_here() -> None:
    assert {check.reason for check in CHECKS} == {reason for reason, _ in BROKEN}
    assert {check.reason for check in BINARY_CHECKS} == {reason for reason, _ in BROKEN_BINARY}
    tables = (WAP_PUSH_CHECKS, MMS_NOTIFICATION_CHECKS, VCARD_CHECKS, MESSAGE_WAITING_CHECKS)
    reasons = {row.reason for table in tables for row in table}
    assert reasons == {reason for reason, _ in BROKEN_CONTENT}


def test_of_several_faults_the_first_in_table_order_is_reported() -> None:
    fault = first_fault(request(text=None, class_="urgent", validity_s=0), NOW_MS)
    assert fault is not None
    assert fault.reason == "bad_class"
