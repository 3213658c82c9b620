"""How the receipts of each connector find their segments, window by window, pure.

Counted as it is decided, in one correlator process. A window is published by the first record after
its end, in the transaction of that record. A crash loses the window that was open; a transaction
that came to nothing may have been counted.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeline import topics
from pipeline.effects import Effect, KeyEntries, Publish
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorReceipts
from services.correlator.carriers import Carriers

RESULTS = (
    "receipts",
    "parked",
    "orphans",
    "repaired",
    "foreign",
    "repeats",
    "collisions",
    "mismatches",
)
MISMATCHES = frozenset({"notation", "affix"})  # ways that a right profile would have spared
DECIDED_MIN = 100  # receipts that were joined or given up; of fewer a share says little
SHARE_MAX = 0.01


def is_too_much(count: int, decided: int) -> bool:
    """Whether so many of the receipts whose waiting is over are more than chance, and than 1 %."""
    return count > max(1, SHARE_MAX * decided)


@dataclass(slots=True)
class Counts:
    """What has happened to the receipts of one connector."""

    results: Counter[str] = field(default_factory=Counter)
    joined: Counter[str] = field(default_factory=Counter)
    learnt: str | None = None


class Windows:
    """The window that is open, by connector."""

    def __init__(self, replica: str, window_ms: int) -> None:
        self._replica = replica
        self._window_ms = window_ms
        self._begin_ms = 0
        self._counts: dict[ConnectorId, Counts] = {}

    def of(self, connector: ConnectorId) -> Counts:
        """What is counted of a connector."""
        counts = self._counts.get(connector)
        if counts is None:
            counts = self._counts[connector] = Counts()
        return counts

    def closed(self, carriers: Carriers, now_ms: int) -> list[ConnectorReceipts]:
        """The rows of the window that is over at `now_ms`; a new one begins then."""
        begin_ms = now_ms - now_ms % self._window_ms
        if begin_ms <= self._begin_ms:
            return []
        rows = [self._row(*each, carriers) for each in self._counts.items()]
        self._begin_ms, self._counts = begin_ms, {}
        return rows

    def _row(self, connector: ConnectorId, counts: Counts, carriers: Carriers) -> ConnectorReceipts:
        in_response, in_receipt = carriers.of(connector).declared
        return ConnectorReceipts(
            connector=connector,
            replica=self._replica,
            begin_ms=self._begin_ms,
            end_ms=self._begin_ms + self._window_ms,
            joined=dict(counts.joined),
            id_in_response=in_response,
            id_in_receipt=in_receipt,
            learnt=counts.learnt,
            **{name: counts.results[name] for name in RESULTS},
        )


class Core(Protocol):
    """A correlator that counts into windows."""

    carriers: Carriers

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`."""


class CountingCorrelator:
    """A correlator that also publishes how the receipts do."""

    def __init__(
        self, core: Core, windows: Windows, hear: Callable[[ConnectorReceipts], None]
    ) -> None:
        """`hear` is told each window that is over."""
        self._core = core
        self._windows = windows
        self._hear = hear

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What the correlator decides, and the window that is over."""
        rows = self._windows.closed(self._core.carriers, now_ms)
        decided = self._core.decide(state, record, now_ms)
        for row in rows:
            self._hear(row)
        told = [Publish(topics.RECEIPT_QUALITY, f"{r.connector}/{r.replica}", r) for r in rows]
        return [*decided, *told] if told else decided
