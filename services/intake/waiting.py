"""Bulk that waits for room at a connector: read, held, let go to the router, decided there anew.

One topic a connector, one line here. At the head of a line a record goes on when there is room
(`release.py`), and without any when its end is known: its validity is over, or it is cancelled. One
that is paused is left where it is and others pass (`left.py`): the partition is committed no
further than it, and read again from there when the stops have changed, and once an hour for what is
over by then. Another process that takes the partition over lets go again what has passed since; the
router knows it by its source.

All topics of the family are read that there are: what waits for a connector that is configured no
more goes on slowly, for the router knows other ways.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from confluent_kafka import Message, TopicPartition

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.errors import UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.kafka.member import Member, place
from pipeline.process import Process
from pipeline.records import MtAdmitted
from pipeline.stops import Stops
from services.intake import sizes
from services.intake.lanes import GROUP
from services.intake.left import Left
from services.intake.poison import Partition
from services.intake.release import Release, goal, is_over

READ_AGAIN_S = 3600.0


class Held(NamedTuple):
    """A record that waits, or why it can't be read."""

    message: Message
    record: MtAdmitted | UnreadableError


@dataclass(slots=True)
class Line:
    """What waits for one connector, as far as it has been read."""

    connector: ConnectorId
    held: deque[Held] = field(default_factory=deque)
    release: Release = field(default_factory=Release)


class Waiting:
    """The lines of this process, and the member of the group that reads them."""

    def __init__(self, ground: Process, stops: Stops, capacity: Capacity) -> None:
        self._ground = ground
        self._stops = stops
        self._capacity = capacity
        self.configure(ground.config)
        self._member = Member(
            ground.config.kafka, GROUP, self._held, self._on_assigned, self._on_gone
        )
        self.close = self._member.close
        self._lines: dict[str, Line] = {}
        self._ring: deque[str] = deque()  # topics, the one whose turn it is first
        self._left = Left()
        self._there: Mapping[str, ConnectorId] = {}
        self._behind: Mapping[str, int] = {}
        self._must_read_again = False
        self._read_again_at = time.monotonic() + READ_AGAIN_S

    # --- on other threads -----------------------------------------------------------------------

    def group_of(self, there: Collection[str]) -> dict[str, str]:
        """For `Backlogs`: what to ask for, of the topics there are."""
        self._there = topics.waits(there)
        return self._capacity.group_of(there)

    def ask(self) -> Callable[[Mapping[str, int]], None]:
        """For `Backlogs`: what takes the answer."""
        answered = self._capacity.ask()

        def take_answer(behind: Mapping[str, int]) -> None:
            self._behind = behind
            answered(behind)

        return take_answer

    def stops_changed(self) -> None:
        """What was paused may go on."""
        self._must_read_again = True

    # --- on the thread of the shell -------------------------------------------------------------

    def configure(self, config: Config) -> None:
        """Go by these tenants from now on."""
        self._validities_s = {name: tenant.validity_s for name, tenant in config.tenants.items()}

    def take(self, most: int) -> list[Held]:
        """Those that go on now, at most `most`."""
        self._subscribe()
        if not self._lines:
            return []
        if self._must_read_again or time.monotonic() > self._read_again_at:
            self._read_again()
        self._read()
        taken: list[Held] = []
        for topic in self._ring:
            self._let_go(self._lines[topic], most, taken)
        self._ring.rotate(-1)
        self._member.balance()
        return taken

    def commit(self, done: Sequence[Held]) -> None:
        """All of these are dealt with."""
        self._member.commit_to({at: self._left.end(at) for at in {place(m) for m, _ in done}})

    def _subscribe(self) -> None:
        """Read the topics there are."""
        there = self._there
        if there.keys() <= self._lines.keys():
            return
        for topic in there.keys() - self._lines.keys():
            self._lines[topic] = Line(there[topic])
            self._ring.append(topic)
            self._ground.metrics.gauge(
                "sms.intake.held", self._behind_of(topic), connector=there[topic]
            )
        self._member.subscribe(self._lines)

    def _behind_of(self, topic: str) -> Callable[[], float]:
        return lambda: self._behind.get(topic, 0)

    def _read(self) -> None:
        for message in self._member.read(0):
            if self._left.is_new(place(message), message.offset() or 0):
                held = Held(message, self._decoded(message))
                self._lines[message.topic() or ""].held.append(held)

    def _decoded(self, message: Message) -> MtAdmitted | UnreadableError:
        try:
            return self._ground.codec.decode(message.value(), MtAdmitted)
        except UnreadableError as error:
            return error

    def _let_go(self, line: Line, most: int, taken: list[Held]) -> None:
        if not line.held:
            return
        now_s, this_ms = time.monotonic(), now_ms()
        may_go = goal(
            self._capacity.filled(line.connector),
            self._capacity.detour_per_s(line.connector),
            is_configured=self._capacity.is_configured(line.connector),
        )
        room = line.release.room(may_go.segments, now_s)
        while line.held and len(taken) < most:
            message, record = line.held[0]
            where = place(message), message.offset() or 0
            if not isinstance(record, UnreadableError) and not self._has_ended(record, this_ms):
                if self._stops.pauses(record.head):
                    if not self._left.leave(*where):
                        return
                    line.held.popleft()
                    continue
                waited_s = (this_ms - message.timestamp()[1]) / 1000
                if room <= 0 or waited_s < may_go.waited_s:
                    return
                segments = sizes.segments(record.request)
                room -= segments
                line.release.went(segments, now_s)
            self._left.passed(*where)
            taken.append(line.held.popleft())

    def _has_ended(self, record: MtAdmitted, this_ms: int) -> bool:
        is_cancelled = self._stops.cancels(record.head) is not None
        return is_cancelled or is_over(record, self._validities_s, this_ms)

    def _read_again(self) -> None:
        """From the first record that was left where it is; what has passed since is skipped."""
        self._must_read_again = False
        self._read_again_at = time.monotonic() + READ_AGAIN_S
        firsts = self._left.firsts()
        self._forget(firsts.keys())
        for (topic, partition), offset in firsts.items():
            self._member.consumer.seek(TopicPartition(topic, partition, offset))

    def _held(self) -> Mapping[str, int]:
        return {topic: len(line.held) for topic, line in self._lines.items()}

    def _on_assigned(self, _: set[Partition]) -> None:
        self._share()

    def _on_gone(self, gone: set[Partition]) -> None:
        self._forget(gone)
        self._left.forget(gone)
        self._share()

    def _forget(self, gone: Collection[Partition]) -> None:
        for line in self._lines.values():
            line.held = deque(held for held in line.held if place(held.message) not in gone)

    def _share(self) -> None:
        """Let go as much of each connector's as this process has of its partitions."""
        shares = self._member.shares()
        for topic, line in self._lines.items():
            line.release.share = shares.get(topic, 0.0)
