"""What went to the carriers within a time, folded from `sms.mt.event` into tables; pure.

    delivery       segments by connector and country, and what became of them
    receipt_delay  from the write of a segment to its final receipt, by connector
    cost           by connector, country and currency
    invoice        what a connector accepted, by days as its carrier counts them

The same tables as `infra/analytics/*.sql`, column by column. A segment counts once on each way that
it was written on, in the time in which it was first written there; in cost and invoice as often as
it was accepted, for the carrier bills each. Test messages are left out. Events may come in any
order and repeatedly. About 1.4 kB are kept of a message of one segment.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from pipeline.records import MtEvent

DELIVERED, UNKNOWN = "DELIVERED", "UNKNOWN"
FAILED = frozenset({"EXPIRED", "DELETED", "UNDELIVERABLE", "REJECTED"})
FINAL = FAILED | {DELIVERED, UNKNOWN}
WRITES = frozenset({"segment_accepted", "segment_unknown", "segment_rejected"})
COLUMNS = {
    "delivery": (
        *("connector", "country", "segments", "accepted", "in_doubt", "refused"),
        *("delivered", "failed", "untold"),
    ),
    "receipt_delay": ("connector", "receipts", "p50_ms", "p90_ms", "p99_ms", "max_ms"),
    "cost": ("connector", "country", "currency", "segments", "unpriced", "cost"),
    "invoice": ("connector", "day", "accepted", "in_doubt"),
}

Row = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """The time that is asked for, since 1970 UTC; its end is no part of it."""

    begin_ms: int
    end_ms: int

    def has(self, at_ms: int) -> bool:
        """Whether a moment is within."""
        return self.begin_ms <= at_ms < self.end_ms


class Acceptance(NamedTuple):
    """That a carrier took a segment; of the same segment a second one has another event_id."""

    event_id: str
    submitted_ms: int
    smsc_message_id: str | None


class Receipt(NamedTuple):
    """A final receipt; the least one is the one that counts."""

    rank: int
    at_ms: int
    state: str


class Segment(msgspec.Struct, gc=False):
    """One segment on one way; times are those of its first write with that outcome."""

    accepted: tuple[Acceptance, ...] = ()
    doubted_ms: int | None = None
    refused_ms: int | None = None
    receipt: Receipt | None = None

    @property
    def written_ms(self) -> int | None:
        """When it was first written, by the best outcome that is known."""
        if self.accepted:
            return min(one.submitted_ms for one in self.accepted)
        return self.refused_ms if self.doubted_ms is None else self.doubted_ms

    @property
    def is_in_doubt(self) -> bool:
        """Whether the carrier may have taken it, and its answer never came."""
        return not self.accepted and self.doubted_ms is not None

    @property
    def fate(self) -> str:
        """What became of it, as the column of the delivery table."""
        if not self.accepted and self.doubted_ms is None:
            return "refused"
        state = None if self.receipt is None else self.receipt.state
        return "delivered" if state == DELIVERED else "failed" if state in FAILED else "untold"


class Way(msgspec.Struct, gc=False):
    """A message on its way by one connector."""

    segments: dict[int, Segment]
    connector: str = ""
    country: str = ""
    requested_ms: int = 0
    is_routed: bool = False
    price: str | None = None
    currency: str = ""


class Written(NamedTuple):
    """A segment with what its way says."""

    message_id: str
    number: int
    way: Way
    segment: Segment
    at_ms: int


class Fold:
    """All that is known of the segments that were written within `window`."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.early: list[tuple[str, Acceptance]] = []  # by connector: just before the window
        self._ways: dict[tuple[str, int], Way] = {}

    def note(self, event: MtEvent) -> None:
        """One event, whatever it is."""
        if event.test:
            return
        if event.event == "routed":
            self._note_routed(event)
        elif event.segment is not None and event.event in WRITES:
            self._note_write(event)
        elif event.segment is not None and event.receipt_state in FINAL:
            self._note_receipt(event)

    def lacks_routed_since(self) -> int | None:
        """When the first message was asked for whose way was chosen before what was noted."""
        asked = (own.way.requested_ms for own in self.written() if not own.way.is_routed)
        return min(asked, default=None)

    def written(self) -> Iterator[Written]:
        """The segments that were first written within the window."""
        for (message_id, _), way in self._ways.items():
            for number, segment in way.segments.items():
                at_ms = segment.written_ms
                if at_ms is not None and self.window.has(at_ms):
                    yield Written(message_id, number, way, segment, at_ms)

    def all_written(self) -> Iterator[tuple[str, int, Way, Segment]]:
        """Those that were written at any time, as far as it was noted."""
        for (message_id, _), way in self._ways.items():
            for number, segment in way.segments.items():
                if segment.written_ms is not None:
                    yield message_id, number, way, segment

    def _note_routed(self, event: MtEvent) -> None:
        way = self._way(event)
        way.is_routed = True
        way.price, way.currency = event.price, event.currency or ""

    def _note_write(self, event: MtEvent) -> None:
        assert event.segment is not None  # `note` has looked
        if event.submitted_ms is None:
            return
        if event.submitted_ms < self.window.begin_ms:
            self._note_early(event, event.submitted_ms)
            return
        way = self._way(event)
        way.connector, way.country = event.connector or "", event.country or ""
        way.requested_ms = event.requested_ms
        segment = way.segments.setdefault(event.segment, Segment())
        at_ms = event.submitted_ms
        if event.event == "segment_accepted":
            own = Acceptance(event.event_id, at_ms, event.smsc_message_id)
            if own not in segment.accepted:
                segment.accepted = (*segment.accepted, own)
        elif event.event == "segment_unknown":
            segment.doubted_ms = _earlier(segment.doubted_ms, at_ms)
        else:
            segment.refused_ms = _earlier(segment.refused_ms, at_ms)

    def _note_early(self, event: MtEvent, at_ms: int) -> None:
        """What a carrier's clock may have within the window."""
        if event.event == "segment_accepted":
            own = Acceptance(event.event_id, at_ms, event.smsc_message_id)
            self.early.append((event.connector or "", own))

    def _note_receipt(self, event: MtEvent) -> None:
        assert event.segment is not None  # `note` has looked
        assert event.receipt_state is not None  # likewise
        rank = {DELIVERED: 0, UNKNOWN: 2}.get(event.receipt_state, 1)
        receipt = Receipt(rank, event.at_ms, event.receipt_state)
        segment = self._way(event).segments.setdefault(event.segment, Segment())
        segment.receipt = min(segment.receipt or receipt, receipt)

    def _way(self, event: MtEvent) -> Way:
        key = (event.message_id, event.hop or 0)
        way = self._ways.get(key)
        if way is None:
            way = self._ways[key] = Way({})
        return way


