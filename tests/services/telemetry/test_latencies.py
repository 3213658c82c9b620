"""Percentiles from buckets are near the exact ones."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.telemetry import latencies
from services.telemetry.latencies import ERROR_MAX, Kind, Latencies, bucket_of, percentiles
from tests.builders import REQUESTED_MS, mt_event

WEEK_MS = 7 * 86_400_000
PERCENTS = (1, 50, 95, 99, 100)


def exact(values: list[int], percent: int) -> int:
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


@given(st.lists(st.integers(-5, WEEK_MS), min_size=1, max_size=200))
def test_a_percentile_is_no_further_off_than_half_a_bucket(values: list[int]) -> None:
    told = percentiles(Counter(map(bucket_of, values)), PERCENTS)
    for percent, ms in zip(PERCENTS, told, strict=True):
        wanted = max(0, exact(values, percent))
        assert abs(ms - wanted) <= wanted * ERROR_MAX + 1


def accepted(connector: str, country: str | None, wait_ms: int = 40, answer_ms: int = 5) -> object:
    return mt_event(
        event="segment_accepted",
        connector=connector,
        country=country,
        submitted_ms=REQUESTED_MS + wait_ms,
        at_ms=REQUESTED_MS + wait_ms + answer_ms,
    )


def test_each_step_is_measured_by_connector_class_and_country() -> None:
    found = Latencies()
    found.note(accepted("slow", "SE"), REQUESTED_MS)  # type: ignore[arg-type]
    receipt = mt_event(
        event="receipt",
        connector="slow",
        country="SE",
        submitted_ms=REQUESTED_MS + 40,
        at_ms=REQUESTED_MS + 1040,
    )
    found.note(receipt, REQUESTED_MS)
    found.note(mt_event(), REQUESTED_MS)  # routed: no step
    rows = {(row.step, row.connector, row.class_, row.country): row for row in found.rows()}
    for step, ms in (
        ("request_to_submit", 40),
        ("submit_to_answer", 5),
        ("request_to_receipt", 1040),
        ("submit_to_receipt", 1000),
    ):
        row = rows.pop((step, "slow", "transactional", "SE"))
        assert row.count == 1
        assert row.p50_ms == row.p99_ms == pytest.approx(ms, rel=ERROR_MAX, abs=1)
    assert not rows


def test_only_the_last_five_minutes_count() -> None:
    found = Latencies()
    found.note(accepted("slow", None), REQUESTED_MS)  # type: ignore[arg-type]
    found.roll(REQUESTED_MS + 200_000)
    assert {row.country for row in found.rows()} == {""}
    found.roll(REQUESTED_MS + 400_000)
    assert found.rows() == ()


def test_kinds_have_a_limit_beyond_which_a_country_is_one_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(latencies, "KINDS_MAX", 4)
    found = Latencies()
    for country in ("SE", "DE", "NO", "DK", "SE"):
        found.note(accepted("slow", country), REQUESTED_MS)  # type: ignore[arg-type]
    counted = {kind.country: n.total() for kind, n in found.by(lambda k: k).items()}
    assert counted == {"SE": 2, "DE": 1, "other": 2}
    assert found.by(lambda kind: kind.step).keys() == {"request_to_submit", "submit_to_answer"}
    assert Kind("request_to_submit", "slow", "transactional", "SE") in found.by(lambda k: k)
    found.roll(REQUESTED_MS + 400_000)
    found.note(accepted("slow", "NO"), REQUESTED_MS + 400_000)  # type: ignore[arg-type]
    assert {row.country for row in found.rows()} == {"NO"}
