"""What went to the carriers within a time, folded from `sms.mt.event` into tables; pure.

    delivery       segments by connector and country, and what became of them
    receipt_delay  from the write of a segment to its final receipt, by connector
    cost           by connector, country and currency
    invoice        what a connector accepted, by days as its carrier counts them

The same tables as `infra/analytics/*.sql`, column by column. A segment counts once on each way that
it was written on, in the time in which it was first written there; in cost and invoice as often as
it was accepted, for the carrier bills each. Of a segment whose binder died before it could say
whether it was written, the doubt has the moment at which that was told. Test messages are left out,
events may come in any order and repeatedly. About 1.4 kB are kept of a message of one segment.
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
CLOCKS_MS = 300_000  # a clock may be so far from another one
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


class Doubt(NamedTuple):
    """That nobody knows of a write; `is_guess`: nor when it was, but when that was told."""

    at_ms: int
    is_guess: bool


class Segment(msgspec.Struct, gc=False):
    """One segment on one way; times are those of its first write with that outcome."""

    accepted: tuple[Acceptance, ...] = ()
    doubt: Doubt | None = None
    refused_ms: int | None = None
    receipt: Receipt | None = None

    @property
    def written_ms(self) -> int | None:
        """When it was first written, by the best outcome that is known."""
        if self.accepted:
            return min(one.submitted_ms for one in self.accepted)
        return self.refused_ms if self.doubt is None else self.doubt.at_ms

    @property
    def is_in_doubt(self) -> bool:
        """Whether the carrier may have taken it, and no answer ever came."""
        return not self.accepted and self.doubt is not None

    @property
    def is_timed(self) -> bool:
        """Whether it is known when it was written."""
        return bool(self.accepted) or self.doubt is None or not self.doubt.is_guess

    @property
    def fate(self) -> str:
        """What became of it, as the column of the delivery table."""
        if not self.accepted and self.doubt is None:
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


class Early(NamedTuple):
    """What was accepted just before the window: a carrier's clock may have it within."""

    connector: str
    message_id: str
    number: int
    acceptance: Acceptance


class Fold:
    """All that is known of the segments that were written within `window`."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.early: list[Early] = []
        self._ways: dict[tuple[str, int], Way] = {}

    def note(self, event: MtEvent) -> None:
        """One event, whatever it is."""
        if event.test or event.requested_ms > self.window.end_ms + CLOCKS_MS:
            return  # what was asked for later was not written within
        if event.event == "routed":
            self._note_routed(event)
        elif event.segment is not None and event.event in WRITES:
            self._note_write(event)
        elif event.segment is not None and event.receipt_state in FINAL:
            self._note_receipt(event)

    def note_earlier(self, event: MtEvent) -> None:
        """One that stands before what was noted: of a way that is known, how it was chosen."""
        if event.event == "routed" and (event.message_id, event.hop or 0) in self._ways:
            self.note(event)

    @property
    def kept(self) -> int:
        """How many ways of messages it keeps."""
        return len(self._ways)

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
        is_guess = event.submitted_ms is None and event.event == "segment_unknown"
        at_ms = event.at_ms if is_guess else event.submitted_ms
        if at_ms is None:
            return
        if at_ms < self.window.begin_ms:
            self._note_early(event, at_ms)
            return
        way = self._way(event)
        way.connector, way.country = event.connector or "", event.country or ""
        way.requested_ms = event.requested_ms
        segment = way.segments.setdefault(event.segment, Segment())
        if event.event == "segment_accepted":
            own = Acceptance(event.event_id, at_ms, event.smsc_message_id)
            if own not in segment.accepted:
                segment.accepted = (*segment.accepted, own)
        elif event.event == "segment_unknown":
            doubt = Doubt(at_ms, is_guess)
            segment.doubt = min(segment.doubt or doubt, doubt)
        else:
            segment.refused_ms = min(segment.refused_ms or at_ms, at_ms)

    def _note_early(self, event: MtEvent, at_ms: int) -> None:
        if event.event == "segment_accepted" and event.segment is not None:
            own = Acceptance(event.event_id, at_ms, event.smsc_message_id)
            place = (event.connector or "", event.message_id, event.segment)
            self.early.append(Early(*place, own))

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
        is_known = own.segment.is_timed and own.segment.fate != "refused"
        if own.segment.receipt is not None and is_known:
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
        doubt = segment.doubt
        if segment.is_in_doubt and doubt is not None and fold.window.has(doubt.at_ms):
            in_doubt[way.connector, day_of(doubt.at_ms, zone)] += 1
    for key in sorted(accepted.keys() | in_doubt.keys()):
        yield (*key, accepted[key], in_doubt[key])
