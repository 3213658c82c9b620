"""Bulk for which no way has room waits, is told of, and is decided anew when it comes back."""

from typing import Any

import msgspec
import pytest

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.effects import Effect, Publish
from pipeline.ids import ConnectorId
from pipeline.records import (
    MtAdmitted,
    MtRejected,
    MtReroute,
    MtRouted,
    MtScheduled,
    MtWaiting,
    Stop,
)
from pipeline.stops import Stops
from services.intake.checks import VALIDITY_S_MAX
from services.router.core import Router
from services.router.repeats import SEEN_LIFE_S
from services.router.routes import Changes, Routes
from services.router.waits import WAIT_LIFE_S
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    CONFIG,
    DAY_S,
    FAST,
    NOW_MS,
    SLOW,
    admitted,
    request,
    rule,
)

LIMIT = 120  # records: of two minutes at one segment a second
FAST_TOPIC, SLOW_TOPIC = "sms.mt.submit.fast.g2", "sms.mt.submit.slow.g1"
RULES = Routes("v1", (rule("all", "", FAST, SLOW, return_after_s=30),))


class World:
    """A router, its state, and how much is queued."""

    def __init__(self, *up: ConnectorId) -> None:
        self.stops = Stops()
        self.capacity = Capacity(CONFIG, lambda: NOW_MS)
        self.router = Router(CONFIG, RULES, lambda n: n in up, self.stops, capacity=self.capacity)
        self.state = MemoryEntries()
        self.now_ms = NOW_MS

    def queue(self, fast: int, slow: int, *, waiting: int = 0) -> None:
        behind = {FAST_TOPIC: fast, SLOW_TOPIC: slow, "sms.mt.wait.fast": waiting}
        self.capacity.ask()(behind)

    def decide(self, record: MtAdmitted | MtReroute) -> list[Effect]:
        self.state.now_ms = self.now_ms
        return self.router.decide(self.state, record, self.now_ms)

    def told(self, record: MtAdmitted | MtReroute) -> Any:
        """The fact that the tracker learns."""
        last = self.decide(record)[-1]
        assert isinstance(last, Publish)
        assert last.topic == "sms.tracker.in"
        return last.record


def bulk(number: int = 1, **asked: Any) -> MtAdmitted:
    source = f"sms.mt.request.bulk/0/{number}"
    return admitted(request(message_id=f"m{number}", **asked), lane="bulk", source=source)


def back(record: MtAdmitted) -> MtAdmitted:
    return msgspec.structs.replace(record, due=True)


@pytest.mark.parametrize(
    ("lane", "fast", "slow", "where"),
    [
        ("bulk", LIMIT, 0, "fast"),
        ("bulk", LIMIT + 1, 0, "slow"),
        ("bulk", LIMIT + 1, LIMIT + 1, "waits for fast"),
        ("normal", LIMIT + 1, LIMIT + 1, "fast"),
        ("priority", LIMIT + 1, LIMIT + 1, "fast"),
        ("normal", DAY_S + 1, 0, "slow"),  # longer than what remains of its validity
        ("priority", DAY_S + 1, 0, "fast"),  # has a lane of its own
    ],
)
def test_only_bulk_waits_and_only_when_no_way_has_room(
    lane: str, fast: int, slow: int, where: str
) -> None:
    world = World(FAST, SLOW)
    world.queue(fast, slow)
    fact = world.told(admitted(lane=lane))
    waits = "waits for " if isinstance(fact, MtWaiting) else ""
    assert waits + fact.connector == where


def test_it_goes_as_it_came_and_a_fact_says_so() -> None:
    world, record = World(FAST, SLOW), bulk()
    world.queue(LIMIT + 1, LIMIT + 1)
    waiting, told = world.decide(record)
    assert waiting == Publish("sms.mt.wait.fast", "46701234567", record)
    assert isinstance(told, Publish)
    assert told.record == MtWaiting(
        head=msgspec.structs.replace(record.head, sender="ACME"),
        connector=FAST,
        deadline_ms=record.head.requested_ms + DAY_S * 1000,
        waiting_ms=NOW_MS,
        rule="all",
        routes_version="v1",
    )


def test_of_connectors_that_are_down_it_waits_for_the_first_by_its_contract() -> None:
    world = World()
    world.queue(LIMIT + 1, 0)
    assert world.told(bulk()).connector == FAST
    world.queue(LIMIT, 0)
    assert isinstance(world.told(bulk(2)), MtRouted)


def test_what_is_new_waits_behind_what_waits_already() -> None:
    world, first, second = World(FAST), bulk(1), bulk(2)
    world.queue(LIMIT + 1, 0)
    assert isinstance(world.told(first), MtWaiting)
    world.queue(0, 0, waiting=1)
    assert isinstance(world.told(second), MtWaiting)
    assert isinstance(world.told(back(first)), MtRouted)


