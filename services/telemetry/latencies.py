"""How long steps take, by connector, class and country, of the last five minutes; pure.

A latency is counted in a bucket, each a seventh wider than the one before, so that a percentile is
told without sorting and at most ERROR_MAX off.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from pipeline.records import MtEvent
from services.telemetry.snapshot import Latency
from services.telemetry.windows import Window

REQUEST_TO_SUBMIT = "request_to_submit"
SUBMIT_TO_ANSWER = "submit_to_answer"
REQUEST_TO_RECEIPT = "request_to_receipt"
SUBMIT_TO_RECEIPT = "submit_to_receipt"
STEPS = REQUEST_TO_SUBMIT, SUBMIT_TO_ANSWER, REQUEST_TO_RECEIPT, SUBMIT_TO_RECEIPT
GROWTH = 1.15
ERROR_MAX = GROWTH**0.5 - 1
KINDS_MAX = 1000  # beyond it a new country is one of the others
ROWS_MAX = 60
OTHER = "other"
NONE = ""  # a number of no country
_PER_BUCKET = 1 / math.log(GROWTH)
G = TypeVar("G", bound=Hashable)


class Kind(NamedTuple):
    """What is measured apart."""

    step: str
    connector: str
    class_: str
    country: str


class Latencies:
    """Notes each step of a message, tells percentiles."""

    def __init__(self) -> None:
        self._window: Window[tuple[Kind, int]] = Window()
        self._kinds: set[Kind] = set()

    def note(self, event: MtEvent, at_ms: int) -> None:
        """Take an event that Kafka has had since `at_ms`; most say nothing about a step."""
        if event.event == "segment_accepted" and event.submitted_ms is not None:
            self._add(REQUEST_TO_SUBMIT, event, event.submitted_ms - event.requested_ms, at_ms)
            self._add(SUBMIT_TO_ANSWER, event, event.at_ms - event.submitted_ms, at_ms)
        elif event.event == "receipt":
            self._add(REQUEST_TO_RECEIPT, event, event.at_ms - event.requested_ms, at_ms)
            if event.submitted_ms is not None:
                self._add(SUBMIT_TO_RECEIPT, event, event.at_ms - event.submitted_ms, at_ms)

    def roll(self, now_ms: int) -> None:
        """Forget what is no longer lately."""
        if self._window.roll(now_ms):
            self._kinds = {kind for kind, _ in self._window.counts}

    def by(self, group: Callable[[Kind], G]) -> dict[G, Counter[int]]:
        """How often each bucket was met, over all kinds that are one to `group`."""
        found: dict[G, Counter[int]] = {}
        for (kind, bucket), count in self._window.counts.items():
            found.setdefault(group(kind), Counter())[bucket] += count
        return found

    def rows(self) -> tuple[Latency, ...]:
        """The kinds that are met most."""
        found = {kind: (counts.total(), counts) for kind, counts in self.by(lambda k: k).items()}
        often = sorted(found, key=lambda kind: (-found[kind][0], kind))[:ROWS_MAX]
        return tuple(_row(kind, *found[kind]) for kind in often)

    def _add(self, step: str, event: MtEvent, ms: int, at_ms: int) -> None:
        kind = Kind(step, event.connector or "", event.class_, event.country or NONE)
        if kind not in self._kinds:
            if len(self._kinds) >= KINDS_MAX:
                kind = kind._replace(country=OTHER)
            self._kinds.add(kind)
        self._window.note((kind, bucket_of(ms)), at_ms)


def bucket_of(ms: int) -> int:
    """Where a latency is counted; what clocks make negative is none."""
    return 1 + int(math.log(ms) * _PER_BUCKET) if ms > 0 else 0


def percentiles(counts: Mapping[int, int], percents: Iterable[int]) -> list[int]:
    """The nearest-rank percentiles (1..100, rising) in ms; `counts` is by bucket, not empty."""
    total = sum(counts.values())
    ranks = [max(1, -(-total * percent // 100)) for percent in percents]
    found: list[int] = []
    below = 0
    for bucket in sorted(counts):
        below += counts[bucket]
        while len(found) < len(ranks) and below >= ranks[len(found)]:
            found.append(round(GROWTH ** (bucket - 0.5)) if bucket else 0)
    return found


def _row(kind: Kind, total: int, counts: Mapping[int, int]) -> Latency:
    p50, p95, p99 = percentiles(counts, (50, 95, 99))
    return Latency(
        step=kind.step,
        connector=kind.connector,
        class_=kind.class_,
        country=kind.country,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        count=total,
    )
