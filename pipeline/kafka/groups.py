"""What a consumer group holds and has still to read. Everything here waits, and has a deadline."""

from collections.abc import Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    client_settings,
    known_topics,
    make_consumer,
    patiently,
)
from pipeline.kafka.lag import Place, committed
from pipeline.kafka.reader import read_to_end


def partition_counts(kafka: KafkaConfig) -> dict[str, int]:
    """How many partitions each topic has; raises BrokerError."""
    known = known_topics(AdminClient(client_settings(kafka)), kafka)
    return {name: len(topic.partitions) for name, topic in known.items()}


def held_topics(kafka: KafkaConfig, group: str) -> set[str]:
    """Topics of which some member of `group` holds a partition; raises BrokerError."""
    admin = AdminClient(client_settings(kafka))

    def ask() -> Any:
        found = admin.describe_consumer_groups([group], request_timeout=REQUEST_TIMEOUT_S)
        return found[group].result(REQUEST_TIMEOUT_S).members

    try:
        members = patiently(ask)()
    except KafkaException as error:
        raise BrokerError(f"group {group} can't be described: {error}") from error
    return {
        partition.topic
        for member in members
        for partition in (member.assignment.topic_partitions if member.assignment else ())
    }


def has_unread(kafka: KafkaConfig, group: str, topics: Sequence[str]) -> bool:
    """Whether `topics` have a record that `group` has not committed; raises BrokerError.

    The difference of two offsets does not say: the markers of transactions take offsets too.
    """
    where = starts(kafka, group, topics, with_others=False)
    return any(True for _ in read_to_end(kafka, topics, starts=where))


def starts(
    kafka: KafkaConfig, group: str, topics: Sequence[str], *, with_others: bool
) -> dict[Place, int]:
    """Where `group` goes on in `topics`, and in what else it ever committed; raises BrokerError."""
    consumer = make_consumer(kafka, group)
    try:
        known = known_topics(consumer, kafka)
        places = [
            (name, number)
            for name, topic in known.items()
            if with_others or name in topics
            for number in topic.partitions
        ]
        new = {place: OFFSET_BEGINNING for place in places if place[0] in topics}
        return new | patiently(lambda: committed(consumer, places))()
    except KafkaException as error:
        raise BrokerError(f"offsets of group {group} can't be read: {error}") from error
    finally:
        consumer.close()
