"""One seeded run of correlator and tracker: receipts of every kind, crashes, and the truth.

Answers and receipts are shuffled, delayed, doubled and lost; timers ring late and twice; both
services crash and read again what they had not committed. The world knows whose receipt each one
is; the rules below say what must hold in the end.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from msgspec.structs import replace

from pipeline import topics
from pipeline.config import Config, ProfileConfig
from pipeline.connectors import ConnectorConfig
from pipeline.effects import Effect, Publish
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import Dlr, MtEvent, MtStatus, MtSubmitted, SmscDeliver, Tlv, Wake
from pipeline.references import reference_of
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator
from services.tracker.config import TrackerConfig
from services.tracker.core import Tracker
from smpp.tlv import USER_MESSAGE_REFERENCE
from tests.services.correlator.builders import accepted, receipt
from tests.services.tracker.builders import head, routed
from tests.simulation.clock import EPOCH_MS, Clock
from tests.simulation.replica import Replica, Row

PARK_S = 60
GRACE_S = 60
VALIDITY_S = 600
END_S = 86_400.0

PROFILES = {
    "any": ProfileConfig(),
    "hex": ProfileConfig(id_in_response="hexadecimal", id_in_receipt="decimal"),
    "opaque": ProfileConfig(id_in_response="opaque", id_in_receipt="opaque"),
    "one": ProfileConfig(carrier_domain="carrier"),
    "echo": ProfileConfig(user_message_reference=True),
}
BY_PROFILE = {
    "fast": "any",
    "far": "hex",
    "plain": "opaque",
    "slow": "one",
    "twin": "one",
    "echo": "echo",
}
BEARERS = {"slow": ("slow", "twin"), "twin": ("slow", "twin")}  # by whom receipts may come
WRITTEN = {  # how each writes an id in its response, and then in its receipt
    "fast": (("x", "d"), ("d", "x"), ("x", "X"), ("016x", "x"), ("d", "020d")),
    "far": (("x", "d"), ("X", "d"), ("08X", "012d")),
    "plain": (("x", "x"),),
    "echo": (("x", "d"), ("x", "x")),
    "slow": (("x", "d"), ("d", "d")),
    "twin": (("x", "d"), ("d", "d")),
}
DELAYS_S = ((0.0, 0.1), (0.0, 3.0), (0.0, 3.0), (0.0, 90.0), (0.0, 1500.0))
FATES = ("accepted",) * 8 + ("rejected", "expired", "unknown")
UNSENT = ("rejected", "expired")
CROWDED_SHARE = 0.05  # of worlds in which more receipts wait than have room together
CROWD = (25, 35)  # messages there
IDS = 300  # that carriers give, to each handset the same ones
LOST_SHARE = 0.15  # of segments without a receipt
TURNED_SHARE = 0.1  # of segments that get a receipt too many, which may say something else
FINALS = {"DELIVRD": "DELIVERED", "UNDELIV": "UNDELIVERABLE", "EXPIRED": "EXPIRED"}

CONFIG = Config(
    dev=True,
    profiles=PROFILES,
    connectors={
        name: ConnectorConfig(
            profile=profile, hosts=("h",), system_id="s", password="p", rate_per_s=1
        )
        for name, profile in BY_PROFILE.items()
    },
)
END_MS = EPOCH_MS + int(END_S * 1000)
SILENT = {"accepted": "unknown"}  # what it is to a tracker that hears no more of it
FAILED = frozenset({"undeliverable", "expired", "rejected"})
ENDS = FAILED | {"delivered"}
WORST_FIRST = (*sorted(FAILED), "unknown", "delivered")
OWN = CorrelatorConfig(park_s=PARK_S, grace_s=GRACE_S)


@dataclass(frozen=True, slots=True)
class Segment:
    """One that was written: the world knows what became of it."""

    message_id: str
    segment: int
    segments: int
    handset: Msisdn
    connector: ConnectorId
    fate: str

    @property
    def name(self) -> tuple[str, int]:
        """What it is known by."""
        return self.message_id, self.segment


@dataclass(slots=True)
class Truth:
    """Of a receipt: whose it is, by which answer it could be known, where both stand, if at all."""

    segment: Segment
    stat: str
    answer: list[int]  # offsets of the answer, which may come several times, or never
    offset: int | None = None


class World:
    """One run."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.clock = Clock()
        self.crashes = self.dice.choice((0, 0.05, 0.4))
        self.replicas = {
            topics.CORRELATOR_IN: Replica(lambda: Correlator(CONFIG, OWN, lambda: self.clock.now)),
            topics.TRACKER_IN: Replica(lambda: Tracker(TrackerConfig())),
        }
        self.outputs: defaultdict[str, list[Row]] = defaultdict(list)
        self.segments: list[Segment] = []
        self.receipts: dict[int, Truth] = {}  # by when they were received: no two at one moment
        self.crashed = 0
        self._busy: set[str] = set()
        self._numbers = self.dice.sample(range(1 << 28, 1 << 40), IDS)
        self._given: Counter[tuple[str, Msisdn]] = Counter()

    def play(self) -> list[str]:
        """Run it to its end; what did not hold, in words."""
        handsets = self.dice.choice((1, 1, 2))
        is_crowded = self.dice.random() < CROWDED_SHARE
        for number in range(self.dice.randint(*(CROWD if is_crowded else (1, 5)))):
            handset = Msisdn(f"4670{self.dice.randrange(handsets):07}")
            self._message(f"m{number}", handset, self.dice.uniform(0, 30))
        self.clock.run(END_S, lambda: False)
        return [found for rule in RULES if (found := rule(self))]

    def _message(self, message_id: str, handset: Msisdn, begin_s: float) -> None:
        dice = self.dice
        connector = ConnectorId(dice.choice(tuple(BY_PROFILE)))
        count = dice.choice((1, 1, 2, 3))
        fact = routed(
            count,
            head=head(message_id=message_id, recipient=handset, requested_ms=EPOCH_MS),
            connector=connector,
        )
        for _ in range(dice.choice((1, 1, 2))):
            row = Row(message_id, fact, EPOCH_MS)
            self._later(begin_s + dice.uniform(0, 3), topics.TRACKER_IN, row)
        for number in range(1, count + 1):
            fate = dice.choice(FATES)
            segment = Segment(message_id, number, count, handset, connector, fate)
            self.segments.append(segment)
            for attempt in range(1, 1 + dice.choice((1, 1, 1, 2) if fate == "accepted" else (1,))):
                self._submit(segment, begin_s + dice.uniform(0, 2), attempt)

    def _submit(self, segment: Segment, at_s: float, attempt: int) -> None:
        """It is written: an intent, an answer, which may be told twice, and receipts."""
        dice, number = self.dice, self._number(segment)
        in_response, in_receipt = dice.choice(WRITTEN[segment.connector])
        answer = _answer(segment, at_s, attempt, format(number, in_response))
        intent = replace(answer, outcome="intent", smsc_message_id=None)
        self._later(at_s, topics.CORRELATOR_IN, Row(segment.handset, intent, EPOCH_MS))
        told: list[int] = []
        for _ in range(dice.choice((1, 1, 1, 2))):
            row = Row(segment.handset, answer, EPOCH_MS)
            self._later(at_s + self._delay_s(), topics.CORRELATOR_IN, row, told)
        if segment.fate in UNSENT or dice.random() < LOST_SHARE:
            return
        stats = [dice.choice(("DELIVRD", "DELIVRD", *FINALS))] * dice.choice((1, 1, 1, 2))
        stats += ["ENROUTE"] * dice.choice((0, 0, 1))
        stats += [dice.choice(tuple(FINALS))] * (dice.random() < TURNED_SHARE)
        for stat in stats:
            fact = receipt(
                format(number, in_receipt),
                stat,
                connector=dice.choice(BEARERS.get(segment.connector, (segment.connector,))),
                handset=segment.handset,
                source_addr=segment.handset,
                tlvs=_reference(segment),
            )
            truth = Truth(segment, stat, told if segment.fate == "accepted" else [])
            wait_s = at_s + self._delay_s()
            self.clock.later(wait_s, lambda f=fact, t=truth: self._receive(f, t))  # type: ignore[misc]

    def _later(self, at_s: float, topic: str, row: Row, told: list[int] | None = None) -> None:
        """Append it then; its offset is added to those `told`."""

        def append() -> None:
            offset = self._append(topic, row._replace(at_ms=self.clock.ms))
            if told is not None:
                told.append(offset)

        self.clock.later(at_s, append)

    def _number(self, segment: Segment) -> int:
        """An id, which other carriers give too, and the same one to other handsets."""
        domain = PROFILES[BY_PROFILE[segment.connector]].carrier_domain or segment.connector
        self._given[domain, segment.handset] += 1
        return self._numbers[self._given[domain, segment.handset]]

    def _delay_s(self) -> float:
        return self.dice.uniform(*self.dice.choice(DELAYS_S))

    def _receive(self, fact: SmscDeliver, truth: Truth) -> None:
        received_ms = self.clock.ms
        while received_ms in self.receipts:
            received_ms += 1
        self.receipts[received_ms] = truth
        fact = replace(fact, received_ms=received_ms)
        truth.offset = self._append(topics.CORRELATOR_IN, Row(fact.handset, fact, self.clock.ms))

    def _append(self, topic: str, row: Row) -> int:
        """The offset `row` has in the topic; whoever reads it wakes up."""
        log = self.replicas[topic].topic if topic in self.replicas else self.outputs[topic]
        log.append(row)
        if topic in self.replicas and topic not in self._busy:
            self._busy.add(topic)
            self.clock.later(self.dice.uniform(0.001, 0.05), lambda: self._work(topic))
        return len(log) - 1

    def _work(self, topic: str) -> None:
        """Read some, then commit, or crash and come back."""
        replica, again_s = self.replicas[topic], 0.01
        for _ in range(self.dice.randint(1, 20)):
            if replica.has_more:
                replica.read(self.clock.ms)
        if self.dice.random() < self.crashes:
            replica.crash()
            self.crashed += 1
            again_s = self.dice.uniform(0.1, 5)
        else:
            for effect in replica.commit():
                self._happen(effect)
        if replica.has_more:
            self.clock.later(again_s, lambda: self._work(topic))
        else:
            self._busy.discard(topic)

    def _happen(self, effect: Effect) -> None:
        if isinstance(effect, Publish):
            self._append(effect.topic, Row(effect.key, effect.record, self.clock.ms))
            return
        for _ in range(self.dice.choice((1, 1, 1, 1, 2))):  # the scheduler is at least once
            late_s = self.dice.uniform(0, self.dice.choice((0.1, 0.1, 30)))
            wait_s = (effect.due_ms - EPOCH_MS) / 1000 - self.clock.now + late_s
            row = Row(effect.key, effect.record, effect.due_ms)
            self.clock.later(wait_s, lambda row=row: self._append(effect.topic, row))  # type: ignore[misc]


