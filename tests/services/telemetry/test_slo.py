"""What is late is late once; the rest of what gets anywhere is good."""

from collections.abc import Callable
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.heard import Moved
from services.telemetry.slo import CARRIER, GOOD, LATE, PROMISE_S, Slo
from services.telemetry.view import Unsent

PROMISE_MS = PROMISE_S * 1000
BEGIN_MS = 1_790_000_000_000


class Message(NamedTuple):
    """When it is due, and when it reaches an SMSC, in seconds; 999 is never."""

    due_s: int
    reached_s: int
    lane: str = "normal"
    test: bool = False
    connector: str = "fast"


class World:
    """Messages as the view has them, second by second."""

    def __init__(self, messages: list[Message]) -> None:
        self.messages = messages
        self.now_s = 0
        self.slo = Slo()

    def run(self, seconds: int, is_carriers: Callable[[str | None], bool]) -> None:
        for _ in range(seconds):
            self.now_s += 1
            for one in self.messages:
                if one.reached_s == self.now_s:
                    move = Moved("routed", "accepted", "fast", "otp", None, one.lane, one.test)
                    self.slo.move(move)
            self.slo.judge(BEGIN_MS + self.now_s * 1000 - PROMISE_MS, self.late, is_carriers)

    def late(self, after_ms: int, until_ms: int) -> list[Unsent]:
        return [
            Unsent(one.connector, one.lane, one.test, 1, BEGIN_MS + one.due_s * 1000, 0.0)
            for one in self.messages
            if one.reached_s > self.now_s and after_ms < BEGIN_MS + one.due_s * 1000 <= until_ms
        ]


MESSAGES = st.lists(
    st.tuples(st.integers(2, 60), st.integers(0, 90), st.sampled_from(["normal", "bulk"])).map(
        lambda told: Message(told[0], told[0] + told[1], told[2])
    ),
    max_size=20,
)


@given(MESSAGES)
def test_every_message_is_judged_once(messages: list[Message]) -> None:
    world = World(messages)
    world.run(200, lambda _: False)
    for lane in ("normal", "bulk"):
        own = [one.reached_s - one.due_s for one in messages if one.lane == lane]
        late = sum(waited > PROMISE_S for waited in own)
        assert world.slo.results[lane, LATE] == late
        assert world.slo.results[lane, GOOD] == len(own) - late


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