def tables(fold: Fold, zones: Mapping[str, ZoneInfo]) -> dict[str, list[Row]]:
    """Every table of COLUMNS, its rows in order; a connector without a zone counts by UTC."""
    return {
        "delivery": list(_delivery(fold)),
        "receipt_delay": list(_receipt_delay(fold)),
        "cost": list(_cost(fold)),
        "invoice": list(_invoice(fold, zones)),
    }


def _delivery(fold: Fold) -> Iterator[Row]:
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for own in fold.written():
        of = counts[own.way.connector, own.way.country]
        of["segments"] += 1
        of["accepted"] += bool(own.segment.accepted)
        of["in_doubt"] += own.segment.is_in_doubt
        of[own.segment.fate] += 1
    for where, of in sorted(counts.items()):
        yield (*where, *(of[column] for column in COLUMNS["delivery"][2:]))


def delays_ms(fold: Fold) -> dict[str, list[int]]:
    """From write to final receipt, sorted, by connector."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for own in fold.written():
        if own.segment.receipt is not None and own.segment.fate != "refused":
            found[own.way.connector].append(own.segment.receipt.at_ms - own.at_ms)
    return {connector: sorted(delays) for connector, delays in sorted(found.items())}


def quantile(values: Sequence[int], level: float) -> int:
    """Of sorted `values` the one at `level` of their number, as ClickHouse's quantileExact."""
    return values[min(len(values) - 1, int(level * len(values)))]


def _receipt_delay(fold: Fold) -> Iterator[Row]:
    for connector, delays in delays_ms(fold).items():
        levels = (quantile(delays, level) for level in (0.5, 0.9, 0.99))
        yield (connector, len(delays), *levels, delays[-1])


def _cost(fold: Fold) -> Iterator[Row]:
    counts: Counter[tuple[str, str, str]] = Counter()
    unpriced: Counter[tuple[str, str, str]] = Counter()
    sums: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for own in fold.written():
        if times := len(own.segment.accepted):
            key = (own.way.connector, own.way.country, own.way.currency)
            counts[key] += times
            unpriced[key] += times if own.way.price is None else 0
            sums[key] += Decimal(own.way.price or 0) * times
    for key, count in sorted(counts.items()):
        yield (*key, count, unpriced[key], plain(sums[key]))


def plain(number: Decimal) -> str:
    """A decimal number without an exponent and without zeros that say nothing."""
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def day_of(at_ms: int, zone: ZoneInfo | None) -> str:
    """The date, as the clocks of a zone have it; of UTC without one."""
    return datetime.fromtimestamp(at_ms / 1000, zone or UTC).date().isoformat()


def _invoice(fold: Fold, zones: Mapping[str, ZoneInfo]) -> Iterator[Row]:
    accepted: Counter[tuple[str, str]] = Counter()
    in_doubt: Counter[tuple[str, str]] = Counter()
    for _, _, way, segment in fold.all_written():
        zone = zones.get(way.connector)
        for one in segment.accepted:
            if fold.window.has(one.submitted_ms):
                accepted[way.connector, day_of(one.submitted_ms, zone)] += 1
        doubted_ms = segment.doubted_ms
        if segment.is_in_doubt and doubted_ms is not None and fold.window.has(doubted_ms):
            in_doubt[way.connector, day_of(doubted_ms, zone)] += 1
    for key in sorted(accepted.keys() | in_doubt.keys()):
        yield (*key, accepted[key], in_doubt[key])


def _earlier(known_ms: int | None, told_ms: int) -> int:
    return told_ms if known_ms is None else min(known_ms, told_ms)