def _reference(segment: Segment) -> tuple[Tlv, ...]:
    """Where the SMSC echoes it."""
    if not CONFIG.profile(segment.connector).user_message_reference:
        return ()
    number = reference_of(MessageId(segment.message_id), segment.segment)
    return (Tlv(tag=USER_MESSAGE_REFERENCE.tag, value=number.to_bytes(2, "big")),)


def _answer(segment: Segment, at_s: float, attempt: int, smsc_message_id: str) -> MtSubmitted:
    is_accepted, at_ms = segment.fate == "accepted", EPOCH_MS + int(at_s * 1000)
    return accepted(
        smsc_message_id if is_accepted else None,
        segment.message_id,
        segment=segment.segment,
        segments=segment.segments,
        connector=segment.connector,
        recipient=segment.handset,
        outcome=segment.fate,
        command_status=0 if is_accepted else None,
        requested_ms=EPOCH_MS,
        attempt=attempt,
        submitted_ms=at_ms,
        answered_ms=at_ms + attempt,
        deadline_ms=at_ms + VALIDITY_S * 1000,
    )


# --- what must hold ---------------------------------------------------------------------------


def _dlrs(world: World, topic: str = topics.DLR) -> list[Dlr]:
    rows = world.replicas[topic].topic if topic in world.replicas else world.outputs[topic]
    return [row.record for row in rows if isinstance(row.record, Dlr)]


