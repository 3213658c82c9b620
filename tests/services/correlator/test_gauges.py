"""Too many orphans in a window are alarming, few receipts are not."""

import pytest
from structlog.testing import capture_logs

from pipeline.ids import ConnectorId
from pipeline.records import ConnectorReceipts
from services.correlator.gauges import Gauges


class Noted:
    """Metrics that are read at once."""

    def __init__(self) -> None:
        self.counters: dict[tuple[str, str], Noted] = {}
        self.gauges: dict[str, object] = {}
        self.value = 0

    def counter(self, _name: str, connector: str, result: str) -> "Noted":
        return self.counters.setdefault((connector, result), Noted())

    def gauge(self, name: str, value: object, connector: str) -> None:
        self.gauges[f"{name} {connector}"] = value


def row(receipts: int, orphans: int, **changed: object) -> ConnectorReceipts:
    fields = {"connector": ConnectorId("fast"), "replica": "r", "begin_ms": 0, "end_ms": 1}
    return ConnectorReceipts(**{**fields, "receipts": receipts, "orphans": orphans, **changed})  # type: ignore[arg-type]


MINUTE_MS = 60_000


def heard(*rows: ConnectorReceipts) -> tuple[list[int], dict[str, object]]:
    """How many orphans the warnings speak of, and what the gauges show then."""
    metrics = Noted()
    gauges = Gauges(metrics)  # type: ignore[arg-type]
    with capture_logs() as logs:
        for one in rows:
            gauges.hear(one)
    read = {name: value() for name, value in metrics.gauges.items() if callable(value)}
    return [line["orphans"] for line in logs if "orphans" in line], read


@pytest.mark.parametrize(
    ("joined", "orphans", "is_alarming"),
    [(990, 10, False), (989, 11, True), (0, 99, False), (98, 2, True), (99, 1, False)],
)
def test_more_than_one_in_a_hundred_is_alarming(
    joined: int, orphans: int, is_alarming: bool
) -> None:
    found, _ = heard(row(0, orphans, joined={"id": joined}))
    assert found == [orphans] * is_alarming


def test_a_burst_whose_receipts_are_orphans_in_another_window_is_alarming() -> None:
    windows = [(2000, 0), (1000, 0), (0, 2000), (0, 1000)]
    found, read = heard(*(row(receipts, orphans) for receipts, orphans in windows))
    assert found == [2000, 1000]
    assert read["sms.correlator.orphan_share fast"] == 1


def test_of_a_small_carrier_so_many_windows_are_judged_as_it_takes_but_an_hour_at_most() -> None:
    ends = [number * MINUTE_MS for number in range(1, 61)]
    few = [row(5, 5, begin_ms=end_ms - MINUTE_MS, end_ms=end_ms) for end_ms in ends]
    assert heard(*few)[0] == [100, 100, 100]
    rare = [row(1, 1, begin_ms=end_ms - MINUTE_MS, end_ms=end_ms) for end_ms in ends]
    assert heard(*rare[:59])[0] == []
    assert heard(*rare)[0] == [60]
    assert heard(rare[0], row(0, 0, begin_ms=0, end_ms=60 * MINUTE_MS))[0] == []


def test_ids_that_are_written_otherwise_are_alarming_though_all_are_joined() -> None:
    with capture_logs() as logs:
        Gauges(Noted()).hear(row(100, 0, joined={"notation": 100}, mismatches=100))  # type: ignore[arg-type]
    assert [(line["mismatches"], line["log_level"]) for line in logs] == [(100, "warning")]


def test_each_window_is_added_to_the_counters_and_what_was_judged_last_is_shown() -> None:
    metrics = Noted()
    gauges = Gauges(metrics)  # type: ignore[arg-type]
    gauges.hear(row(1000, 50, joined={"id": 940, "notation": 10}, mismatches=10))
    read = {name: value() for name, value in metrics.gauges.items() if callable(value)}
    assert read == {
        "sms.correlator.orphan_share fast": 0.05,
        "sms.correlator.mismatch fast": 1.0,
    }
    gauges.hear(row(1000, 1, joined={"id": 999}))
    found = {result: counter.value for (_, result), counter in metrics.counters.items()}
    assert (found["joined_id"], found["joined_notation"], found["orphan"]) == (1939, 10, 51)
    read = {name: value() for name, value in metrics.gauges.items() if callable(value)}
    assert read == {
        "sms.correlator.orphan_share fast": 0.001,
        "sms.correlator.mismatch fast": 0.0,
    }
