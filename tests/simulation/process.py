"""A binder process without its sockets and threads: the real engine, leases and offsets on ports.

What `services/binder/shell.py` does with Kafka's client and asyncio is done here with the virtual
broker and clock, step for step.
"""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from pipeline.ids import ConnectorId
from pipeline.records import MtSubmit, MtSubmitted, Stop
from pipeline.stops import Cancels, Stops
from services.binder import core
from services.binder.circuit import Circuit
from services.binder.core import Outcome, Position, Segment
from services.binder.engine import FAR_AWAY, Engine, Moment, Wire
from services.binder.lanes import Lanes
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker, doubtful_before, output_position
from services.binder.opt_outs import OptOuts
from services.binder.outputs import Known
from services.binder.rates import Rate
from services.binder.turns import OneByOne, Turns
from tests.simulation.broker import SESSION_S, Broker, Key
from tests.simulation.carrier import Carrier, Line
from tests.simulation.clock import Clock

CONNECTOR = ConnectorId("c")
WINDOW = 5
UNCONFIRMED_PER_WINDOW = 2
QUEUE_MAX = 60
KAFKA_S = (0.002, 0.03)
COMMIT_EVERY_S = 0.2
SWEEP_EVERY_S = 1.0
FENCE_AFTER_S = 3.0
DRAIN_S = 10.0
RESPONSE_S = 8.0
REBIND_S = 1.0
RETRY_IN_PLACE_S, POSTPONE_S = 3.0, 4.0