def _by_segment(world: World) -> dict[tuple[str, int], list[Dlr]]:
    found: defaultdict[tuple[str, int], list[Dlr]] = defaultdict(list)
    for dlr in _dlrs(world):
        found[str(dlr.message_id), dlr.segment or 0].append(dlr)
    return found


def every_receipt_is_told_once(world: World) -> str:
    """Joined or an orphan; both only where an orphan was repaired."""
    joined = {dlr.received_ms: dlr for dlr in _dlrs(world)}
    orphans = Counter(dlr.received_ms for dlr in _dlrs(world, topics.DLR_ORPHAN))
    counts = Counter(dlr.received_ms for dlr in _dlrs(world))
    for moment in world.receipts:
        is_repaired = moment in joined and joined[moment].repaired
        if (counts[moment], orphans[moment]) not in ((1, is_repaired), (0, 1)):
            return f"told {counts[moment]} times and {orphans[moment]} as an orphan: {moment}"
    return "" if {*counts, *orphans} <= world.receipts.keys() else "a receipt of nobody"


def each_finds_its_own_segment(world: World) -> str:
    """And no other one, and says of it what the SMSC said."""
    for dlr in _dlrs(world):
        truth = world.receipts[dlr.received_ms]
        if (dlr.message_id, dlr.segment) != truth.segment.name:
            return f"{truth.segment.name} got joined to {dlr.message_id}, {dlr.segment}"
        if dlr.state != FINALS.get(truth.stat, truth.stat):
            return f"{truth.stat} became {dlr.state}"
    return ""


