"""A compacted topic as a table that follows it."""

import threading
from collections.abc import Callable

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    known_topics,
    make_consumer,
    take,
    watermarks,
)

POLL_S = 0.2


class ControlTable:
    """A compacted topic as a table that follows it, on a thread of its own, without a group.

    `on_record(key, value)` is called on that thread, first for everything that is there: `start`
    returns once it has been read, or raises BrokerError after REQUEST_TIMEOUT_S.
    """

    def __init__(
        self, kafka: KafkaConfig, topic: str, on_record: Callable[[str, bytes | None], None]
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._on_record = on_record
        self._failure: KafkaException | None = None
        self._stopping = threading.Event()
        self._caught_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"table {topic}", daemon=True)

    def start(self) -> None:
        """Read what is there, then follow."""
        self._thread.start()
        if not self._caught_up.wait(REQUEST_TIMEOUT_S):
            raise BrokerError(f"{self._topic} could not be read within {REQUEST_TIMEOUT_S} s")
        if self._failure is not None:
            raise BrokerError(f"{self._topic}: {self._failure}") from self._failure

    def stop(self) -> None:
        """Stop following."""
        self._stopping.set()
        self._thread.join(REQUEST_TIMEOUT_S)

    def _run(self) -> None:
        consumer = make_consumer(
            self._kafka, "heliograph-table", isolation_level="read_uncommitted"
        )
        try:
            self._follow(consumer)
        except KafkaException as error:
            self._failure = error
            self._caught_up.set()
        finally:
            consumer.close()

    def _follow(self, consumer: Consumer) -> None:
        known = known_topics(consumer, self._kafka)[self._topic]
        where = [TopicPartition(self._topic, p, OFFSET_BEGINNING) for p in known.partitions]
        ends = {tp.partition: watermarks(consumer, tp)[1] for tp in where}
        behind = {partition: end for partition, end in ends.items() if end > 0}
        consumer.assign(where)
        while not self._stopping.is_set():
            if not behind:
                self._caught_up.set()
            for message in take(consumer, POLL_S):
                self._on_record((message.key() or b"").decode(), message.value())
            for tp in consumer.position(where) if behind else ():
                if tp.offset >= behind.get(tp.partition, 0):
                    behind.pop(tp.partition, None)
