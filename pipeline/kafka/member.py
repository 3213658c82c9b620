"""A member of a group: what it owns, what it reads, and no more than there is room for."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import (
    BATCH_RECORDS_MAX,
    known_topics,
    make_member,
    next_offsets,
    take,
)
from pipeline.kafka.lag import Place

POLL_AT_LEAST_EVERY_S = 1.0  # a member has to, however much it holds
FETCH_QUEUE_BACKOFF_MS = 10  # its 1 s is how long a topic that was paused would stand still


def place(message: Message) -> Place:
    """The partition a record came by."""
    return message.topic() or "", message.partition() or 0


class Member:
    """Reads topics, each while it holds less than a batch of it."""

    def __init__(
        self,
        kafka: KafkaConfig,
        group: str,
        held: Callable[[], Mapping[str, int]],
        on_assigned: Callable[[set[Place]], None],
        on_gone: Callable[[set[Place]], None],
    ) -> None:
        """`held` counts what was read and not yet dealt with, by topic; the others hear what has
        come and what has gone, on the thread that reads."""
        self._kafka = kafka
        self._held = held
        self._hear_assigned = on_assigned
        self._hear_gone = on_gone
        self.consumer: Consumer = make_member(
            kafka, group, fetch_queue_backoff_ms=FETCH_QUEUE_BACKOFF_MS
        )
        self._paused: set[str] = set()  # topics that are full
        self._stopped: set[Place] = set()
        self._polled_at = 0.0

    def subscribe(self, topics: Iterable[str]) -> None:
        """Read these."""
        self.consumer.subscribe(
            list(topics),
            on_assign=self._on_assign,
            on_revoke=self._on_gone,
            on_lost=self._on_gone,
        )

    def read(self, patience_s: float) -> list[Message]:
        """What has come, as far as there is room for it."""
        ready = sum(count for topic, count in self._held().items() if topic not in self._paused)
        now_s = time.monotonic()
        if ready >= BATCH_RECORDS_MAX and now_s <= self._polled_at + POLL_AT_LEAST_EVERY_S:
            return []
        self._polled_at = now_s
        return take(self.consumer, patience_s)

    def balance(self) -> None:
        """Read no more of what is full, and again of what has room."""
        for topic, count in self._held().items():
            if topic in self._paused:
                if count <= BATCH_RECORDS_MAX // 2:
                    self._paused.discard(topic)
                    self.consumer.resume(self._readable(topic))
            elif count >= BATCH_RECORDS_MAX:
                self._paused.add(topic)
                self.consumer.pause(self._readable(topic))

    def stop(self, partition: Place) -> None:
        """Read no more of a partition, while it is ours."""
        self._stopped.add(partition)
        self.consumer.pause([TopicPartition(*partition)])

    def stopped_count(self) -> int:
        """Partitions that are read no more."""
        return len(self._stopped)

    def shares(self) -> dict[str, float]:
        """Of each topic of which it owns anything, what part."""
        owned = Counter(tp.topic for tp in self.consumer.assignment())
        known = known_topics(self.consumer, self._kafka)
        return {topic: count / len(known[topic].partitions) for topic, count in owned.items()}

    def commit(self, messages: Iterable[Message]) -> None:
        """All of these are dealt with."""
        self.consumer.commit(offsets=next_offsets(messages), asynchronous=False)

    def commit_to(self, ends: Mapping[Place, int]) -> None:
        """All that stands before these offsets is dealt with."""
        offsets = [TopicPartition(*partition, end) for partition, end in ends.items()]
        self.consumer.commit(offsets=offsets, asynchronous=False)

    def close(self) -> None:
        """Leave the group."""
        self.consumer.close()

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        readable = [tp for tp in partitions if tp.topic not in self._paused]
        consumer.resume(readable)  # one that left while it was paused is so still
        consumer.pause([tp for tp in partitions if tp.topic in self._paused])
        come = {(tp.topic, tp.partition) for tp in partitions}
        self._stopped -= come
        self._hear_assigned(come)

    def _on_gone(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {(tp.topic, tp.partition) for tp in partitions}
        self._stopped -= gone
        consumer.incremental_unassign(partitions)
        self._hear_gone(gone)

    def _readable(self, topic: str) -> list[TopicPartition]:
        return [
            tp
            for tp in self.consumer.assignment()
            if tp.topic == topic and (tp.topic, tp.partition) not in self._stopped
        ]
