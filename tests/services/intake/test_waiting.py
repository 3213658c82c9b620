"""Which of what waits goes on, and what of it is committed; Kafka is a list here."""

from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline import topics
from pipeline.capacity import STALE_MS, Capacity
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.process import Process
from pipeline.records import ConnectorState, Stop
from pipeline.stops import Stops
from services.intake import left, waiting
from services.intake.release import DECIDED_S, FILL_TO, IN_FLIGHT_S, ROOM_EVERY_S, STRAYS
from services.intake.waiting import READ_AGAIN_S, Waiting
from tests.services.router.builders import admitted, connector, request

START_MS = 1_790_000_000_000
DOWN, OTHER, STRANGER = ConnectorId("down"), ConnectorId("other"), ConnectorId("stranger")
RATE_PER_S = 10
CONFIG = Config(
    dev=True,
    connectors={name: connector(rate_per_s=RATE_PER_S) for name in (DOWN, OTHER)},
)
HALF = int(RATE_PER_S * CONFIG.connectors[DOWN].bulk_queue_s * FILL_TO)
PLENTY = 100_000
CODEC = Codec()


class Record:
    """One record of one partition."""

    def __init__(self, topic: str, offset: int, value: bytes, at_ms: int) -> None:
        self._topic, self._offset, self._value, self._at_ms = topic, offset, value, at_ms

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return self._offset

    def value(self) -> bytes:
        return self._value

    def timestamp(self) -> tuple[int, int]:
        return 1, self._at_ms


class Group:
    """The only member of a group, and the partition 0 of each topic it reads."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Record]] = {}
        self.positions: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.consumer = self

    def __call__(
        self,
        _kafka: object,
        _group: str,
        _held: Callable[[], Mapping[str, int]],
        on_assigned: Callable[[set[tuple[str, int]]], None],
        on_gone: Callable[[set[tuple[str, int]]], None],
    ) -> "Group":
        self.assign, self.revoke = on_assigned, on_gone
        return self

    def subscribe(self, names: Collection[str]) -> None:
        self.positions = {name: self.positions.get(name, 0) for name in names}
        self.assign({(name, 0) for name in names})

    def shares(self) -> dict[str, float]:
        return dict.fromkeys(self.positions, 1.0)

    def read(self, _patience_s: float) -> list[Record]:
        found = []
        for name, position in self.positions.items():
            found += self.logs.get(name, [])[position:]
            self.positions[name] = len(self.logs.get(name, []))
        return found

    def seek(self, to: Any) -> None:
        self.positions[to.topic] = to.offset

    def commit_to(self, ends: Mapping[tuple[str, int], int]) -> None:
        self.ends |= {name: end for (name, _), end in ends.items()}

    def balance(self) -> None:
        """Nothing here is ever full."""

    def close(self) -> None:
        """Nothing is open."""


class Bench:
    """Lines whose time is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        self.group, self.stops = Group(), Stops()
        self.capacity = Capacity(CONFIG, self.now_ms)
        monkeypatch.setattr(waiting, "Member", self.group)
        monkeypatch.setattr(waiting, "now_ms", self.now_ms)
        monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=lambda: self.now_s))
        metrics = SimpleNamespace(gauge=lambda *_, **__: None)
        ground = SimpleNamespace(config=CONFIG, codec=CODEC, metrics=metrics)
        self.waiting = Waiting(cast(Process, ground), self.stops, self.capacity)

    def now_ms(self) -> int:
        return START_MS + int(self.now_s * 1000)

    def queued(self, **behind: int) -> None:
        """Kafka has said how many segments are queued for connectors."""
        names = {name: topics.submit(ConnectorId(name), 1, priority=False) for name in behind}
        self.capacity.ask()({names[name]: count for name, count in behind.items()})

    def bound(self, name: ConnectorId) -> None:
        self.capacity.hear(
            ConnectorState(
                connector=name,
                partition=0,
                replica="binder-0",
                state="bound",
                window_requests_max=10,
                rate_per_s=RATE_PER_S,
                contract_per_s=RATE_PER_S,
                at_ms=self.now_ms(),
            )
        )

    def wait(self, name: ConnectorId, count: int, tenant: str = "default") -> None:
        """So many more records wait."""
        topic = topics.wait(name)
        log = self.group.logs.setdefault(topic, [])
        for offset in range(len(log), len(log) + count):
            asked = request(message_id=f"{tenant}-{offset}", validity_s=86_400)
            record = admitted(asked, tenant=tenant, lane="bulk", requested_ms=self.now_ms())
            log.append(Record(topic, offset, CODEC.encode(record, topic), self.now_ms()))
        self.waiting.group_of(self.group.logs)

    def pause(self, tenant: str | None) -> None:
        """Of what there is one tenant is paused, or none."""
        stop = tenant and Stop(action="pause", tenant=tenant, at_ms=self.now_ms())
        self.stops.put("s", stop or None)
        self.waiting.stops_changed()

    def go(self, most: int = PLENTY) -> list[int]:
        """The offsets of what goes on now; it is confirmed at once."""
        taken = self.waiting.take(most)
        if taken:
            self.waiting.commit(taken)
        return [held.message.offset() or 0 for held in taken]

    def go_for(self, seconds: float, most: int = PLENTY) -> list[int]:
        """Those that go on meanwhile."""
        found = []
        for _ in range(int(seconds / ROOM_EVERY_S)):
            found += self.go(most)
            self.now_s += ROOM_EVERY_S
        return found


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_what_has_passed_a_paused_one_does_not_pass_again(bench: Bench) -> None:
    bench.queued(other=0)
    bench.pause("bank")
    for tenant in ("bank", "default", "default", "bank", "default"):
        bench.wait(OTHER, 1, tenant)
    topic = topics.wait(OTHER)
    assert bench.go() == [1, 2, 4]
    assert bench.group.ends[topic] == 0
    for _ in range(3):  # as often as it is read again
        bench.now_s += READ_AGAIN_S + 1
        bench.queued(other=0)
        assert bench.go_for(IN_FLIGHT_S) == []
    bench.wait(OTHER, 1)
    assert bench.go() == [5]
    assert bench.group.ends[topic] == 0
    bench.pause(None)
    bench.now_s += ROOM_EVERY_S
    assert bench.go(1) == [0]
    assert bench.group.ends[topic] == 3
    assert bench.go_for(1) == [3]
    assert bench.group.ends[topic] == 6