class Process:
    """One replica; also a `Member` of the group and the engine's `Outcomes`."""

    def __init__(
        self,
        name: str,
        clock: Clock,
        broker: Broker,
        carrier: Carrier,
        dice: Random,
        rate: Rate,
        opt_outs: OptOuts,
        make_turns: Callable[[Lanes], Turns | None],
        cancels: Cancels | None = None,
    ) -> None:
        self.resent = 0  # segments whose fate was not known and that may be written again
        self.unconfirmed_peak = 0
        self.abreast_peak = 0  # segments in flight to one recipient
        self.is_dead = False
        self._name = name
        self._clock = clock
        self._broker = broker
        self._carrier = carrier
        self._dice = dice
        self._leases: dict[Key, Lease] = {}
        self._fetched: dict[Key, int] = {}
        self._lines: dict[int, Line] = {}
        self._backlog: deque[Callable[[], None]] | None = None  # while frozen
        self._append_at = 0.0
        self._told_at = 0.0
        self._cut_off_at = FAR_AWAY  # what was to be appended later is lost with the process
        self._alarm_at = FAR_AWAY
        self._is_pump_asked = False
        self.stops = Stops(CONNECTOR, cancels)
        lanes = Lanes()
        self.engine = Engine(
            self,
            rate,
            lanes,
            Circuit(),
            self.stops,
            opt_outs,
            {},
            self._ask_pump,
            FENCE_AFTER_S,
            clock.now,
            make_turns(lanes),
        )
        self.engine.retry_in_place_s, self.engine.postpone_s = RETRY_IN_PLACE_S, POSTPONE_S

    # --- what is done to it ---------------------------------------------------------------------

    def start(self) -> None:
        """Join the group."""
        self._broker.join(self)
        self._tick()

    def crash(self) -> None:
        """SIGKILL: what is on its way to Kafka arrives in part."""
        self.is_dead = True
        self._cut_off_at = self._clock.now + self._dice.uniform(0, KAFKA_S[1])
        for line in self._lines.values():
            line.forget()
        self._clock.later(SESSION_S, lambda: self._broker.throw_out(self))

    def freeze(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        if self._backlog is None and not self.is_dead:
            self._backlog = deque()
            self._clock.later(seconds, self._thaw)
            if seconds > SESSION_S:
                self._clock.later(SESSION_S, lambda: self._broker.throw_out(self))

    def stop(self, then: Callable[[], None]) -> None:
        """SIGTERM: give everything back, leave, end; `then` is called."""

        def left() -> None:
            self.is_dead = True
            self._broker.leave(self)
            then()

        self._do(lambda: self.revoke(list(self._leases), left))

    def obey(self, name: str, stop: Stop | None) -> None:
        """A row of `sms.control.stop`: binds rest or wake, as in `services.binder.binds`."""
        self.stops.put(name, stop)
        if self.stops.drains:
            self.engine.wires.clear()
            lines = list(self._lines.values())
            self._do(lambda: self._let_go(lines, self._clock.now + DRAIN_S))
        else:
            self._do(self._wake)

    def _thaw(self) -> None:
        waiting, self._backlog = self._backlog or deque(), None
        for action in waiting:
            self._do(action)
        if self not in self._broker.members and not self.is_dead:
            self._clock.later(0.5, lambda: self._do(self._rejoin))

    def _rejoin(self) -> None:
        self.lost(list(self._leases))
        self._broker.join(self)

    def _do(self, action: Callable[[], None]) -> None:
        """In the life of this process: later while it is frozen, never when it is dead."""
        if self.is_dead:
            return
        if self._backlog is not None:
            self._backlog.append(action)
        else:
            action()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._clock.later(seconds, lambda: self._do(action))

    @property
    def _moment(self) -> Moment:
        return Moment(self._clock.now, self._clock.ms)

    # --- what the group tells -------------------------------------------------------------------

    def assigned(self, keys: list[Key]) -> None:
        self._later(self._dice.uniform(0.01, 0.1), lambda: self._open(keys))

    def _open(self, keys: list[Key]) -> None:
        for key in keys:
            if self._broker.owners.get(key) is not self or key in self._leases:
                continue
            lane, partition = key
            is_first = key not in self._broker.commits
            if is_first:
                self._broker.commit(self, key, 0, "")
            base, metadata = self._broker.commits.get(key, (0, ""))
            output = self._broker.outputs[partition]
            begin = output_position(metadata) or 0
            known = {
                record.submit_offset: Known(record, place)
                for place, record in enumerate(output[begin:], begin)
                if (record.submit_lane == "priority") is lane and record.submit_offset >= base
            }
            places = {offset: found.output_offset for offset, found in known.items()}
            doubtful = 0 if is_first else doubtful_before(metadata)
            if doubtful is None:
                doubtful = len(self._broker.submits[key])
            lease = Lease(OffsetTracker(base, len(output), places), known, doubtful)
            lease.idle.set()
            self._leases[key] = lease
            self._fetched[key] = base
            self._bind(partition)
        self._own()
        self._fetch()

    def revoke(self, keys: list[Key], then: Callable[[], None]) -> None:
        self._do(lambda: self._close(keys, then))

    def _close(self, keys: list[Key], then: Callable[[], None]) -> None:
        closing = {key: self._leases[key] for key in keys if key in self._leases}
        for lease in closing.values():
            lease.is_closing = True
        self._leave(closing)
        self._await_idle(closing, self._clock.now + DRAIN_S, then)

    def _await_idle(
        self, closing: dict[Key, Lease], until: float, then: Callable[[], None]
    ) -> None:
        if all(lease.idle.is_set() for lease in closing.values()) or self._clock.now >= until:
            self._unbind(closing)
            for key, lease in closing.items():
                self._commit(key, lease)
                self._leases.pop(key, None)
            self._own()
            then()
        else:
            self._later(0.02, lambda: self._await_idle(closing, until, then))

    def lost(self, keys: list[Key]) -> None:
        closing = {key: self._leases[key] for key in keys if key in self._leases}
        for lease in closing.values():
            lease.is_closing = True
        self._leave(closing)
        for key in closing:
            del self._leases[key]
        self._unbind(closing)
        self._own()

    def _leave(self, closing: dict[Key, Lease]) -> None:
        self.engine.leave(lambda segment: segment.position[:2] in closing)

    def _own(self) -> None:
        owned = {partition for _, partition in self._leases}
        self.engine.pacer.own(len(owned) / self._broker.partitions, self._clock.now, owned)
        self.engine.unconfirmed_max = len(owned) * WINDOW * UNCONFIRMED_PER_WINDOW
        self._pump()

    # --- binds ----------------------------------------------------------------------------------

    def _bind(self, partition: int) -> None:
        held = {p for _, p in self._leases}
        if partition not in held or partition in self._lines or self.stops.drains:
            return
        line = Line(self._carrier, WINDOW, RESPONSE_S, self._on_answer, self._on_lost)
        if line.is_open:
            self._lines[partition] = line
            wires: dict[int, Wire] = self.engine.wires
            wires[partition] = line
            self._pump()
        else:
            self._later(REBIND_S, lambda: self._bind(partition))

    def _unbind(self, closing: dict[Key, Lease]) -> None:
        held = {p for _, p in self._leases.keys() - closing.keys()}
        for partition in {p for _, p in closing} - held:
            line = self._lines.get(partition)
            if line is not None:
                line.lose()

    def _wake(self) -> None:
        for _, partition in self._leases:
            self._bind(partition)

    def _let_go(self, lines: list[Line], until: float) -> None:
        """Unbind when all is answered, or was waited for as long as that may take."""
        if self._clock.now < until and any(line.in_flight for line in lines):
            self._later(0.02, lambda: self._let_go(lines, until))
        else:
            for line in lines:
                line.lose()  # and bind again, if that is wanted by then

    def _on_lost(self, line: Line) -> None:
        for partition, own in list(self._lines.items()):
            if own is line:
                del self._lines[partition]
                self.engine.wires.pop(partition, None)
                self._later(REBIND_S, lambda p=partition: self._bind(p))  # type: ignore[misc]

    def _on_answer(self, segment: Segment, status: int | None) -> None:
        self._do(lambda: self._take_answer(segment, status))

    def _take_answer(self, segment: Segment, status: int | None) -> None:
        if status is None:
            self.resent += segment.submit.on_ambiguous == "resend"
            self.engine.unanswered(segment, self._moment)
        else:
            self.engine.answered(segment, status, "id", self._moment)
        self._pump()

    # --- from Kafka -----------------------------------------------------------------------------

    def _fetch(self) -> None:
        for key, lease in self._leases.items():
            log = self._broker.submits[key]
            while not lease.is_closing and self._fetched[key] < len(log) and self._has_place:
                offset = self._fetched[key]
                self._fetched[key] = offset + 1
                lease.take(offset)
                self._take(lease, Position(key[0], key[1], offset), log[offset])
        self._pump()

    @property
    def _has_place(self) -> bool:
        return len(self.engine.lanes) < QUEUE_MAX

    def _take(self, lease: Lease, position: Position, submit: MtSubmit) -> None:
        known = lease.known.get(position.offset)
        if known is not None and known.is_outcome:
            lease.finish(position.offset, known.output_offset)
            return
        segment = Segment(submit, position, lease, None, attempt=submit.attempts)
        if known is None:
            segment.needs_intent = submit.on_ambiguous != "resend"
            segment.is_doubtful = position.offset < lease.doubtful_before
            self.engine.take(segment)
        else:
            self.engine.conclude(segment, core.CRASHED, self._moment)

    def _pump(self) -> None:
        self._is_pump_asked = False
        self.engine.pump(self._moment)
        self.unconfirmed_peak = max(self.unconfirmed_peak, self.engine.unconfirmed)
        if isinstance(self.engine.turns, OneByOne):
            written = [s for line in self._lines.values() for s in line.in_flight.values()]
            abreast = Counter(s.submit.recipient for s in written if not s.lease.is_closing)
            self.abreast_peak = max(self.abreast_peak, max(abreast.values(), default=0))
        wait_s = self.engine.wait_s(self._clock.now)
        at = self._clock.now + max(wait_s, 0.001)
        if at < self._alarm_at:
            self._alarm_at = at
            self._later(at - self._clock.now, self._ring)

    def _ring(self) -> None:
        self._alarm_at = FAR_AWAY
        self._pump()

    def _ask_pump(self) -> None:
        if not self._is_pump_asked:
            self._is_pump_asked = True
            self._later(0, self._pump)

    # --- to Kafka -------------------------------------------------------------------------------

    def conclude(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        self._append(segment, outcome, now_ms, done)

    def postpone(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        assert outcome.retry_at_ms is not None
        due_s = (outcome.retry_at_ms - now_ms) / 1000
        log = self._broker.submits[segment.position[:2]]
        submit = replace(segment.submit, attempts=segment.attempt)
        at = self._clock.now + self._dice.uniform(*KAFKA_S)

        def waits() -> None:
            if self._clock.now <= self._cut_off_at:
                self._clock.later(due_s, lambda: log.append(submit))
                self._later(0, lambda: self._append(segment, outcome, now_ms, done))

        self._clock.later(at - self._clock.now, waits)

    def intend(self, segment: Segment, now_ms: int, done: Callable[[int], None]) -> None:
        self._append(segment, core.INTENT, now_ms, done)

    def _append(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        record = core.submitted(segment, outcome, CONNECTOR, self._name, now_ms)
        clock = self._clock
        self._append_at = max(self._append_at, clock.now + self._dice.uniform(*KAFKA_S))
        clock.later(self._append_at - clock.now, lambda: self._appended(record, done))

    def _appended(self, record: MtSubmitted, done: Callable[[int], None]) -> None:
        if self._clock.now > self._cut_off_at:
            return
        log = self._broker.outputs[record.submit_partition]
        log.append(record)
        place, now = len(log) - 1, self._clock.now
        self._told_at = max(self._told_at, now + self._dice.uniform(*KAFKA_S))  # in order, too
        self._later(self._told_at - now, lambda: done(place))

    def _commit(self, key: Key, lease: Lease) -> bool:
        return self._broker.commit(self, key, lease.tracker.base, lease.metadata())

    def _tick(self) -> None:
        """What `__main__` does now and then."""
        self.engine.beat(self._clock.now)
        if self.engine.is_fenced:
            self._confirm()
        else:
            for key, lease in self._leases.items():
                self._commit(key, lease)
        self.engine.sweep(self._moment)
        self._fetch()
        self._later(COMMIT_EVERY_S, self._tick)

    def _confirm(self) -> None:
        """Ask the group what is ours."""
        if all(self._commit(key, lease) for key, lease in self._leases.items()):
            self.engine.is_fenced = False
