"""Which dead letters are open: what rings goes by the same rule as who deals with them."""

from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import OFFSET_END, TopicPartition

from pipeline.burials import OPEN_MS_MAX
from pipeline.config import KafkaConfig
from pipeline.kafka import letters, unread
from pipeline.kafka.unread import Unread

TOPIC, END, NOW_MS = "sms.mt.request.dlq", 90, 1_790_000_000_000


class Consumer:
    """Knows one partition: what is committed of it, and the first of those that are recent."""

    def __init__(self, committed: int | None, recent: int | None) -> None:
        self._committed = -1001 if committed is None else committed
        self._recent = OFFSET_END if recent is None else recent

    def committed(self, asked: Sequence[TopicPartition], **_: float) -> list[TopicPartition]:
        return [TopicPartition(one.topic, one.partition, self._committed) for one in asked]

    def offsets_for_times(
        self, asked: Sequence[TopicPartition], **_: float
    ) -> list[TopicPartition]:
        by_time = {OFFSET_END: END, NOW_MS - OPEN_MS_MAX: self._recent}
        return [TopicPartition(one.topic, one.partition, by_time[one.offset]) for one in asked]

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("committed", "recent", "begin"),
    [
        (None, 40, 40),  # what nobody has touched in time is open no more
        (60, 40, 60),
        (20, 40, 40),
        (None, None, END),
        (END, None, END),
    ],
)
def test_what_is_counted_as_open_is_what_can_be_dealt_with(
    committed: int | None, recent: int | None, begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def read(_: object, __: object, *, starts: Mapping[Any, int], **___: object) -> Iterator[Any]:
        (start,) = starts.values()
        begun.append(start)
        return iter([None] * (END - start))

    there = {TOPIC: SimpleNamespace(partitions=[0])}
    for module in (unread, letters):
        monkeypatch.setattr(module, "make_consumer", lambda *_, **__: Consumer(committed, recent))
        monkeypatch.setattr(module, "now_ms", lambda: NOW_MS)
        monkeypatch.setattr(module, "read_to_end", read)
        monkeypatch.setattr(module, "known_topics", lambda *_: there)
    monkeypatch.setattr(letters, "partition_counts", lambda _: {TOPIC: 1})
    monkeypatch.setattr(letters, "_letter", lambda message: message)
    count = Unread(KafkaConfig(), "operator", [TOPIC]).ask()[TOPIC]
    assert count == len(list(letters.letters(KafkaConfig(), TOPIC))) == END - begin
    assert set(begun) <= {begin}
