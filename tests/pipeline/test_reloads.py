"""A core that is made anew of another configuration, and what that may not be."""

from typing import Any

import pytest

from pipeline.config import Config, KafkaConfig
from pipeline.effects import Effect, KeyEntries
from pipeline.errors import ConfigError
from pipeline.reloads import Reloaded, changes_kept, refuse_less
from tests.entries import MemoryEntries
from tests.services.router.builders import CONFIG, FAST, connector


class Numbered:
    """A core that answers by its number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> list[Effect]:
        raise AssertionError(self.number)


def test_a_core_is_made_anew_when_asked_and_kept_where_that_fails() -> None:
    made: list[int] = []
    told: list[str] = []

    def make() -> Numbered:
        made.append(len(made))
        if len(made) == 3:
            raise ConfigError(["broken"])
        return Numbered(made[-1])

    own = Reloaded(make, told.append)
    numbers = []
    for _ in range(4):
        with pytest.raises(AssertionError) as caught:
            own.decide(MemoryEntries(), None, 0)
        numbers.append(caught.value.args[0])
        own.renew()
    assert (numbers, told) == ([0, 1, 1, 3], ["taken", "refused", "taken", "taken"])


def of_fast(**changed: Any) -> Config:
    return CONFIG.model_copy(update={"connectors": {FAST: connector(**changed)}})


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        ({"generation": 2, "binds": 2}, None),
        ({"generation": 3, "binds": 4}, None),
        ({"generation": 2, "binds": 4}, "connectors.fast.binds: 2 for ever in generation 2"),
        ({"generation": 1, "binds": 2}, "connectors.fast.generation: it was 2"),
    ],
)
def test_binds_change_with_their_generation_only(after: dict[str, int], fault: str | None) -> None:
    before = of_fast(generation=2, binds=2)
    if fault is None:
        refuse_less(before, of_fast(**after))
    else:
        with pytest.raises(ConfigError, match=fault):
            refuse_less(before, of_fast(**after))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({}, []),
        ({"connectors": {}, "state_dir": "elsewhere"}, []),
        ({"kafka": KafkaConfig(bootstrap_servers="other:9092")}, ["kafka"]),
        ({"services": {"intake": {"weights": {"bulk": 2}}}}, ["services.intake.weights"]),
        ({"services": {"router": {"replicas": 2}}}, []),
    ],
)
def test_what_only_a_start_takes_is_named(changed: dict[str, Any], named: list[str]) -> None:
    faults = changes_kept(CONFIG, CONFIG.model_copy(update=changed), "intake", ("kafka",))
    assert faults == [f"{name}: changed; restart the intake" for name in named]
