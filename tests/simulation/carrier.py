"""An SMSC with a ledger: accepts, throttles, refuses, is silent, loses connections; by dice."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from services.binder.core import Segment
from smpp.values import CommandStatus
from tests.simulation.clock import Clock

Name = tuple[str, int]  # message_id, segment


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted segment."""

    name: Name
    at: float
    deadline_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Temper:
    """How a carrier is; shares of 1."""

    latency_s: tuple[float, float] = (0.005, 0.05)
    throttled: float = 0.0  # beyond those over the rate
    full: float = 0.0
    refused: float = 0.0
    silent: float = 0.0  # accepted, and no response
    rate_per_s: float = 100.0


class Carrier:
    """One account at one SMSC."""

    def __init__(self, clock: Clock, dice: Random, temper: Temper) -> None:
        self.ledger: list[Entry] = []
        self.read_at: list[tuple[float, int, str]] = []  # by which bind, from whom
        self.wires: set[Line] = set()
        self.sick_until: dict[str, float] = {}  # handsets
        self.binds_peak = 0
        self.is_down = False
        self.clock = clock
        self.dice = dice
        self.temper = temper
        self._recent: deque[float] = deque()

    def bind(self, line: "Line") -> bool:
        """Let it bind, unless it is down."""
        if self.is_down:
            return False
        self.wires.add(line)
        self.binds_peak = max(self.binds_peak, len(self.wires))
        return True

    def judge(self, segment: Segment) -> CommandStatus | None:
        """What a segment that has arrived is answered; None is silence, though it is accepted."""
        now, temper, thrown = self.clock.now, self.temper, self.dice.random()
        self.read_at.append((now, segment.bind, segment.submit.source_addr))
        while self._recent and now - self._recent[0] >= 1.0:
            self._recent.popleft()
        if len(self._recent) >= temper.rate_per_s:
            return CommandStatus.ESME_RTHROTTLED
        self._recent.append(now)
        if now < self.sick_until.get(segment.submit.recipient, 0.0):
            return CommandStatus.ESME_RMSGQFUL
        for share, status in (
            (temper.throttled, CommandStatus.ESME_RTHROTTLED),
            (temper.full, CommandStatus.ESME_RMSGQFUL),
            (temper.refused, CommandStatus.ESME_RINVDSTADR),
        ):
            thrown -= share
            if thrown < 0:
                return status
        submit = segment.submit
        name = (str(submit.message_id), submit.segment)
        self.ledger.append(Entry(name, now, submit.deadline_ms, self.clock.ms))
        return None if thrown < temper.silent else CommandStatus.ESME_ROK

    def delay(self) -> float:
        """One way, in seconds."""
        return self.dice.uniform(*self.temper.latency_s)

    def cut(self) -> None:
        """Lose every connection."""
        for line in list(self.wires):
            line.lose()


class Line:
    """One bind between a process and the carrier: the engine's `Wire`, and the octets in flight."""

    def __init__(
        self,
        carrier: Carrier,
        window: int,
        timeout_s: float,
        on_answer: Callable[[Segment, int | None], None],
        on_lost: Callable[["Line"], None],
    ) -> None:
        self._carrier = carrier
        self._window = window
        self._timeout_s = timeout_s
        self._on_answer = on_answer
        self._on_lost = on_lost
        self.in_flight: dict[int, Segment] = {}
        self._numbered = 0
        self.is_open = carrier.bind(self)

    @property
    def room(self) -> int:
        """Free places in the window."""
        return self._window - len(self.in_flight) if self.is_open else 0

    def write(self, segment: Segment, now_ms: int) -> None:
        """It reaches the carrier a moment later, unless the connection is lost before."""
        assert self.room > 0
        self._numbered += 1
        number = self._numbered
        self.in_flight[number] = segment
        clock = self._carrier.clock
        clock.later(self._carrier.delay() / 2, lambda: self._arrive(number, segment))
        clock.later(self._timeout_s, lambda: self._expire(number))

    def hang_up(self, why: str) -> None:
        """End it, from our side."""
        self.lose()

    def retire(self, why: str) -> None:
        """This carrier never asks for it."""
        raise NotImplementedError

    def lose(self) -> None:
        """The connection is gone: what is unanswered stays so."""
        if not self.is_open:
            return
        self.forget()
        self._on_lost(self)
        unanswered, self.in_flight = self.in_flight, {}
        for segment in unanswered.values():
            self._on_answer(segment, None)

    def forget(self) -> None:
        """The process is dead, nobody hears of anything."""
        self.is_open = False
        self._carrier.wires.discard(self)

    def _arrive(self, number: int, segment: Segment) -> None:
        if not self.is_open:
            return
        status = self._carrier.judge(segment)
        if status is not None:
            back_s = self._carrier.delay() / 2
            self._carrier.clock.later(back_s, lambda: self._answer(number, status))

    def _answer(self, number: int, status: CommandStatus) -> None:
        segment = self.in_flight.pop(number, None)
        if segment is not None and self.is_open:
            self._on_answer(segment, status)

    def _expire(self, number: int) -> None:
        segment = self.in_flight.pop(number, None)
        if segment is not None and self.is_open:
            self._on_answer(segment, None)
