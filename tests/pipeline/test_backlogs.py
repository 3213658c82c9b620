"""What asks for backlogs goes on asking, whatever happens; and what no group has committed."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException

from pipeline.config import KafkaConfig
from pipeline.kafka import backlogs, lag
from pipeline.kafka.backlogs import Backlogs
from pipeline.kafka.lag import Lag, Progress

DEADLINE_S = 10
KAFKA = KafkaConfig()
TOPIC = "sms.mt.submit.c.g1"


class Cluster:
    """One topic; a group may have committed in it, and any question may fail."""

    def __init__(self) -> None:
        self.begins, self.ends = [900, 0], [1000, 50]
        self.committed_to: list[int] = [-1001, 20]
        self.error: KafkaError | None = None
        self.asked: list[int] = []

    def committed(self, asked: list[Any], timeout: float) -> list[Any]:
        return [self._answer(tp, self.committed_to[tp.partition]) for tp in asked]

    def offsets_for_times(self, asked: list[Any], timeout: float) -> list[Any]:
        answer = []
        for tp in asked:
            self.asked.append(tp.offset)
            offsets = self.begins if tp.offset == OFFSET_BEGINNING else self.ends
            answer.append(self._answer(tp, offsets[tp.partition]))
        return answer

    def _answer(self, tp: Any, offset: int) -> Any:
        return SimpleNamespace(
            topic=tp.topic, partition=tp.partition, offset=offset, error=self.error
        )


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    own = Cluster()
    known = {TOPIC: SimpleNamespace(partitions={0: None, 1: None}, error=None)}
    for module in (lag, backlogs):
        monkeypatch.setattr(module, "make_consumer", lambda *_, **__: own)
        monkeypatch.setattr(module, "known_topics", lambda *_: known)
    return own


def test_where_a_group_has_committed_nothing_it_has_to_read_what_is_there(cluster: Cluster) -> None:
    own = Lag(KAFKA, {TOPIC: "g"})
    assert own.ask() == {TOPIC: Progress(done=920, behind=130)}
    assert cluster.asked.count(OFFSET_BEGINNING) == 1
    cluster.committed_to[0] = 950
    assert own.ask() == {TOPIC: Progress(done=970, behind=80)}
    assert cluster.asked.count(OFFSET_BEGINNING) == 1  # only where it is needed


def test_a_group_whose_offsets_are_not_told_has_not_committed_nothing(cluster: Cluster) -> None:
    cluster.error = KafkaError(KafkaError.NOT_COORDINATOR)
    with pytest.raises(KafkaException):
        lag.committed(cast(Consumer, cluster), [(TOPIC, 0)])
    with pytest.raises(KafkaException):
        Lag(KAFKA, {TOPIC: "g"}).ask()


@pytest.mark.parametrize("who_fails", ["asks", "takes"])
def test_a_fault_of_who_asks_does_not_end_the_asking(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, who_fails: str
) -> None:
    monkeypatch.setattr(backlogs, "ASK_EVERY_S", 0.001)
    told: list[Mapping[str, int]] = []
    faults = iter([KeyError("of a bug")])

    def fail(who: str) -> None:
        if who == who_fails and (fault := next(faults, None)):
            raise fault

    def ask() -> Callable[[Mapping[str, int]], None]:
        fail("asks")

        def take(answer: Mapping[str, int]) -> None:
            fail("takes")
            told.append(answer)

        return take

    own = Backlogs(KAFKA, lambda there: dict.fromkeys(there, "g"), ask)
    own.start()
    own.stop()
    assert told[0] == {TOPIC: 130}
