"""What is late is late once; the rest of what gets anywhere is good."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.heard import FORGOTTEN, Moved
from services.telemetry.slo import CARRIER, GOOD, LATE, PROMISE_MS, PROMISE_S, Slo
from services.telemetry.view import Unsent

BEGIN_MS = 1_790_000_000_000


class Message(NamedTuple):
    """When it is due, when it reaches an SMSC, and when it is first heard of, in seconds; 999 is
    never. What is never heard of as routed is refused when it would have reached one."""

    due_s: int
    reached_s: int
    lane: str = "normal"
    test: bool = False
    connector: str = "fast"
    heard_s: int = -999

    def moves(self, now_s: int) -> Iterator[Moved]:
        """What is heard of it at that second."""
        if now_s == self.heard_s < self.reached_s:
            yield self._moved(None, "routed", now_s)
        if now_s == self.reached_s and self.heard_s < now_s:
            yield self._moved("routed", "accepted", now_s)
        if now_s == self.reached_s <= self.heard_s:
            yield self._moved(None, "rejected", now_s)

    def is_unsent(self, now_s: int) -> bool:
        """As far as the view knows."""
        return self.heard_s <= now_s < self.reached_s

    def _moved(self, before: str | None, after: str, at_s: int) -> Moved:
        kind = (self.connector, "otp", None, self.lane, self.test)
        return Moved(before, after, *kind, BEGIN_MS + self.due_s * 1000, BEGIN_MS + at_s * 1000)


class World:
    """Messages as the view has them, second by second."""

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        self.now_s = 0
        self.slo = Slo()

    def run(
        self, seconds: int, is_carriers: Callable[[str | None], bool], *, every_s: int = 1
    ) -> None:
        for _ in range(seconds):
            self.now_s += 1
            for one in self.messages:
                for move in one.moves(self.now_s):
                    self.slo.move(move)
            if self.now_s % every_s == 0:
                self.slo.judge(BEGIN_MS + self.now_s * 1000 - PROMISE_MS, self.late, is_carriers)

    def late(self, after_ms: int, until_ms: int) -> list[Unsent]:
        return [
            Unsent(one.connector, one.lane, one.test, 1, BEGIN_MS + one.due_s * 1000, 0.0)
            for one in self.messages
            if one.is_unsent(self.now_s) and after_ms < BEGIN_MS + one.due_s * 1000 <= until_ms
        ]


MESSAGES = st.lists(
    st.builds(
        lambda due_s, hidden_s, waits_s, lane: Message(
            due_s, due_s + waits_s, lane, heard_s=due_s + hidden_s
        ),
        st.integers(2, 60),
        st.integers(0, 60),
        st.integers(0, 90),
        st.sampled_from(["normal", "bulk"]),
    ),
    max_size=20,
)


@given(MESSAGES, st.integers(1, 20))
def test_every_message_is_judged_once_whenever_it_is_heard_of(
    messages: list[Message], every_s: int
) -> None:
    """As after an outage of intake or router, and also if the cut leaps."""
    world = World(messages)
    world.run(200, lambda _: False, every_s=every_s)
    for lane in ("normal", "bulk"):
        own = [one.reached_s - one.due_s for one in messages if one.lane == lane]
        late = sum(waited > PROMISE_S for waited in own)
        assert world.slo.results[lane, LATE] == late
        assert world.slo.results[lane, GOOD] == len(own) - late


def test_what_a_router_that_was_down_sends_at_last_is_late_before_it_is_sent() -> None:
    world = World([Message(10, 620, heard_s=610), Message(11, 999, heard_s=610)])
    told = []
    for seconds in (609, 1, 30):
        world.run(seconds, lambda _: False)
        told.append((world.slo.results["normal", LATE], world.slo.results["normal", GOOD]))
    assert told == [(0, 0), (2, 0), (2, 0)]


def test_what_is_put_off_is_late_for_nothing_and_what_is_forgotten_is_not_good() -> None:
    world = World([Message(5, 999, heard_s=5)])
    world.run(100, lambda _: False)
    late = world.messages.pop().moves(5)
    world.slo.move(next(late)._replace(before="routed", after=FORGOTTEN, due_ms=None))
    cancelled = Message(6, 700).moves(700)
    world.slo.move(next(cancelled)._replace(before=None, after="scheduled", due_ms=None))
    world.run(1, lambda _: False)
    assert +world.slo.results == {("normal", LATE): 1}


def test_an_outage_is_seen_while_it_lasts_and_each_message_is_late_once() -> None:
    world = World([Message(10, 999), Message(11, 999), Message(12, 100), Message(12, 14)])
    told = []
    for _ in range(120):
        world.run(1, lambda _: False)
        told.append((world.slo.results["normal", LATE], world.slo.results["normal", GOOD]))
    assert told[10 + PROMISE_S - 2] == (0, 1)
    assert told[10 + PROMISE_S - 1] == (1, 1)
    assert told[12 + PROMISE_S - 1] == (3, 1)
    assert told[-1] == (3, 1)  # what came at last is not good for that


def test_what_was_late_before_the_start_is_none_of_ours_nor_good_when_it_comes() -> None:
    world = World([Message(-100, 50), Message(20, 21)])
    world.run(100, lambda _: False)
    assert world.slo.results["normal", LATE] == 0
    assert world.slo.results["normal", GOOD] == 1


def test_a_carrier_that_is_to_blame_is_told_apart_and_tests_are_promised_nothing() -> None:
    world = World([Message(5, 999, connector="down"), Message(5, 999), Message(5, 999, test=True)])
    world.run(100, lambda connector: connector == "down")
    assert dict(world.slo.results) == {("normal", CARRIER): 1, ("normal", LATE): 1}


def test_the_cut_never_goes_back() -> None:
    world = World([Message(5, 999)])
    for cut_s in (0, 6, 4, 6):
        world.slo.judge(BEGIN_MS + cut_s * 1000, world.late, lambda _: False)
    assert world.slo.cut_ms == BEGIN_MS + 6000
    assert world.slo.results["normal", LATE] == 1
