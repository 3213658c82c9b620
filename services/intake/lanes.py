"""The consumer of one lane: what it owns, what it reads, what it reads no more."""

import time
from collections import Counter
from collections.abc import Sequence

from confluent_kafka import Consumer, Message, TopicPartition

from pipeline import topics
from pipeline.kafka.clients import (
    BATCH_RECORDS_MAX,
    known_topics,
    make_member,
    next_offsets,
    take,
)
from pipeline.process import Process
from services.intake.poison import Partition, Poison
from services.intake.queues import Queues

GROUP = "intake"
POLL_AT_LEAST_EVERY_S = 1.0  # a member has to, however much it holds
FETCH_QUEUE_BACKOFF_MS = 10  # its 1 s is how long a flow that was paused would stand still


def place(message: Message) -> Partition:
    """The partition a record came by."""
    return message.topic() or "", message.partition() or 0


class LaneReader:
    """Reads one lane into the queues while they have room."""

    def __init__(self, lane: str, ground: Process, queues: Queues[Message], poison: Poison) -> None:
        self._queues = queues
        self._poison = poison
        self._names = {topics.request(flow.tenant, lane): flow for flow in queues.flows(lane)}
        self._kafka = ground.config.kafka
        self._consumer: Consumer = make_member(
            self._kafka, GROUP, fetch_queue_backoff_ms=FETCH_QUEUE_BACKOFF_MS
        )
        self._paused: set[str] = set()  # topics whose flow is full
        self._poisoned: set[Partition] = set()
        self._polled_at = 0.0
        self.is_assigned = False

    def poisoned_count(self) -> int:
        """Partitions that are read no more."""
        return len(self._poisoned)

    def waiting_count(self) -> int:
        """Records read that wait for their turn."""
        return sum(len(flow.waiting) for flow in self._names.values())

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            list(self._names),
            on_assign=self._on_assign,
            on_revoke=self._on_gone,
            on_lost=self._on_gone,
        )

    def read(self, patience_s: float) -> None:
        """Take what has come into the queues, as far as there is room for it."""
        ready = sum(len(f.waiting) for t, f in self._names.items() if t not in self._paused)
        now = time.monotonic()
        if ready < BATCH_RECORDS_MAX or now > self._polled_at + POLL_AT_LEAST_EVERY_S:
            self._polled_at = now
            for message in take(self._consumer, patience_s):
                self._names[message.topic() or ""].waiting.append(message)

    def balance(self) -> None:
        """Read no more of what is full, and again of what has room."""
        for topic, flow in self._names.items():
            if topic in self._paused:
                if len(flow.waiting) <= BATCH_RECORDS_MAX // 2:
                    self._paused.discard(topic)
                    self._consumer.resume(self._owned(topic))
            elif len(flow.waiting) >= BATCH_RECORDS_MAX:
                self._paused.add(topic)
                self._consumer.pause(self._owned(topic))

    def poison(self, partition: Partition) -> None:
        """Read no more of a partition."""
        self._poisoned.add(partition)
        self._consumer.pause([TopicPartition(*partition)])
        self._forget({partition})

    def commit(self, messages: Sequence[Message]) -> None:
        """All of these are dealt with."""
        self._consumer.commit(offsets=next_offsets(messages), asynchronous=False)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign(partitions)
        readable = [tp for tp in partitions if tp.topic not in self._paused]
        consumer.resume(readable)  # one that left while it was paused is so still
        consumer.pause([tp for tp in partitions if tp.topic in self._paused])
        self._poisoned -= {(tp.topic, tp.partition) for tp in partitions}
        self.is_assigned = True
        self._share()

    def _on_gone(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        gone = {(tp.topic, tp.partition) for tp in partitions}
        self._forget(gone)
        self._poisoned -= gone
        consumer.incremental_unassign(partitions)
        self._share()

    def _forget(self, gone: set[Partition]) -> None:
        self._queues.forget(lambda message: place(message) in gone)
        for partition in gone:
            self._poison.forget(partition)

    def _share(self) -> None:
        """Own as much of each tenant's rate as of its partitions; all lanes are dealt out alike."""
        owned = Counter(tp.topic for tp in self._consumer.assignment())
        known = known_topics(self._consumer, self._kafka)
        for topic, count in owned.items():
            self._queues.own(self._names[topic].tenant, count / len(known[topic].partitions))

    def _owned(self, topic: str) -> list[TopicPartition]:
        return [
            tp
            for tp in self._consumer.assignment()
            if tp.topic == topic and (tp.topic, tp.partition) not in self._poisoned
        ]