def whoever_can_be_known_is_joined_at_once(world: World) -> str:
    """With the later of answer and receipt; a guess or an orphan has waited as long as it may."""
    decided_ms = world.replicas[topics.CORRELATOR_IN].decided_ms
    joined = {dlr.received_ms: dlr.joined_ms for dlr in _dlrs(world)}
    guessed = {dlr.received_ms for dlr in _dlrs(world) if dlr.joined_by != "id"}
    orphaned = {dlr.received_ms: dlr.joined_ms for dlr in _dlrs(world, topics.DLR_ORPHAN)}
    for moment, truth in world.receipts.items():
        assert truth.offset is not None
        read_ms = decided_ms[truth.offset]
        if moment in orphaned and orphaned[moment] < read_ms + PARK_S * 1000:
            return f"an orphan after {orphaned[moment] - read_ms} ms: {moment}"
        if not truth.answer:
            continue
        answered_ms = decided_ms[min(truth.answer)]
        if answered_ms >= orphaned.get(moment, END_MS):
            continue
        known_ms, joined_ms = max(read_ms, answered_ms), joined.get(moment, END_MS)
        is_guess = read_ms + PARK_S * 1000 <= joined_ms < known_ms
        if joined_ms != known_ms and not (moment in guessed and is_guess):
            return f"joined at {joined_ms}, not {known_ms}: {moment}"
    return ""


def a_segment_has_one_final_receipt(world: World) -> str:
    """All that come after it are repeats."""
    for name, dlrs in _by_segment(world).items():
        has_ended = False
        for dlr in dlrs:
            if dlr.repeat is not has_ended:
                return f"repeat is {dlr.repeat}: {name}"
            has_ended = has_ended or dlr.final
    return ""


def the_tracker_is_told_all_of_it(world: World) -> str:
    """The same receipts, and every answer."""
    if Counter(_dlrs(world)) != Counter(_dlrs(world, topics.TRACKER_IN)):
        return "the tracker has other receipts than sms.dlr"
    rows = world.replicas[topics.CORRELATOR_IN].topic
    answers = {r.record for r in rows if isinstance(r.record, MtSubmitted)}
    told = {r.record for r in world.replicas[topics.TRACKER_IN].topic}
    missing = [a for a in answers if a.outcome != "intent" and a not in told]
    return f"the tracker was not told of {missing[0]}" if missing else ""


