"""How long each message took, exactly, for the judgement of a run; pure."""

from collections.abc import Iterable

from pipeline.records import MtEvent


class Durations:
    """Notes events, tells percentiles in milliseconds."""

    def __init__(self) -> None:
        self._ms: dict[str, list[int]] = {"request_to_submit": [], "request_to_receipt": []}

    def note(self, event: MtEvent) -> None:
        """Take one event; those of test tenants do not count."""
        if event.test:
            return
        if event.event == "segment_accepted" and event.submitted_ms is not None:
            self._ms["request_to_submit"].append(event.submitted_ms - event.requested_ms)
        elif event.event == "receipt":
            self._ms["request_to_receipt"].append(event.at_ms - event.requested_ms)

    def as_dict(self) -> dict[str, dict[str, int | None]]:
        """Median and 99th percentile of each step."""
        return {
            step: {"p50": percentile(values, 50), "p99": percentile(values, 99)}
            for step, values in self._ms.items()
        }


def percentile(values: Iterable[int], percent: int) -> int | None:
    """The nearest-rank percentile (1..100) of `values`; None when there are none."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
