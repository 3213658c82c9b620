"""Who goes first when not all may, and what another thread says meanwhile."""

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.capacity import Capacity
from pipeline.config import Config, TenantConfig
from pipeline.process import Process
from services.intake import shell
from services.intake.config import IntakeConfig
from services.intake.queues import Queues
from services.intake.shell import Shell

CONFIG = Config(dev=True)
GRANT = 40
WORDS = 200


class Reader:
    """A lane that is never empty, if it is the normal one."""

    is_assigned = True

    def __init__(self, lane: str, _ground: object, queues: Queues[Any], _poison: object) -> None:
        self._flow = queues.flow(lane, "default")
        self._is_busy = lane == "normal"

    def read(self, _patience_s: float) -> None:
        if self._is_busy and len(self._flow.waiting) < GRANT:
            self._flow.waiting.extend(range(10 * GRANT))

    def subscribe(self) -> None:
        """There is no group."""

    balance = close = waiting_count = poisoned_count = subscribe


class Back:
    """Bulk that comes back, as much as may; what was asked of it and of the lanes."""

    def __init__(self, _ground: object, _stops: object, _capacity: object) -> None:
        self.wants = 0
        self.gone = 0
        self.configured: list[Config] = []

    def take(self, most: int) -> list[int]:
        assert most >= 0
        count = min(most, self.wants)
        self.gone += count
        return [0] * count

    def configure(self, config: Config) -> None:
        self.configured.append(config)

    def close(self) -> None:
        """Nothing is open."""


class Stopping:
    """Lets the loop turn two times for each word of another thread, which may be in a hurry."""

    def __init__(self, own: Shell, words: int, grant: int) -> None:
        self._own, self._turns, self._grant = own, 2 * words, grant

    def is_set(self) -> bool:
        self._turns -= 1
        if self._turns % 2:
            self._own.give_credit(10_000)  # overtaken by the next word, and so never in force
            self._own.give_credit(self._grant)
        return self._turns < 0


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(shell, "LaneReader", Reader)
    monkeypatch.setattr(shell, "Waiting", Back)
    monkeypatch.setattr(shell, "make_producer", lambda _: None)
    count = SimpleNamespace(value=0)
    metrics = SimpleNamespace(counter=lambda *_, **__: count, gauge=lambda *_, **__: None)
    ground = SimpleNamespace(config=CONFIG, codec=None, metrics=metrics)
    own = Shell(cast(Process, ground), IntakeConfig(), cast(Capacity, None))
    monkeypatch.setattr(own, "_pass_on", lambda _: None)
    return own


def run(own: Shell, monkeypatch: pytest.MonkeyPatch, grant: int = GRANT) -> int:
    """How many of the normal lane have gone after so many words."""
    gone: list[int] = []
    monkeypatch.setattr(own, "_admit", gone.extend)
    own.run(cast(threading.Event, Stopping(own, WORDS, grant)))
    return len(gone)


@pytest.mark.parametrize(
    ("wants", "least", "most"), [(0, 0, 0), (1, 0.01, 0.03), (9999, 0.18, 0.2)]
)
def test_what_comes_back_has_the_part_of_a_bulk_lane_and_only_what_it_wants(
    own: Shell, monkeypatch: pytest.MonkeyPatch, wants: int, least: float, most: float
) -> None:
    cast(Back, own.waiting).wants = wants
    count, total = run(own, monkeypatch), GRANT * WORDS
    back = cast(Back, own.waiting).gone
    assert least <= back / total <= most
    assert 0.99 * total <= count + back <= total


def test_without_credit_nothing_goes(own: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    cast(Back, own.waiting).wants = 10_000
    assert run(own, monkeypatch, grant=0) == 0
    assert cast(Back, own.waiting).gone == 0


def test_the_last_configuration_is_in_force_from_the_next_round_on(
    own: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {"default": TenantConfig(segments_per_s=1), "new": TenantConfig()}
    first, last = CONFIG, CONFIG.model_copy(update={"tenants": slow})
    own.configure(first)
    own.configure(last)
    assert own.config is last
    assert run(own, monkeypatch) <= 2
    assert cast(Back, own.waiting).configured == [last]
