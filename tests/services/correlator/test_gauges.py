"""Too many orphans in a window are alarming, few receipts are not."""

import pytest
from structlog.testing import capture_logs

from pipeline.ids import ConnectorId
from pipeline.records import ConnectorReceipts
from services.correlator.gauges import Gauges, is_alarming, orphan_share


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
    return ConnectorReceipts(**fields, receipts=receipts, orphans=orphans, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("receipts", "orphans", "expected"),
    [(1000, 10, False), (1000, 11, True), (99, 99, False), (100, 2, True), (0, 5, False)],
)
def test_more_than_one_in_a_hundred_is_alarming(
    receipts: int, orphans: int, expected: bool
) -> None:
    assert is_alarming(row(receipts, orphans)) == expected


def test_each_window_is_added_to_the_counters_and_the_last_is_shown() -> None:
    metrics = Noted()
    gauges = Gauges(metrics)  # type: ignore[arg-type]
    with capture_logs() as logs:
        gauges.hear(row(1000, 50, joined={"id": 940, "notation": 10}, mismatches=10))
        gauges.hear(row(1000, 1, joined={"id": 999}))
    assert [line["orphans"] for line in logs] == [50]
    found = {result: counter.value for (_, result), counter in metrics.counters.items()}
    assert (found["joined_id"], found["joined_notation"], found["orphan"]) == (1939, 10, 51)
    read = {name: value() for name, value in metrics.gauges.items() if callable(value)}
    assert read == {
        "sms.correlator.orphan_share fast": 0.001,
        "sms.correlator.mismatch fast": 0.0,
    }
    assert orphan_share(row(0, 3)) == 3