def silence_is_told_when_it_is_certain(world: World) -> str:
    """Of an accepted segment without a final receipt, after its validity and grace, not before."""
    told: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    ended = set()
    for row in world.replicas[topics.TRACKER_IN].topic:
        if isinstance(row.record, Dlr) and row.record.final:
            ended.add((row.key, row.record.segment))
        if isinstance(row.record, Wake):
            name = row.key, int(row.record.what.split("|")[0])
            told[name].append(row.at_ms)
            if name in ended:
                return f"silence told of what has ended: {name}"
    deadlines = _deadlines_ms(world)
    dlrs = _by_segment(world)
    for name, moments in told.items():
        if name not in deadlines or min(moments) < deadlines[name] + GRACE_S * 1000:
            return f"silence told too early: {name}"
    for name, deadline_ms in deadlines.items():
        if name not in told and not any(dlr.final for dlr in dlrs[name]):
            return f"nothing was ever told: {name}, {deadline_ms}"
    return ""


def _deadlines_ms(world: World) -> dict[tuple[str, int], int]:
    """Of accepted segments, the earlier one of those that were accepted twice."""
    found: dict[tuple[str, int], int] = {}
    for row in world.replicas[topics.CORRELATOR_IN].topic:
        record = row.record
        if isinstance(record, MtSubmitted) and record.outcome == "accepted":
            name = str(record.message_id), record.segment
            found[name] = min(record.deadline_ms, found.get(name, record.deadline_ms))
    return found


def a_story_ends_as_it_was(world: World) -> str:
    """The last status of a message says of each segment what has become of it."""
    dlrs, statuses = _by_segment(world), _statuses(world)
    for segment in world.segments:
        last = statuses[segment.message_id][-1]
        found = {s.segment: s.state for s in last.segments}.get(segment.segment)
        finals = [dlr.state for dlr in dlrs[segment.name] if dlr.final]
        expected = finals[0].lower() if finals else SILENT.get(segment.fate, segment.fate)
        if found != expected or not last.terminal:
            return f"{segment.name} is {found} and not {expected}"
    for name, told in statuses.items():
        states = {s.state for s in told[-1].segments}
        if told[-1].state != next(state for state in WORST_FIRST if state in states) and (
            told[-1].state not in FAILED or not states & FAILED
        ):
            return f"{name} is {told[-1].state} of {states}"
    return ""


def a_story_only_goes_on(world: World) -> str:
    """What has ended stays so, unless it had ended for want of knowledge."""
    for name, told in _statuses(world).items():
        for before, after in pairwise(told):
            if before.terminal and before.state not in ("unknown", after.state):
                return f"{name} was {before.state} and became {after.state}"
            for one, other in zip(before.segments, after.segments, strict=False):
                if one.state in ENDS and one.state != other.state:
                    return f"{name}: {one.segment} was {one.state} and became {other.state}"
    return ""


def an_event_happens_once(world: World) -> str:
    """And one of them is the end; where that was for want of knowledge, there may be another."""
    rows = [row.record for row in world.outputs[topics.MT_EVENT]]
    events = [record for record in rows if isinstance(record, MtEvent)]
    if len({event.event_id for event in events}) < len(events):
        return "an event was told twice"
    for name, told in _statuses(world).items():
        ends = [e.state for e in events if e.message_id == name and e.terminal]
        if ends not in ([told[-1].state], ["unknown", told[-1].state]):
            return f"{name} has the ends {ends}"
    return ""


def _statuses(world: World) -> dict[str, list[MtStatus]]:
    found: defaultdict[str, list[MtStatus]] = defaultdict(list)
    for row in world.outputs[topics.MT_STATUS]:
        assert isinstance(row.record, MtStatus)
        found[row.key].append(row.record)
    return found


RULES: tuple[Callable[[World], str], ...] = (
    every_receipt_is_told_once,
    each_finds_its_own_segment,
    whoever_can_be_known_is_joined_at_once,
    a_segment_has_one_final_receipt,
    the_tracker_is_told_all_of_it,
    silence_is_told_when_it_is_certain,
    a_story_ends_as_it_was,
    a_story_only_goes_on,
    an_event_happens_once,
)
