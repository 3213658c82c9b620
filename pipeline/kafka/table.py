"""A compacted topic as a table that follows it."""

import threading
from collections.abc import Callable

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    known_topics,
    make_consumer,
    next_offsets,
    take,
    watermarks,
)

LOG = structlog.get_logger()
POLL_S = 0.2
PAUSE_S = 1.0  # after a failure


class ControlTable:
    """A compacted topic as a table that follows it, on a thread of its own, without a group.

    `on_record(key, value)` is called on that thread, first for everything that is there: `start`
    returns once it has been read, or raises BrokerError after REQUEST_TIMEOUT_S. From then on a
    failure of Kafka, or a record that can't be taken, is said in the log, and the rest goes on.
    """

    def __init__(
        self, kafka: KafkaConfig, topic: str, on_record: Callable[[str, bytes | None], None]
    ) -> None:
        self._kafka = kafka
        self._topic = topic
        self._on_record = on_record
        self._failure: Exception | None = None
        self._next: dict[int, TopicPartition] = {}  # where each partition is read on
        self._has_failed = False
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

    def is_running(self) -> bool:
        """Whether it follows: from its start until it is stopped, or else until a bug ends it."""
        return self._thread.is_alive()

    def _run(self) -> None:
        consumer = make_consumer(
            self._kafka, "heliograph-table", isolation_level="read_uncommitted"
        )
        try:
            self._catch_up(consumer)
            while not self._stopping.is_set():
                self._follow(consumer)
        finally:
            consumer.close()

    def _catch_up(self, consumer: Consumer) -> None:
        """Read what is there; `start` tells of what went wrong, and then nothing is followed."""
        try:
            self._read_to_ends(consumer)
        except Exception as error:
            self._failure = error
            self._stopping.set()
        self._caught_up.set()

    def _read_to_ends(self, consumer: Consumer) -> None:
        known = known_topics(consumer, self._kafka)
        if self._topic not in known:
            raise BrokerError("is not there; heliograph topics apply")
        numbers = list(known[self._topic].partitions)
        self._next = {p: TopicPartition(self._topic, p, OFFSET_BEGINNING) for p in numbers}
        where = list(self._next.values())
        ends = {tp.partition: watermarks(consumer, tp)[1] for tp in where}
        behind = {partition: end for partition, end in ends.items() if end > 0}
        consumer.assign(where)
        while behind and not self._stopping.is_set():
            self._take(consumer)
            for tp in consumer.position(where):
                if tp.offset >= behind.get(tp.partition, 0):
                    behind.pop(tp.partition, None)

    def _follow(self, consumer: Consumer) -> None:
        try:
            if self._has_failed:
                consumer.assign(list(self._next.values()))  # of what was fetched some may be lost
                self._has_failed = False
            self._take(consumer)
        except Exception as error:  # whatever it was, the next time may be better
            LOG.warning("a table can't be followed now", topic=self._topic, error=repr(error))
            self._has_failed = True
            self._stopping.wait(PAUSE_S)

    def _take(self, consumer: Consumer) -> None:
        messages = take(consumer, POLL_S)
        for message in messages:
            try:
                self._on_record((message.key() or b"").decode(), message.value())
            except Exception as error:  # of this record alone; nothing it holds is for a log
                LOG.warning(
                    "a record of a table changes nothing",
                    topic=self._topic,
                    partition=message.partition(),
                    offset=message.offset(),
                    error=type(error).__name__,
                )
        self._next |= {tp.partition: tp for tp in next_offsets(messages)}
