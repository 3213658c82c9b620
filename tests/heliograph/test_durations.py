"""How long messages took, exactly."""

import pytest

from heliograph.durations import Durations, percentile
from tests.builders import REQUESTED_MS, mt_event


def test_durations_run_from_the_request() -> None:
    durations = Durations()
    durations.note(mt_event(event="segment_accepted", submitted_ms=REQUESTED_MS + 40))
    durations.note(mt_event(event="receipt", at_ms=REQUESTED_MS + 900))
    durations.note(mt_event(event="receipt", at_ms=REQUESTED_MS + 9, test=True))
    durations.note(mt_event())
    assert durations.as_dict() == {
        "request_to_submit": {"p50": 40, "p99": 40},
        "request_to_receipt": {"p50": 900, "p99": 900},
    }


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
