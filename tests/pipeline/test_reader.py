"""Reading to the ends when Kafka goes away in between."""

from typing import Any, cast

import pytest
from confluent_kafka import Consumer, TopicPartition

from pipeline.errors import BrokerError
from pipeline.kafka.reader import _until_ends


class Record:
    """The only one."""

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return 0

    def offset(self) -> int:
        return 0


class Going:
    """A consumer that has the first of `end` records, and then nothing."""

    def __init__(self) -> None:
        self._has = [Record()]

    def poll(self, _: float) -> Record | None:
        return self._has.pop() if self._has else None

    def consume(self, *_: Any) -> list[Any]:
        return []

    def position(self, places: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(own.topic, own.partition, 1 - len(self._has)) for own in places]


def test_who_has_no_patience_is_told_that_nothing_comes() -> None:
    read = _until_ends(cast(Consumer, Going()), {("t", 0): 2}, 0)
    assert next(read).offset() == 0
    with pytest.raises(BrokerError, match="has sent nothing"):
        next(read)


def test_what_ends_in_time_ends() -> None:
    assert len(list(_until_ends(cast(Consumer, Going()), {("t", 0): 1}, 0))) == 1
