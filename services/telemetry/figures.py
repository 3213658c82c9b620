"""All that is to be seen at a glance, put together of what has modules of its own; pure.

Test tenants have a funnel of their own and are counted in nothing else.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline import masking, topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.records import Dlr, Mo, MtEvent, VoteTally
from services.telemetry import snapshot
from services.telemetry.alarms import Alarms
from services.telemetry.connectors import Connectors
from services.telemetry.funnel import STAGES, Stage, States
from services.telemetry.heard import Heard, Moved
from services.telemetry.latencies import (
    SUBMIT_TO_ANSWER,
    SUBMIT_TO_RECEIPT,
    Latencies,
    percentiles,
)
from services.telemetry.reasons import in_words, of_event
from services.telemetry.slo import Slo
from services.telemetry.snapshot import ROWS_MAX, Snapshot
from services.telemetry.view import Count, Unsent
from services.telemetry.windows import Rates, Window

LOST = Stage.FAILED | Stage.UNKNOWN | Stage.EXPIRED
REQUESTED, SUBMITTED, DELIVERED, MO = "requested", "submitted", "delivered", "mo"
JOINED, ORPHANED, ARRIVED, ENDED = "joined", "orphaned", "arrived", "ended"


class Around(NamedTuple):
    """What is known from elsewhere than the records: asked of Kafka and of the view."""

    groups: tuple[snapshot.Group, ...]
    letters: Mapping[str, int]
    behind: int
    unsent: Sequence[Unsent]


class Figures:
    """Takes what is heard; who looks, gets a snapshot."""

    def __init__(self, config: Config, capacity: Capacity, counts: Iterable[Count] = ()) -> None:
        self.states = States(counts)
        self.latencies = Latencies()
        self.connectors = Connectors()
        self.slo = Slo()
        self.outcomes: Counter[tuple[str, str]] = Counter()  # by state and lane
        self._read_ms: dict[int, int] = {}  # by partition: when Kafka had the newest event read
        self._config = config
        self._capacity = capacity
        self._alarms = Alarms()
        self._rates: Rates[tuple[str, str]] = Rates()
        self._receipts: Window[tuple[str, str]] = Window()  # by what became of it and connector
        self._failures: deque[snapshot.Failure] = deque(maxlen=ROWS_MAX)
        self._mo: deque[snapshot.Inbound] = deque(maxlen=ROWS_MAX)
        self._tallies: dict[str, VoteTally] = {}

    def heard(self, batch: Sequence[Heard], moved: Sequence[Moved], now_ms: int) -> None:
        """Take them."""
        now_s = now_ms // 1000
        for one in batch:
            if one.topic == topics.MT_EVENT:
                self._read_ms[one.partition] = one.at_ms
            if not getattr(one.record, "test", False):
                self._note(one, now_s)
        for move in moved:
            self.states.move(move)
            self.slo.move(move)
            if not move.test:
                self._moved(move, now_s)

    def put_tally(self, key: str, tally: VoteTally | None) -> None:
        """What a partition has counted of a vote."""
        if tally is None or tally.test:
            self._tallies.pop(key, None)
        else:
            self._tallies[key] = tally

    def read_to_ms(self, unread: Collection[int], now_ms: int) -> int | None:
        """Up to when all events have been read, if there are more in the partitions `unread`; None
        while nothing has been read of one of them."""
        if any(partition not in self._read_ms for partition in unread):
            return None
        return min([now_ms, *(self._read_ms[partition] for partition in unread)])

    def is_hindered(self, connector: str | None, now_ms: int) -> bool:
        """Whether what waits for a connector waits for its carrier."""
        if connector not in self._config.connectors:
            return False
        return self.connectors.standing(ConnectorId(connector), now_ms).is_hindered

    def roll(self, now_ms: int) -> None:
        """Forget what is no longer lately."""
        self.latencies.roll(now_ms)
        self._receipts.roll(now_ms)

    def look(self, now_ms: int, around: Around, uptime_s: float) -> Snapshot:
        """All of it."""
        now_s = now_ms // 1000
        connectors = self._cards(now_ms, around.unsent)
        letters = tuple(
            snapshot.Letters(topic=topic, open=count)
            for topic, count in sorted(around.letters.items())
            if count
        )
        return Snapshot(
            at_ms=now_ms,
            funnel=self.states.funnel(),
            rates=snapshot.Rates(
                requested_per_s=self._rates.points((REQUESTED, ""), now_s),
                submitted_per_s=self._rates.points((SUBMITTED, ""), now_s),
                delivered_per_s=self._rates.points((DELIVERED, ""), now_s),
                mo_per_s=self._rates.points((MO, ""), now_s),
            ),
            connectors=connectors,
            groups=around.groups,
            latency=self.latencies.rows(),
            failures=tuple(reversed(self._failures)),
            mo=tuple(reversed(self._mo)),
            votes=self._votes(),
            letters=letters,
            alerts=self._alarms.told(connectors, letters, around.unsent, around.behind, now_ms),
            tests=snapshot.OfTests(funnel=self.states.funnel(test=True)),
            build=snapshot.Build(uptime_s=round(uptime_s, 1), behind=around.behind),
        )

    def _note(self, one: Heard, now_s: int) -> None:
        match one.record:
            case MtEvent() as event:
                self.latencies.note(event, one.at_ms)
                self._note_event(event, one.at_ms, now_s)
            case Dlr(message_id=None, connector=connector):
                self._receipts.note((ORPHANED, connector), one.at_ms)
            case Dlr(connector=connector):
                self._receipts.note((JOINED, connector), one.at_ms)
            case Mo() as mo:
                self._rates.note((MO, ""), now_s)
                self._mo.append(_inbound(mo))

    def _note_event(self, event: MtEvent, at_ms: int, now_s: int) -> None:
        stage = STAGES.get(event.state, Stage.OPEN)
        if event.event.startswith("segment_") and event.submitted_ms is not None:
            self._rates.note((SUBMITTED, ""), now_s)
            self._rates.note((SUBMITTED, event.connector or ""), now_s)
        if event.terminal and event.connector and Stage.SUBMITTED in stage:
            self._receipts.note((ENDED, event.connector), at_ms)
            if Stage.DELIVERED in stage:
                self._receipts.note((ARRIVED, event.connector), at_ms)
        if event.terminal and stage & LOST:
            self._failures.append(_failure(event))

    def _moved(self, moved: Moved, now_s: int) -> None:
        stage = STAGES.get(moved.after, Stage.OPEN)
        if moved.before is None:
            self._rates.note((REQUESTED, ""), now_s)
        if Stage.DELIVERED in stage:
            self._rates.note((DELIVERED, ""), now_s)
        if Stage.OPEN not in stage:
            self.outcomes[moved.after, moved.lane] += 1

    def _cards(self, now_ms: int, unsent: Sequence[Unsent]) -> tuple[snapshot.Connector, ...]:
        times = self.latencies.by(lambda kind: (kind.step, kind.connector))
        return tuple(
            self._card(ConnectorId(name), now_ms, times, unsent) for name in self._config.connectors
        )

    def _card(
        self,
        name: ConnectorId,
        now_ms: int,
        times: Mapping[tuple[str, str], Counter[int]],
        unsent: Sequence[Unsent],
    ) -> snapshot.Connector:
        own, now = self._config.connectors[name], self.connectors.standing(name, now_ms)
        filled = self._capacity.filled(name)
        answer = _middle_and_worst(times.get((SUBMIT_TO_ANSWER, name)))
        delivery = _middle_and_worst(times.get((SUBMIT_TO_RECEIPT, name)))
        due_ms = [one.oldest_due_ms for one in unsent if one.connector == name]
        return snapshot.Connector(
            name=name,
            state=now.state,
            stop=now.stop,
            binds=now.binds,
            binds_wanted=own.binds,
            receivers=now.receivers,
            receivers_wanted=0 if own.receiver is None else own.receiver.binds,
            in_flight=now.in_flight,
            window=now.window,
            rate_per_s=round(now.rate_per_s, 1),
            contract_per_s=now.contract_per_s or self._capacity.contract_per_s(name),
            submitted_per_s=self._rates.per_s((SUBMITTED, name), now_ms // 1000),
            queued=None if filled is None else filled.queued,
            queue_limit=None if filled is None else int(filled.limit),
            waiting=self._capacity.waiting(name),
            age_s=max(0.0, round((now_ms - min(due_ms)) / 1000, 1)) if due_ms else None,
            statuses=now.statuses,
            answer_p50_ms=answer[0],
            answer_p99_ms=answer[1],
            delivery_p50_ms=delivery[0],
            delivery_p99_ms=delivery[1],
            delivery_rate=self._share(name, ARRIVED, ENDED),
            orphan_share=self._share(name, ORPHANED, ORPHANED, JOINED),
        )

    def _share(self, name: str, part: str, *whole: str) -> float | None:
        total = sum(self._receipts.counts[kind, name] for kind in whole)
        return round(self._receipts.counts[part, name] / total, 6) if total else None

    def _votes(self) -> tuple[snapshot.Vote, ...]:
        votes: dict[str, Counter[str]] = {}
        for tally in list(self._tallies.values()):
            votes.setdefault(tally.vote, Counter()).update(tally.counts)
        return tuple(
            snapshot.Vote(name=name, counts=dict(sorted(counts.items())))
            for name, counts in sorted(votes.items())
        )


def _middle_and_worst(counts: Counter[int] | None) -> tuple[int | None, int | None]:
    if not counts:
        return None, None
    p50, p99 = percentiles(counts, (50, 99))
    return p50, p99


def _failure(event: MtEvent) -> snapshot.Failure:
    return snapshot.Failure(
        at_ms=event.at_ms,
        message_id=event.message_id,
        connector=event.connector,
        words=of_event(event) or in_words(event.state),
    )


def _inbound(mo: Mo) -> snapshot.Inbound:
    return snapshot.Inbound(
        at_ms=mo.received_ms,
        mo_id=mo.mo_id,
        connector=mo.connector,
        sender=masking.number(mo.sender),
        receiver=masking.number(mo.receiver),
        keyword=mo.keyword,
        vote=mo.vote,
        complete=mo.complete,
    )
