"""Kafka clients as we set them.

Producers are idempotent, acks=all and murmur2_random, so that any peer in any language puts a key
where we look for it. Consumers commit by hand and start at the earliest record.
"""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import stamina
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaConfig
from pipeline.effects import Headers
from pipeline.errors import BrokerError

LOG = logging.getLogger("kafka")
BATCH_RECORDS_MAX = 500
REQUEST_TIMEOUT_S = 15
SOCKET_TIMEOUT_MS = 5000
TRANSACTION_TIMEOUT_MS = 10_000
PRODUCE_WAIT_S = 0.05
BY_KEY = -1  # a partition chosen by the record's key


def client_settings(kafka: KafkaConfig) -> dict[str, Any]:
    """What every client of ours has in common, the operator's own settings last."""
    return {
        "bootstrap.servers": kafka.bootstrap_servers,
        "socket.timeout.ms": SOCKET_TIMEOUT_MS,
        "log.connection.close": False,
        "reconnect.backoff.ms": 250,
        "reconnect.backoff.max.ms": 1000,  # the 10 s of the default are most of a restart
        "logger": LOG,
        **kafka.librdkafka,
    }


def request_timeout_s(kafka: KafkaConfig) -> float:
    """How long a request of ours may stay unanswered before it is made again."""
    return float(client_settings(kafka)["socket.timeout.ms"]) / 1000


def producer_settings() -> dict[str, Any]:
    """What every producer of ours has in common."""
    return {
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": 2,
    }


def make_producer(kafka: KafkaConfig, **own: Any) -> Producer:
    """An idempotent producer; `own` are librdkafka settings with _ for the dots."""
    settings = {**producer_settings(), **{k.replace("_", "."): v for k, v in own.items()}}
    return Producer({**client_settings(kafka), **settings})


def make_transactional_producer(kafka: KafkaConfig, replica: str) -> Producer:
    """A producer whose transactions fence off those of an earlier life of `replica`."""
    producer = make_producer(
        kafka,
        transactional_id=f"heliograph-{replica}",
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        linger_ms=0,
    )
    producer.init_transactions(REQUEST_TIMEOUT_S)
    return producer


OnCommit = Callable[[KafkaError | None, list[TopicPartition]], None]


def make_consumer(
    kafka: KafkaConfig, group: str, *, on_commit: OnCommit | None = None, **own: Any
) -> Consumer:
    """A consumer that commits by hand and reads what transactions have committed.

    `on_commit` hears what became of each commit that nobody waited for.
    """
    settings = {
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "fetch.wait.max.ms": 20,
        **{k.replace("_", "."): v for k, v in own.items()},
    }
    if on_commit is not None:
        settings["on_commit"] = on_commit
    return Consumer({**client_settings(kafka), **settings})


def make_member(kafka: KafkaConfig, group: str, **own: Any) -> Consumer:
    """A member of a group by KIP-848; partitions of equal number go to the same member."""
    return make_consumer(
        kafka, group, group_protocol="consumer", group_remote_assignor="range", **own
    )


def produce(
    producer: Producer,
    topic: str,
    key: bytes | str | None,
    value: bytes | None,
    *,
    headers: Headers | None = None,
    partition: int = BY_KEY,
    on_delivery: Callable[[KafkaError | None, Message], None] | None = None,
) -> None:
    """Hand one record to `producer`; while its queue is full, wait for room."""
    while True:
        try:
            producer.produce(
                topic, value, key, partition, on_delivery=on_delivery, headers=headers or None
            )
        except BufferError:
            producer.poll(PRODUCE_WAIT_S)
        else:
            return


PASSING = frozenset(  # errors of a cluster that is starting, electing or away for a moment
    {
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
    }
)


def known_topics(client: Consumer | AdminClient, kafka: KafkaConfig) -> dict[str, Any]:
    """The metadata of the cluster's topics by name; raises BrokerError when no broker answers."""
    try:
        return dict(client.list_topics(timeout=REQUEST_TIMEOUT_S).topics)
    except KafkaException as error:
        raise BrokerError(
            f"no broker answers at {kafka.bootstrap_servers}; start one, or correct "
            f"kafka.bootstrap_servers ({error.args[0].str()})"
        ) from error


def _will_pass(error: Exception) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() in PASSING


patiently = stamina.retry(on=_will_pass, timeout=REQUEST_TIMEOUT_S, wait_initial=0.05, wait_max=1.0)
"""Asks a cluster again that is starting, electing or away for a moment."""


@patiently
def watermarks(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """First and next offset of a partition; a leader that is just being chosen is waited for."""
    low, high = consumer.get_watermark_offsets(partition, timeout=REQUEST_TIMEOUT_S)
    return low, high


def take(consumer: Consumer, patience_s: float) -> list[Message]:
    """What is there, at most a batch; waits up to `patience_s` for the first record only.

    `consume` alone would wait its whole time-out for a full batch. An error that will not pass by
    itself raises KafkaException.
    """
    first = consumer.poll(patience_s)
    if first is None:
        return []
    good = []
    for message in (first, *consumer.consume(BATCH_RECORDS_MAX - 1, 0)):
        error = message.error()
        if error is None:
            good.append(message)
        elif error.fatal() or error.code() not in PASSING:
            raise KafkaException(error)
        else:
            LOG.warning("Kafka: %s", error)
    return good


def headers_of(message: Message) -> Headers | None:
    """Its headers in the form they are written in."""
    headers = message.headers()
    assert not isinstance(headers, dict)  # a list when it comes from Kafka
    return headers


class Origin(NamedTuple):
    """Where a record was read, when Kafka had it, and its headers."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    headers: Headers | None


def origin_of(message: Message) -> Origin:
    """Where it was read."""
    return Origin(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        headers_of(message),
    )


def next_offsets(messages: Iterable[Message]) -> list[TopicPartition]:
    """What to commit once all of `messages`, in order per partition, are dealt with."""
    ends = {(m.topic() or "", m.partition() or 0): (m.offset() or 0) + 1 for m in messages}
    return [TopicPartition(topic, partition, end) for (topic, partition), end in ends.items()]


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