def test_it_is_routed_once_however_often_it_comes_back() -> None:
    world, record = World(FAST, SLOW), bulk()
    world.queue(LIMIT + 1, LIMIT + 1)
    world.decide(record)
    assert world.decide(record) == []  # intake repeats itself
    assert isinstance(world.told(back(record)), MtWaiting)
    assert isinstance(world.told(back(record)), MtWaiting)  # and of two copies
    world.queue(0, 0)
    assert isinstance(world.told(back(record)), MtRouted)
    assert world.decide(back(record)) == []  # the second is none
    world.now_ms += (DAY_S + SEEN_LIFE_S) * 1000 - 1000
    assert world.decide(back(record)) == []  # a day past its deadline still


def test_what_comes_back_from_the_scheduler_waits_behind_what_waits_already() -> None:
    world, record = World(FAST), bulk(send_at_ms=NOW_MS + 60_000)
    world.queue(0, 0, waiting=1)
    assert isinstance(world.told(record), MtScheduled)
    world.now_ms += 60_000
    assert isinstance(world.told(back(record)), MtWaiting)
    assert isinstance(world.told(back(record)), MtRouted)  # and now it has


@pytest.mark.parametrize("is_routed", [True, False], ids=["routed", "expired"])
def test_what_a_rule_made_short_is_known_as_long_as_a_copy_may_wait(is_routed: bool) -> None:
    world, record = World(FAST, SLOW), bulk(validity_s=7 * DAY_S)
    short = rule("all", "", FAST, SLOW, changes=Changes(validity_s=60))
    world.router.routes = Routes("v2", (short,))
    world.queue(LIMIT + 1, LIMIT + 1)
    assert isinstance(world.told(record), MtWaiting)
    world.queue(0, 0)
    world.now_ms += 1000 if is_routed else 61_000
    assert isinstance(world.told(back(record)), MtRouted) is is_routed
    world.router.routes = RULES
    for _ in range(7):
        world.now_ms += DAY_S * 1000
        assert world.decide(back(record)) == []


def test_the_entry_outlives_every_validity_and_what_is_kept_where_it_waits() -> None:
    lanes = {FAST: topics.Lanes(binds=1, generation=2)}
    (kept,) = [topic for topic in topics.catalog(lanes) if topic.name == topics.wait(FAST)]
    assert kept.retention_h is not None
    assert WAIT_LIFE_S >= kept.retention_h * 3600 > VALIDITY_S_MAX


def test_the_same_id_from_elsewhere_is_a_duplicate_while_it_waits() -> None:
    world, record = World(FAST, SLOW), bulk()
    world.queue(LIMIT + 1, LIMIT + 1)
    world.decide(record)
    world.queue(0, 0)
    again = msgspec.structs.replace(record, source="sms.mt.request.bulk/0/9")
    for repeat in (again, msgspec.structs.replace(again, due=True)):
        for effect in world.decide(repeat):
            assert isinstance(effect.record, MtRejected)
            assert effect.record.reason == "duplicate"


def test_it_is_decided_anew_and_may_end_so() -> None:
    for after_s, stop, reason in ((DAY_S, None, "expired"), (60, "cancel", "cancelled")):
        world, record = World(FAST, SLOW), bulk(campaign="spring")
        world.queue(LIMIT + 1, LIMIT + 1)
        world.decide(record)
        if stop is not None:
            world.stops.put("s", Stop(action=stop, campaign="spring", at_ms=NOW_MS))
        world.now_ms += after_s * 1000
        fact = world.told(back(record))
        assert isinstance(fact, MtRejected)
        assert fact.reason == reason
        world.stops.put("s", None)
        assert world.decide(back(record)) == []  # an end is an end


def test_what_has_begun_its_trip_waits_for_no_room() -> None:
    world, record = World(FAST, SLOW), bulk()
    world.queue(0, 0)
    assert world.told(record).connector == FAST
    world.queue(LIMIT + 1, LIMIT + 1)
    reroute = MtReroute(head=record.head, hop=1, reason="connector_down", asked_ms=NOW_MS)
    fact = world.told(reroute)
    assert isinstance(fact, MtRouted)
    assert fact.connector == SLOW


def test_what_is_routed_counts_at_once() -> None:
    world = World(FAST)
    world.queue(LIMIT - 2, 0)
    facts = [world.told(bulk(number)) for number in range(1, 6)]
    assert [isinstance(fact, MtWaiting) for fact in facts] == [False] * 3 + [True] * 2
