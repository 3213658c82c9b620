"""Moves the segments of one connector: what may be written now, and what an answer makes of it.

Pure: times are given, binds and Kafka are ports. Five things make a segment move, and after each
somebody calls `pump`: records arrived, an answer made room, a bind came up, Kafka confirmed an
outcome, or a wait is over. A segment is in one place at a time:

    waiting (Lanes) ──write──▶ on a wire ──answer──▶ outcome on its way to Kafka ──confirmed──▶ done
        ▲  ▲   │                  │                          ▲
        │  │   └─ intent ─ acked ─┤                          │
        │  └──────────────────────┴── again, or delayed      │
        └── deadline over, cancelled, returned ──────────────┘

What was written and is not confirmed is counted, and never more than `unconfirmed_max`: that is
what a crash can send twice. A message that must not be sent twice has its intent confirmed by Kafka
before the write, so that who comes after a crash calls it unknown and does not write it again.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from pipeline.stops import Stops
from services.binder import core
from services.binder.calendar import OPEN, Action, Calendar
from services.binder.circuit import Circuit
from services.binder.core import Disposition, Outcome, Segment
from services.binder.lanes import Lanes
from services.binder.opt_outs import OptOuts
from services.binder.rates import Rate
from services.binder.turns import Turns
from services.binder.wholes import Wholes

FAR_AWAY = float("inf")


class Moment(NamedTuple):
    """Now: monotonic seconds for waits, milliseconds since 1970 for deadlines."""

    s: float
    ms: int


class Wire(Protocol):
    """A bind that is up."""

    @property
    def room(self) -> int:
        """Segments that may be written now."""

    def write(self, segment: Segment, now_ms: int) -> None:
        """Write it; `Engine.answered` or `Engine.unanswered` is called once."""

    def hang_up(self, why: str) -> None:
        """End the connection; whatever is unanswered on it is told."""

    def retire(self, why: str) -> None:
        """Write no more, and hang up once all is answered."""


class Outcomes(Protocol):
    """Kafka, as far as outcomes go."""

    def conclude(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        """Publish; `done(offset in the own output)` when Kafka has it everywhere."""

    def postpone(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        """Have it come back at `retry_at_ms`, then publish; `done` as for `conclude`."""

    def intend(self, segment: Segment, now_ms: int, done: Callable[[int], None]) -> None:
        """Publish that it is about to be written; `done(offset in the own output)` likewise."""


class Engine:
    """The segments of one connector in one process."""

    def __init__(
        self,
        outcomes: Outcomes,
        pacer: Rate,
        lanes: Lanes,
        circuit: Circuit,
        stops: Stops,
        opt_outs: OptOuts,
        dispositions: Mapping[int, Disposition],
        ask_pump: Callable[[], None],
        fence_after_s: float,
        now: float,
        turns: Turns | None = None,
        calendar: Calendar = OPEN,
    ) -> None:
        """`dispositions` are those a profile sees otherwise; `ask_pump` has `pump` called soon.

        Who does not call `beat` or `pump` for `fence_after_s` was stopped or starved.
        """
        self.wires: dict[int, Wire] = {}
        self.lanes = lanes
        self.pacer = pacer
        self.circuit = circuit
        self.unconfirmed = 0
        self.unconfirmed_max = 0
        self.retry_in_place_s = core.RETRY_IN_PLACE_S
        self.postpone_s = core.POSTPONE_S
        self.is_fenced = False  # somebody else may own what we hold: nothing is written
        self._outcomes = outcomes
        self._stops = stops
        self._opt_outs = opt_outs
        self.turns = turns
        self._dispositions = dispositions
        self._ask_pump = ask_pump
        self._intended = 0
        self._wholes = Wholes()
        self._down_since: float | None = None
        self._fence_after_s = fence_after_s
        self._alive_at = now
        self._calendar = calendar
        self.maintenance: Action | None = None  # what the calendar says
        self._held_until = now

    def beat(self, now: float) -> None:
        """The process runs. If it did not for too long, it has to ask what is still its own."""
        if now - self._alive_at > self._fence_after_s:
            self.is_fenced = True
        self._alive_at = now

    # --- from Kafka to the wire -----------------------------------------------------------------

    def take(self, segment: Segment) -> None:
        """A segment came from Kafka."""
        if segment.submit.segments > 1:
            self._wholes.take(segment.submit)
        self.lanes.add(segment)

    def pump(self, now: Moment) -> None:
        """Write what may be written; what may be somebody else's is neither written nor ended."""
        self.beat(now.s)
        if self.is_fenced:
            return
        self._look_up(now)
        lanes = self.lanes
        lanes.ripen(now.s)
        rooms = {bind: wire.room for bind, wire in self.wires.items()}
        room = self._room(rooms, now.s)
        while (segment := lanes.head) is not None:
            outcome = self._fate(segment, now)
            if outcome is not None:
                self.conclude(lanes.take(), outcome, now)
            elif self._stops.pauses(segment.submit) and not self._is_begun(segment):
                lanes.pause(lanes.take())
                self._step_aside(segment)
            elif lanes.held and lanes.is_behind(segment, segment.submit.recipient):
                lanes.follow(lanes.take(), segment.submit.recipient)
                self._step_aside(segment)
            elif room <= 0:
                break
            elif self.turns is not None and self.turns.holds_back(segment, now.s):
                continue
            elif segment.needs_intent:
                self._intend(lanes.take(), now)
                room -= 1
            else:
                bind = max(rooms, key=rooms.__getitem__)
                rooms[bind] -= 1
                self._write(lanes.take(), bind, now)
                room -= 1

    def wait_s(self, now: float) -> float:
        """Seconds until `pump` can do more without anything happening; infinite: never."""
        due = self.lanes.next_due
        waits = [] if due is None else [due - now]
        free = [bind for bind, wire in self.wires.items() if wire.room]
        if self.lanes.head is not None and free and self._bound > 0 and not self.is_fenced:
            held_s = max(self._held_until - now, self.circuit.wait_s(now))
            waits.append(held_s if held_s > 0 else self.pacer.wait_s(now, free))
        return min(waits, default=FAR_AWAY)

    def sweep(self, now: Moment) -> None:
        """Now and then: end what waits in vain, wherever it waits."""
        self._look_up(now)
        if self.is_fenced:
            return
        if self.wires:
            self._down_since = None
        elif self._down_since is None:
            self._down_since = now.s
        ending: list[tuple[Segment, Outcome]] = []

        def ends(segment: Segment) -> bool:
            outcome = self._fate(segment, now)
            if outcome is not None:
                ending.append((segment, outcome))
            return outcome is not None

        self.lanes.leave(ends)
        for segment, outcome in ending:
            self.conclude(segment, outcome, now)

    def leave(self, is_left: Callable[[Segment], bool]) -> None:
        """Leave those that wait, and that `is_left` says yes to, to the next owner."""
        for segment in self.lanes.leave(is_left):
            self._drop(segment)

    def _look_up(self, now: Moment) -> None:
        self.maintenance = self._calendar.action(now.ms)
        if self.maintenance is not None:
            self._held_until = now.s + self._calendar.wait_s(now.ms)

    def _room(self, rooms: dict[int, int], now: float) -> int:
        """How many segments may go: the least of binds, rate, bound and circuit.

        Cuts `rooms`, the room of each bind, where the rate is a bind's own.
        """
        if self.maintenance is not None:
            return 0
        room = min(self.pacer.room(now, rooms), sum(rooms.values()), self._bound)
        allowed = self.circuit.room(now)
        return room if allowed is None else min(room, allowed)

    @property
    def _bound(self) -> int:
        return self.unconfirmed_max - self.unconfirmed - self._intended

    def _fate(self, segment: Segment, now: Moment) -> Outcome | None:
        """How a segment that waits ends without being written; None when it may be."""
        submit = segment.submit
        if submit.deadline_ms <= now.ms:
            return core.EXPIRED
        if submit.segments > 1:
            whole = self._wholes.get(submit)
            if whole is None:  # all of it was written once
                return None
            if whole.is_begun or whole.fate:
                return whole.fate
        cancelled_by = self._stops.cancels(submit)
        if cancelled_by is not None:
            return Outcome("cancelled", cancelled_by)
        if self._opt_outs.rows and self._opt_outs.forbids(submit):
            return core.OPTED_OUT
        if submit.write_until_ms is not None and submit.write_until_ms <= now.ms:
            return core.QUIET
        if self._is_down_for(submit.return_after_s, now.s) and not segment.attempt:
            return core.RETURNED
        if self.maintenance == "return" and not segment.attempt:
            return core.MAINTENANCE
        return None

    def _is_down_for(self, seconds: float | None, now: float) -> bool:
        since = self._down_since
        return seconds is not None and since is not None and now - since >= seconds

    def _is_begun(self, segment: Segment) -> bool:
        if segment.submit.segments == 1:
            return False
        whole = self._wholes.get(segment.submit)
        return whole is None or whole.is_begun

    def _leaves_whole(self, segment: Segment, fate: Outcome | None) -> None:
        """The first time that a segment is written, or it ends without that."""
        if segment.submit.segments > 1 and not segment.attempt:
            self._wholes.left(segment.submit, fate)

    def _intend(self, segment: Segment, now: Moment) -> None:
        self._intended += 1
        if self.turns is not None:
            self.turns.intended(segment)

        def done(output_offset: int) -> None:
            self._intended -= 1
            segment.needs_intent = False
            segment.lease.intend(segment.position.offset, output_offset)
            self._write_again(segment)
            self._ask_pump()

        self._outcomes.intend(segment, now.ms, done)

    def _write(self, segment: Segment, bind: int, now: Moment) -> None:
        self._leaves_whole(segment, None)
        segment.attempt += 1
        segment.bind = bind
        segment.written_ms = now.ms
        segment.is_unconfirmed = True
        self.unconfirmed += 1
        self.pacer.spend(1, bind)
        if self.turns is not None:
            self.turns.written(segment)
        if self.circuit.stopped_by is not None:
            self.circuit.probe(now.s)
        self.wires[bind].write(segment, now.ms)

    # --- from the wire to Kafka -----------------------------------------------------------------

    def answered(self, segment: Segment, status: int, smsc_message_id: str, now: Moment) -> None:
        """The SMSC has answered."""
        if status == 0 or self._dispositions.get(status) is Disposition.ACCEPTED:
            self.pacer.passed(segment.bind)
            self.circuit.passed()
            self.conclude(segment, core.accepted(status, smsc_message_id), now)
            return
        disposition = self._dispositions.get(status) or core.disposition(status)
        if disposition is Disposition.RETRY_SLOWER:
            self.pacer.throttled(segment.bind)
            self.pacer.hold(core.HOLD_AFTER_THROTTLE_S, now.s, segment.bind)
            self._again(segment)
            return
        self.pacer.passed(segment.bind)
        stops = disposition is Disposition.STOP_CONNECTOR
        self.circuit.refused(status, now.s, at_once=stops)
        if disposition is Disposition.REBIND:
            if (wire := self.wires.pop(segment.bind, None)) is not None:
                wire.retire(core.status_name(status))
            self._again(segment)
        elif stops:
            self._again(segment)
        elif disposition is Disposition.RETRY_LATER:
            self._later(segment, status, now)
        else:
            self.conclude(segment, core.answered(status, ""), now)

    def unanswered(self, segment: Segment, now: Moment) -> None:
        """Nobody knows whether the SMSC has it: by the message's own wish."""
        wire = self.wires.get(segment.bind)
        if wire is not None:  # the link lives and has not answered in time: it is of no use
            wire.hang_up("a submit_sm stayed unanswered")
        outcome = core.unanswered(segment.submit)
        segment.is_doubtful = True
        if outcome is None:
            self._again(segment)
        else:
            self.conclude(segment, outcome, now)

    def _again(self, segment: Segment) -> None:
        self._settle(segment)
        self._write_again(segment)

    def _write_again(self, segment: Segment) -> None:
        if segment.lease.is_closing:
            self._drop(segment)
        else:
            self.lanes.again(segment)

    def _drop(self, segment: Segment) -> None:
        segment.drop()
        self._let_others_go(segment)

    def _step_aside(self, segment: Segment) -> None:
        if self.turns is not None:
            self.turns.stepped_aside(segment)

    def _let_others_go(self, segment: Segment) -> None:
        """It has ended, here at least."""
        if self.turns is None:
            self.lanes.ended(segment.submit.recipient)
        else:
            self.turns.ended(segment)

    def _later(self, segment: Segment, status: int, now: Moment) -> None:
        """Its recipient can't take more: it waits here, and when that lasts, in Kafka."""
        held = self.lanes.held.get(segment.submit.recipient)
        waited_s = 0.0 if held is None else held.waited_s
        retry_at_ms = now.ms + int(self.postpone_s * 1000)
        is_postponed = waited_s >= self.retry_in_place_s and not segment.is_doubtful
        if is_postponed and retry_at_ms < segment.submit.deadline_ms:
            self.lanes.passed(segment)  # the next one goes to see for itself
            outcome = Outcome("postponed", core.status_name(status), status, None, retry_at_ms)
            self._outcomes.postpone(segment, outcome, now.ms, self._done(segment))
            return
        self._settle(segment)
        if segment.lease.is_closing:
            self._drop(segment)
            return
        segment.delays += 1
        wait_s = min(core.DELAY_MAX_S, core.DELAY_MIN_S * 2 ** (segment.delays - 1))
        self.lanes.delay(segment, now.s + wait_s).waited_s += wait_s

    def conclude(self, segment: Segment, outcome: Outcome, now: Moment) -> None:
        """A segment has ended; one that may be at the SMSC is never said not to be."""
        is_ours = outcome.command_status is None  # and no answer of the SMSC
        if segment.is_doubtful and is_ours and outcome.name in core.UNWRITTEN:
            outcome = Outcome("unknown", outcome.name)
        self._leaves_whole(segment, outcome)
        self._let_others_go(segment)
        self._outcomes.conclude(segment, outcome, now.ms, self._done(segment))

    def _done(self, segment: Segment) -> Callable[[int], None]:
        def done(output_offset: int) -> None:
            self._settle(segment)
            segment.lease.finish(segment.position.offset, output_offset)
            self._ask_pump()

        return done

    def _settle(self, segment: Segment) -> None:
        """What was written is unconfirmed no more."""
        self.unconfirmed -= segment.is_unconfirmed
        segment.is_unconfirmed = False
