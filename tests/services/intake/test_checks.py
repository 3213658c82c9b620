"""The shape of requests: a row for each way to be wrong, and for each way to be just right."""

from typing import Any

import pytest

from pipeline.records import Binary, Encrypted, MtRequest
from services.intake.checks import BINARY_CHECKS, CHECKS, first_fault

NOW_MS = 1_750_000_000_000
DAY_MS = 86_400_000

BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("bad_class", {"class_": "urgent"}),
    ("no_content", {"text": None}),
    ("two_contents", {"binary": Binary(data=b"x")}),
    ("empty_text", {"text": ""}),
    ("text_too_long", {"text": "x" * 39_016}),
    ("bad_receipts", {"receipts": "some"}),
    ("bad_on_ambiguous", {"on_ambiguous": "pray"}),
    ("bad_validity", {"validity_s": 0}),
    ("bad_validity", {"validity_s": 604_801}),
    ("send_at_too_far", {"send_at_ms": NOW_MS + 30 * DAY_MS + 1}),
    ("caller_data_too_long", {"caller_data": "x" * 1025}),
    ("campaign_too_long", {"campaign": "x" * 65}),
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
WHOLE: list[dict[str, Any]] = [
    {},
    *({"class_": name} for name in ("otp", "transactional", "promotional", "billed")),
    *({"receipts": name} for name in ("all", "first", "last", "none", None)),
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


@pytest.mark.parametrize("changed", WHOLE)
def test_a_request_at_its_limits_is_whole(changed: dict[str, Any]) -> None:
    assert first_fault(request(**changed), NOW_MS) is None


def test_every_row_of_the_tables_is_broken_by_some_row_here() -> None:
    assert {check.reason for check in CHECKS} == {reason for reason, _ in BROKEN}
    assert {check.reason for check in BINARY_CHECKS} == {reason for reason, _ in BROKEN_BINARY}


def test_of_several_faults_the_first_in_table_order_is_reported() -> None:
    fault = first_fault(request(text=None, class_="urgent", validity_s=0), NOW_MS)
    assert fault is not None
    assert fault.reason == "bad_class"
