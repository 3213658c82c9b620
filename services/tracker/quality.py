"""How connectors do, window by window: counted from the events of one tracker process, pure.

What ends a segment is counted when its event is published. A window is published by the first fact
after its end, in the transaction of that fact; all that it counts was committed before or is
committed with it. A crash loses the window that was open. Only when a partition is taken away from
a process that lives on are facts counted twice: those of one transaction that came to nothing.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from pipeline import topics
from pipeline.countries import country_of
from pipeline.effects import Effect, Entries, Publish
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorQuality, MtEvent
from services.tracker.core import Tracker, TrackerRecord
from services.tracker.facts import DLR_TIMEOUT
from services.tracker.ways import NO_RECEIPT

LATENCIES_MAX = 2000  # of what is counted apart; of more, those are enough

REFUSAL = "segment_rejected"

# Event, and receipt or what none of them means: what is one more.
COUNTED: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("segment_accepted", None): ("submitted",),
    (REFUSAL, None): ("submitted", "failed"),
    ("receipt", "DELIVERED"): ("delivered",),
    ("receipt", "EXPIRED"): ("failed",),
    ("receipt", "DELETED"): ("failed",),
    ("receipt", "UNDELIVERABLE"): ("failed",),
    ("receipt", "REJECTED"): ("failed",),
    ("receipt", "UNKNOWN"): ("failed",),
    (DLR_TIMEOUT, NO_RECEIPT): ("failed",),
    (DLR_TIMEOUT, "silence:delivered"): ("delivered",),
}


class Where(NamedTuple):
    """What is counted apart."""

    connector: ConnectorId
    country: str
    tenant: str | None = None
    """None for what all of them do."""

    def key(self, replica: str) -> str:
        """Of its record in `sms.quality`."""
        return "/".join(filter(None, (self.connector, self.country, self.tenant, replica)))


@dataclass(slots=True)
class Counts:
    """What has happened within one window."""

    submitted: int = 0
    delivered: int = 0
    failed: int = 0
    latencies_ms: list[int] = field(default_factory=list)
    """In ascending order."""


class Windows:
    """The window that is open: by connector and country, of all tenants and of each."""

    def __init__(self, replica: str, window_ms: int) -> None:
        self._replica = replica
        self._window_ms = window_ms
        self._begin_ms = 0
        self._counts: dict[Where, Counts] = {}

    def note(self, event: MtEvent) -> None:
        """Count what an event says of a connector; tests and numbers of no country are left out."""
        said = event.reason if event.event == DLR_TIMEOUT else event.receipt_state
        counted = COUNTED.get((event.event, said))
        if counted is None or event.test or event.connector is None or event.recipient is None:
            return
        if event.event == REFUSAL and event.command_status is None:
            return  # a last look of ours, such as at an opt-out: no SMSC was asked
        country = country_of(event.recipient)
        if country is None:
            return
        for tenant in (None, event.tenant):
            where = Where(event.connector, country, tenant)
            _count(self._counts.setdefault(where, Counts()), counted, event)

    def closed(self, now_ms: int) -> list[Effect]:
        """The records of the window that is over at `now_ms`; a new one begins then."""
        begin_ms = now_ms - now_ms % self._window_ms
        if begin_ms <= self._begin_ms:
            return []
        effects: list[Effect] = [
            Publish(topics.QUALITY, where.key(self._replica), self._row(where, counts))
            for where, counts in self._counts.items()
        ]
        self._begin_ms, self._counts = begin_ms, {}
        return effects

    def _row(self, where: Where, counts: Counts) -> ConnectorQuality:
        return ConnectorQuality(
            connector=where.connector,
            country=where.country,
            tenant=where.tenant,
            replica=self._replica,
            begin_ms=self._begin_ms,
            end_ms=self._begin_ms + self._window_ms,
            submitted=counts.submitted,
            delivered=counts.delivered,
            failed=counts.failed,
            latency_median_ms=_percentile(counts.latencies_ms, 50),
            latency_p90_ms=_percentile(counts.latencies_ms, 90),
        )


def _count(counts: Counts, counted: Sequence[str], event: MtEvent) -> None:
    for name in counted:
        setattr(counts, name, getattr(counts, name) + 1)
    is_timed = event.receipt_state == "DELIVERED" and event.submitted_ms is not None
    if is_timed and len(counts.latencies_ms) < LATENCIES_MAX:
        insort(counts.latencies_ms, max(0, event.at_ms - (event.submitted_ms or 0)))


class MeasuringTracker:
    """A tracker that also counts how the connectors do."""

    def __init__(self, tracker: Tracker, windows: Windows) -> None:
        self._tracker = tracker
        self._windows = windows

    def decide(self, state: Entries, record: TrackerRecord, now_ms: int) -> list[Effect]:
        """What the tracker decides, and the window that is over."""
        effects = self._windows.closed(now_ms)
        decided = self._tracker.decide(state, record, now_ms)
        for effect in decided:
            if isinstance(effect, Publish) and isinstance(effect.record, MtEvent):
                self._windows.note(effect.record)
        return [*decided, *effects]


def _percentile(in_order: Sequence[int], percent: int) -> int | None:
    """The nearest rank (1..100); None of nothing."""
    return in_order[max(0, ceil(len(in_order) * percent / 100) - 1)] if in_order else None
