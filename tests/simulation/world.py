"""One seeded run: messages, processes, a carrier, faults; and what must hold after it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from pipeline.ids import Msisdn
from pipeline.records import Cancel, MtSubmit, MtSubmitted, OptOut, Stop
from pipeline.stops import DRAIN, Cancels
from services.binder.budgets import Budgets
from services.binder.core import INTENT
from services.binder.lanes import Lanes
from services.binder.opt_outs import OptOuts
from services.binder.pacing import Pacer
from services.binder.sessions import Sessions
from services.binder.turns import OneByOne, Turns
from tests.builders import mt_submit
from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier, Name, Temper
from tests.simulation.clock import EPOCH_MS, Clock
from tests.simulation.process import (
    CONNECTOR,
    UNCONFIRMED_PER_WINDOW,
    WINDOW,
    Process,
)

MESSAGES = 80
FAULTS_S = 20.0  # the time in which faults happen
END_S = 600.0
RATE_PER_S = 40.0
SENDER_PER_S = 6.0
SENDERS = ("ACME", "BETA", "12345")
EXPECTED = {"accepted", "unknown"}
REST, DRAINED = "binds c", Stop(action=DRAIN, connector=CONNECTOR, at_ms=EPOCH_MS)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a moment."""

    at: float
    name: str


FAULTS = ("crash", "freeze", "blink", "stop", "cut", "down", "join")
LETHAL = ("crash", "freeze")


TURNS: dict[str, Callable[[Lanes], Turns | None]] = {
    "nothing": lambda lanes: None,
    "order": OneByOne,
    "budgets": lambda lanes: Budgets(lanes, SENDER_PER_S, {}, 0.05),
}


