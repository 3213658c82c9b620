"""What the public topics add up to."""

import pytest

from pipeline.records import Mo
from services.telemetry.core import Summary, percentile
from tests.builders import REQUESTED_MS, dlr, mt_event

MO = Mo(
    mo_id="1",
    connector="fast",
    sender="46737654321",
    receiver="12345",
    data=b"hi",
    data_coding=0,
    parts=1,
    parts_total=1,
    complete=True,
    received_ms=1,
    published_ms=2,
)


def test_events_outcomes_receipts_and_mo_are_counted() -> None:
    summary = Summary(latencies_max=10)
    delivered = mt_event(event="receipt", state="delivered", terminal=True)
    for record in (mt_event(), delivered, dlr(), dlr(), dlr(message_id=None), MO):
        summary.note(record)
    shown = summary.as_dict()
    assert shown["events"] == {"routed": 1, "receipt": 1}
    assert shown["outcomes"] == {"delivered": 1}
    assert (shown["receipts_joined"], shown["receipts_orphaned"], shown["mo"]) == (2, 1, 1)


def test_latencies_run_from_the_request() -> None:
    summary = Summary(latencies_max=10)
    summary.note(mt_event(event="segment_accepted", submitted_ms=REQUESTED_MS + 40))
    summary.note(mt_event(event="receipt", at_ms=REQUESTED_MS + 900))
    assert summary.as_dict()["latency_ms"] == {
        "request_to_submit": {"p50": 40, "p99": 40},
        "request_to_receipt": {"p50": 900, "p99": 900},
    }


def test_only_the_newest_latencies_count() -> None:
    summary = Summary(latencies_max=2)
    for after_ms in (1, 50, 60):
        summary.note(mt_event(event="receipt", at_ms=REQUESTED_MS + after_ms))
    assert list(summary.latency_ms["request_to_receipt"]) == [50, 60]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7], 99, 7),
        (range(1, 101), 50, 50),
        (range(1, 101), 99, 99),
        ([1, 2], 1, 1),
    ],
)
def test_a_percentile_is_the_nearest_rank(
    values: list[int], percent: int, expected: int | None
) -> None:
    assert percentile(values, percent) == expected


def test_tests_are_counted_apart() -> None:
    summary = Summary(latencies_max=10)
    summary.note(mt_event())
    summary.note(mt_event("m2", test=True))
    summary.note(dlr(test=True))
    shown = summary.as_dict()
    assert (shown["events"], shown["receipts_joined"]) == ({"routed": 1}, 0)
    tests = shown["tests"]
    assert isinstance(tests, dict)
    assert (tests["events"], tests["receipts_joined"]) == ({"routed": 1}, 1)
    assert "tests" not in tests
