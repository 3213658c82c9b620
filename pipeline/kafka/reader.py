"""Reads topics without a group, to their ends or on and on: for tools, and for an own output."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import known_topics, make_consumer, patiently, take, watermarks
from pipeline.kafka.lag import Place, first_since


def read_to_end(
    kafka: KafkaConfig,
    topics: Sequence[str],
    *,
    starts: Mapping[tuple[str, int], int] | None = None,
    ends: Mapping[tuple[str, int], int] | None = None,
    patience_s: float = math.inf,
) -> Iterator[Message]:
    """Every record of `topics` up to the ends as they are now, without a group.

    `starts` gives the first offset of single partitions; when given, only those are read. `ends`
    ends single ones sooner: before these offsets. Raises BrokerError when nothing has come for
    `patience_s`.
    """
    consumer = make_consumer(kafka, "heliograph-reader")
    try:
        known = known_topics(consumer, kafka)
        where = [
            TopicPartition(name, number, (starts or {}).get((name, number), OFFSET_BEGINNING))
            for name in topics
            if name in known
            for number in known[name].partitions
            if starts is None or (name, number) in starts
        ]
        open_until: dict[tuple[str, int], int] = {}
        for tp in where:
            low, high = watermarks(consumer, tp)
            end = min(high, (ends or {}).get((tp.topic, tp.partition), high))
            if max(low, tp.offset) < end:
                open_until[tp.topic, tp.partition] = end
        consumer.assign([tp for tp in where if (tp.topic, tp.partition) in open_until])
        yield from _until_ends(consumer, open_until, patience_s)
    finally:
        consumer.close()


def offsets_at(kafka: KafkaConfig, topic: str, at_ms: int) -> dict[Place, int]:
    """Of each partition the first offset that Kafka appended at `at_ms` or later, or its end."""
    consumer = make_consumer(kafka, "heliograph-reader")
    try:
        known = known_topics(consumer, kafka)
        places = [(topic, number) for number in known[topic].partitions]
        return patiently(first_since)(consumer, places, at_ms)
    finally:
        consumer.close()


def follow(
    kafka: KafkaConfig,
    topics: Sequence[str],
    is_over: Callable[[], bool],
    starts: Mapping[tuple[str, int], int] | None = None,
) -> Iterator[list[Message]]:
    """Every record of `topics`, then what comes, in batches; an empty one when nothing did.

    `starts` gives the first offset of single partitions. It looks at `is_over` about ten times a
    second.
    """
    consumer = make_consumer(kafka, "heliograph-reader")
    try:
        known = known_topics(consumer, kafka)
        consumer.assign(
            [
                TopicPartition(name, number, (starts or {}).get((name, number), OFFSET_BEGINNING))
                for name in topics
                for number in known[name].partitions
            ]
        )
        while not is_over():
            yield take(consumer, 0.1)
    finally:
        consumer.close()


def _until_ends(
    consumer: Consumer, ends: Mapping[tuple[str, int], int], patience_s: float
) -> Iterator[Message]:
    """Records until every partition's position has reached its end; markers leave gaps."""
    open_until = dict(ends)
    heard_s = time.monotonic()
    while open_until:
        found = take(consumer, 0.1)
        if not found and time.monotonic() - heard_s > patience_s:
            raise BrokerError(f"Kafka has sent nothing for {patience_s:g} s")
        for message in found:
            if (message.offset() or 0) < ends[message.topic() or "", message.partition() or 0]:
                yield message
        for tp in consumer.position([TopicPartition(*key) for key in open_until]):
            if tp.offset >= open_until[tp.topic, tp.partition]:
                del open_until[tp.topic, tp.partition]
        if found:
            heard_s = time.monotonic()  # after whatever was done with it
