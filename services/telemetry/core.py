"""What telemetry makes of the public topics: counts and latencies, pure."""

from collections import Counter, deque
from collections.abc import Iterable

from pipeline.records import Dlr, Mo, MtEvent, Record


class Summary:
    """Running totals since the process started, and the newest latencies.

    What test tenants do is in `tests`, a summary of its own, and nowhere else.
    """

    def __init__(self, latencies_max: int, *, is_of_tests: bool = False) -> None:
        self.tests = None if is_of_tests else Summary(latencies_max, is_of_tests=True)
        self.events: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.by_connector: Counter[tuple[str, str]] = Counter()
        self.receipts_joined = 0
        self.receipts_orphaned = 0
        self.mo = 0
        self.latency_ms: dict[str, deque[int]] = {
            "request_to_submit": deque(maxlen=latencies_max),
            "request_to_receipt": deque(maxlen=latencies_max),
        }

    def note(self, record: Record) -> None:
        """Take one record of a public topic."""
        if self.tests is not None and getattr(record, "test", False):
            self.tests.note(record)
            return
        match record:
            case MtEvent():
                self._note_event(record)
            case Dlr(message_id=None):
                self.receipts_orphaned += 1
            case Dlr():
                self.receipts_joined += 1
            case Mo():
                self.mo += 1

    def _note_event(self, event: MtEvent) -> None:
        self.events[event.event] += 1
        self.by_connector[event.event, event.connector or ""] += 1
        if event.terminal:
            self.outcomes[event.state] += 1
        if event.event == "segment_accepted" and event.submitted_ms is not None:
            self.latency_ms["request_to_submit"].append(event.submitted_ms - event.requested_ms)
        elif event.event == "receipt":
            self.latency_ms["request_to_receipt"].append(event.at_ms - event.requested_ms)

    def as_dict(self) -> dict[str, object]:
        """The whole summary as plain values, latencies in milliseconds."""
        return {
            "events": dict(self.events),
            "outcomes": dict(self.outcomes),
            "receipts_joined": self.receipts_joined,
            "receipts_orphaned": self.receipts_orphaned,
            "mo": self.mo,
            "latency_ms": {
                step: {"p50": percentile(values, 50), "p99": percentile(values, 99)}
                for step, values in self.latency_ms.items()
            },
        } | ({} if self.tests is None else {"tests": self.tests.as_dict()})


def percentile(values: Iterable[int], percent: int) -> int | None:
    """The nearest-rank percentile (1..100) of `values`; None when there are none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