def test_of_a_partition_that_has_left_nothing_is_remembered(bench: Bench) -> None:
    bench.queued(other=0)
    bench.pause("bank")
    bench.wait(OTHER, 1, "bank")
    bench.wait(OTHER, 1)
    assert bench.go() == [1]
    topic = topics.wait(OTHER)
    bench.group.revoke({(topic, 0)})
    bench.group.positions[topic] = bench.group.ends[topic]
    bench.group.assign({(topic, 0)})
    bench.pause(None)
    bench.now_s += ROOM_EVERY_S
    assert bench.go() == [0, 1]


def test_where_too_many_are_left_the_line_stands_still(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left, "LEFT_MAX", 3)
    bench.queued(other=0)
    bench.pause("bank")
    bench.wait(OTHER, 4, "bank")
    bench.wait(OTHER, 2)
    assert bench.go_for(5) == []
    bench.pause(None)
    assert bench.go_for(5) == [0, 1, 2, 3, 4, 5]


def test_what_waits_for_nobodys_connector_goes_on_slowly(bench: Bench) -> None:
    bench.wait(STRANGER, 10 * STRAYS)
    assert len(bench.go()) == STRAYS
    assert bench.go_for(IN_FLIGHT_S) == []
    assert len(bench.go_for(IN_FLIGHT_S)) == STRAYS
    bench.now_s += READ_AGAIN_S
    config = CONFIG.model_copy(update={"connectors": {STRANGER: connector()}})
    bench.capacity.configure(config)
    assert bench.go_for(IN_FLIGHT_S) == []  # nobody knows how much is queued for it
    bench.queued(stranger=0)
    assert len(bench.go_for(1)) == CONFIG.connectors[DOWN].bulk_queue_s * FILL_TO


@pytest.mark.parametrize(
    ("is_other_up", "is_down", "is_full", "has_waited_s", "gone"),
    [
        (True, True, True, DECIDED_S, RATE_PER_S * IN_FLIGHT_S),
        (True, True, True, DECIDED_S - 1, 0),  # a router has decided just now
        (False, True, True, DECIDED_S, 0),  # a router could only put it back
        (True, False, True, DECIDED_S, 0),
        (True, True, False, 0, HALF),  # there is room
    ],
)
def test_what_waits_for_one_that_is_down_looks_for_another_way(
    bench: Bench, is_other_up: bool, is_down: bool, is_full: bool, has_waited_s: float, gone: int
) -> None:
    bench.wait(DOWN, 1000)
    bench.now_s += has_waited_s
    if is_other_up:
        bench.bound(OTHER)
    if not is_down:
        bench.bound(DOWN)
    bench.queued(down=HALF * is_full, other=0)
    assert len(bench.go()) == gone
    assert len(bench.go()) == 0  # not before IN_FLIGHT_S


def test_none_comes_back_and_goes_on_before_a_minute_is_over(bench: Bench) -> None:
    """A router that puts back what goes on, for the other has no way for it."""
    bench.wait(DOWN, 5)
    bench.now_s += STALE_MS / 1000 + 1
    bench.queued(down=HALF, other=0)
    came_back = 0
    for _ in range(600):  # a second each
        bench.bound(OTHER)
        count = len(bench.go())
        bench.wait(DOWN, count)
        came_back += count
        bench.now_s += 1
    assert 0 < came_back <= 5 * (600 / DECIDED_S + 1)


def test_validities_follow_the_configuration(bench: Bench) -> None:
    """Nobody knows how much is queued, so only what is over goes on."""
    topic = topics.wait(OTHER)
    record = admitted(tenant="new", lane="bulk", requested_ms=bench.now_ms() - 1000)
    bench.group.logs[topic] = [Record(topic, 0, CODEC.encode(record, topic), bench.now_ms())]
    tenants = {"new": CONFIG.tenants["default"]}
    bench.waiting.configure(CONFIG.model_copy(update={"tenants": tenants}))
    bench.wait(OTHER, 0)
    assert bench.go() == []
    bench.now_s += CONFIG.tenants["default"].validity_s
    assert bench.go() == [0]