class World:
    """One run."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        dice = self.dice
        self.clock = Clock()
        partitions = dice.choice((1, 2, 4))
        temper = Temper(
            latency_s=(0.005, dice.choice((0.01, 0.05, 0.3))),
            throttled=dice.choice((0, 0, 0.1)),
            full=dice.choice((0, 0, 0.1)),
            silent=dice.choice((0, 0, 0.02)),
            rate_per_s=RATE_PER_S * dice.choice((1, 1, 0.5)),
        )
        self.carrier = Carrier(self.clock, dice, temper)
        self.broker = Broker(self.clock, dice, partitions)
        self.processes: list[Process] = []
        self.by_session = dice.choice((False, False, True))
        self.asks = dice.choice((*TURNS, "nothing"))
        self.session_per_s = RATE_PER_S / partitions
        self.submits = [submit for n in range(MESSAGES) for submit in self._message(n)]
        for submit in dice.choices(self.submits, k=dice.choice((0, 0, 2))):
            self.carrier.sick_until[submit.recipient] = dice.uniform(0, FAULTS_S)
        self.faults = sorted(
            (Fault(dice.uniform(0.5, FAULTS_S), dice.choice(FAULTS)) for _ in range(5)),
            key=lambda fault: fault.at,
        )
        self.opt_outs = OptOuts()  # Kafka tells every process at once: this is when they know
        self.opted_out_at: dict[Msisdn, float] = {}
        self.cancels = Cancels()  # likewise
        self.cancelled_at: dict[str, float] = {}
        self.own_dice = Random(f"{seed} cancels")  # so that those who cancel change nothing else
        rest_dice = Random(f"{seed} rests")  # likewise
        begins = [rest_dice.uniform(*span) for span in ((0.2, 5), (11, 15))]
        self.rests = [
            (at, at + rest_dice.uniform(0.05, 5)) for at in begins if rest_dice.random() < 0.4
        ]
        self.rest_row: Stop | None = None
        self.names = Counter((str(s.message_id), s.segment) for s in self.submits)

    def play(self) -> list[str]:
        """Run it; what did not hold, in words."""
        for number in range(MESSAGES):  # half is there, half comes while they work
            at = self.dice.choice((0.0, self.dice.uniform(1, 5)))
            self.clock.later(at, lambda name=f"m{number}": self._write(name))  # type: ignore[misc]
        for _ in range(self.dice.choice((1, 2, 3))):
            self._start()
        for fault in self.faults:
            self.clock.later(fault.at, lambda name=fault.name: FAULT_OF[name](self))  # type: ignore[misc]
        for _ in range(self.dice.choice((0, 0, 3))):
            self.clock.later(self.dice.uniform(0, 5), self._opt_out)
        for _ in range(self.own_dice.choice((0, 0, 3))):
            self.clock.later(self.own_dice.uniform(0, 5), self._cancel)
        for begin, end in self.rests:
            self.clock.later(begin, lambda: self._rest(DRAINED))
            self.clock.later(end, lambda: self._rest(None))
        self.clock.later(FAULTS_S + 1, self._see_to_it)
        self.clock.run(END_S, self._is_settled)
        return [found for rule in RULES if (found := rule(self))]

    @property
    def alive(self) -> list[Process]:
        """The processes that are not dead."""
        return [process for process in self.processes if not process.is_dead]

    @property
    def kills(self) -> int:
        """How often a process could not finish."""
        return sum(fault.name in LETHAL for fault in self.faults)

    def outcomes(self) -> dict[Name, list[MtSubmitted]]:
        """By segment."""
        found: dict[Name, list[MtSubmitted]] = {}
        for log in self.broker.outputs.values():
            for record in log:
                if record.outcome not in (INTENT.name, "postponed"):
                    found.setdefault((str(record.message_id), record.segment), []).append(record)
        return found

    def _message(self, number: int) -> list[MtSubmit]:
        dice = self.dice
        segments = dice.choice((1, 1, 1, 3))
        deadline_s = dice.choice((3600, 3600, 3600, 10))
        return [
            mt_submit(
                f"m{number}",
                segment=segment,
                segments=segments,
                recipient=Msisdn(f"4670{dice.randrange(40):03}") if segment == 1 else recipient,
                tenant=tenant,
                class_=class_,
                source_addr=sender,
                on_ambiguous=on_ambiguous,
                requested_ms=EPOCH_MS,
                deadline_ms=EPOCH_MS + deadline_s * 1000,
            )
            for tenant in (dice.choice(("a", "b")),)
            for sender in (dice.choice(SENDERS),)
            for class_ in (dice.choice(("otp", "promotional")),)
            for on_ambiguous in (dice.choice(("resend", "give_up", "ask")),)
            for recipient in (Msisdn(f"4670{dice.randrange(40):03}"),)
            for segment in range(1, segments + 1)
        ]

    def _write(self, message_id: str) -> None:
        for submit in self.submits:
            if submit.message_id == message_id:
                key = submit.source_addr if self.asks == "budgets" else submit.recipient
                partition = sum(key.encode()) % self.broker.partitions
                lane = submit.message_id.endswith("0")
                self.broker.submits[lane, partition].append(submit)

    def _start(self) -> None:
        name = f"binder-{len(self.processes)}"
        rate = Sessions(self.session_per_s, 0.05) if self.by_session else Pacer(RATE_PER_S, 0.05)
        process = Process(
            name,
            self.clock,
            self.broker,
            self.carrier,
            self.dice,
            rate,
            self.opt_outs,
            TURNS[self.asks],
            self.cancels,
        )
        self.processes.append(process)
        process.obey(REST, self.rest_row)  # it reads all rows before it joins
        process.start()

    def _one(self) -> Process | None:
        return self.dice.choice(self.alive) if self.alive else None

    def _crash(self) -> None:
        if process := self._one():
            process.crash()
            self.clock.later(self.dice.uniform(0.1, 2), self._start)

    def _freeze(self, longest_s: float = 12) -> None:
        if process := self._one():
            process.freeze(self.dice.uniform(longest_s / 2, longest_s))

    def _blink(self) -> None:
        self._freeze(2.0)

    def _stop(self) -> None:
        if process := self._one():
            process.stop(self._start)

    def _opt_out(self) -> None:
        recipient = self.dice.choice(self.submits).recipient
        self.opted_out_at.setdefault(recipient, self.clock.now)
        row = OptOut(recipient=recipient, action="out", source="simulation", at_ms=self.clock.ms)
        self.opt_outs.put(recipient, row)

    def _cancel(self) -> None:
        message_id = self.own_dice.choice(self.submits).message_id
        self.cancelled_at.setdefault(message_id, self.clock.now)
        row = Cancel(message_id=message_id, command_id="simulation", at_ms=self.clock.ms)
        self.cancels.put(message_id, row)

    def _rest(self, row: Stop | None) -> None:
        """All processes hear of it at once, those too that stand still."""
        self.rest_row = row
        for process in self.alive:
            process.obey(REST, row)

    def _down(self) -> None:
        self.carrier.is_down = True
        self.carrier.cut()
        self.clock.later(self.dice.uniform(0.5, 5), self._up)

    def _up(self) -> None:
        self.carrier.is_down = False

    def _cut(self) -> None:
        self.carrier.cut()

    def _see_to_it(self) -> None:
        """After the faults there is at least one process."""
        if not self.alive:
            self._start()

    def _is_settled(self) -> bool:
        if self.clock.now < FAULTS_S + 15:
            return False
        return self.outcomes().keys() >= self.names.keys()


FAULT_OF: dict[str, Callable[[World], None]] = {
    "crash": World._crash,
    "freeze": World._freeze,
    "blink": World._blink,
    "stop": World._stop,
    "cut": World._cut,
    "down": World._down,
    "join": World._start,
}

# --- what must hold ---------------------------------------------------------------------------


def l1_one_outcome(world: World) -> str:
    """Every segment has its outcome; a second one only where a process could not finish."""
    found = world.outcomes()
    missing = [name for name in world.names if name not in found]
    many = [name for name, records in found.items() if len(records) > 1]
    if missing:
        return f"no outcome: {missing[:3]} of {len(missing)}"
    return f"several outcomes without a kill: {many[:3]}" if many and not world.kills else ""


def l2_accepted_is_there(world: World) -> str:
    """What is said to be accepted stands in the ledger."""
    there = {entry.name for entry in world.carrier.ledger}
    told = {
        name for name, rs in world.outcomes().items() if any(r.outcome == "accepted" for r in rs)
    }
    return f"not in the ledger: {sorted(told - there)[:3]}" if told - there else ""


def l3_there_is_told(world: World) -> str:
    """What stands in the ledger is said to be accepted, or unknown."""
    found = world.outcomes()
    wrong = [
        (entry.name, [record.outcome for record in found.get(entry.name, [])])
        for entry in world.carrier.ledger
        if not EXPECTED & {record.outcome for record in found.get(entry.name, [])}
    ]
    return f"in the ledger, but: {wrong[:3]}" if wrong else ""


def l4_duplicates(world: World) -> str:
    """At most those unconfirmed at each kill and those whose fate was unknown; none given up."""
    counts = Counter(entry.name for entry in world.carrier.ledger)
    twice = {name: count - 1 for name, count in counts.items() if count > 1}
    policy = {(str(s.message_id), s.segment): s.on_ambiguous for s in world.submits}
    wrong = [name for name in twice if policy[name] != "resend"]
    if wrong:
        return f"sent twice against its wish: {wrong[:3]}"
    bound = world.kills * WINDOW * UNCONFIRMED_PER_WINDOW * world.broker.partitions
    bound += sum(process.resent for process in world.processes)
    return (
        f"{sum(twice.values())} duplicates, at most {bound}" if sum(twice.values()) > bound else ""
    )


def l5_in_time(world: World) -> str:
    """Nothing reaches the carrier after its deadline, but for the way there."""
    way_ms = world.carrier.temper.latency_s[1] * 1000
    late = [e.name for e in world.carrier.ledger if e.at_ms - way_ms > e.deadline_ms]
    return f"after the deadline: {late[:3]}" if late else ""


def l6_rate(world: World) -> str:
    """No second, at the carrier, over the contract; the way there may shorten it."""
    read, second = world.carrier.read_at, 1.0 - world.carrier.temper.latency_s[1] / 2
    logs = [([at for at, _, _ in read], RATE_PER_S)]
    for session in range(world.broker.partitions if world.by_session else 0):
        logs.append(([at for at, bind, _ in read if bind == session], world.session_per_s))
    for sender in SENDERS if world.asks == "budgets" else ():
        logs.append(([at for at, _, own in read if own == sender], SENDER_PER_S))
    for times, limit in logs:
        first = 0
        for last, at in enumerate(times):
            while at - times[first] >= second:
                first += 1
            if last - first + 1 > limit:
                return f"{last - first + 1} segments in the second before {at:.3f}"
    return ""


def e4_opted_out(world: World) -> str:
    """Nothing of what it wants no more reaches a recipient; longer ones may have been begun."""
    way_s = world.carrier.temper.latency_s[1]
    since = {
        (str(submit.message_id), 1): world.opted_out_at[submit.recipient]
        for submit in world.submits
        if submit.recipient in world.opted_out_at
        if submit.segments == 1 and submit.class_ == "promotional"
    }
    late = [e.name for e in world.carrier.ledger if e.at - way_s > since.get(e.name, END_S)]
    return f"written after the opt-out: {late[:3]}" if late else ""


def a_cancel_holds(world: World) -> str:
    """Nothing of a message that was cancelled is written after that; longer ones may be begun."""
    way_s = world.carrier.temper.latency_s[1]
    since = {
        (str(submit.message_id), 1): world.cancelled_at[submit.message_id]
        for submit in world.submits
        if submit.message_id in world.cancelled_at and submit.segments == 1
    }
    late = [e.name for e in world.carrier.ledger if e.at - way_s > since.get(e.name, END_S)]
    return f"written after it was cancelled: {late[:3]}" if late else ""


def nothing_at_rest(world: World) -> str:
    """Nothing is written while the binds are to rest, whoever begins meanwhile."""
    way_s = world.carrier.temper.latency_s[1]
    late = [
        at
        for at, _, _ in world.carrier.read_at
        for begin, end in world.rests
        if begin + way_s < at < end
    ]
    return f"written at rest: {late[:3]} of {len(late)}" if late else ""


def order_is_strict(world: World) -> str:
    """Where it was asked for, a recipient has one segment on its way."""
    peak = max(process.abreast_peak for process in world.processes)
    return f"{peak} on their way to one" if world.asks == "order" and peak > 1 else ""


def bound_holds(world: World) -> str:
    """Never more unconfirmed than was said."""
    bound = WINDOW * UNCONFIRMED_PER_WINDOW * world.broker.partitions
    peak = max(process.unconfirmed_peak for process in world.processes)
    return f"{peak} unconfirmed, at most {bound}" if peak > bound else ""


RULES = (
    l1_one_outcome,
    l2_accepted_is_there,
    l3_there_is_told,
    l4_duplicates,
    l5_in_time,
    l6_rate,
    e4_opted_out,
    a_cancel_holds,
    nothing_at_rest,
    order_is_strict,
    bound_holds,
)
