"""What a consumer group holds and has still to read. Everything here waits, and has a deadline."""

from collections.abc import Sequence

from confluent_kafka import OFFSET_BEGINNING, ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, client_settings, known_topics
from pipeline.kafka.reader import read_to_end


def partition_counts(kafka: KafkaConfig) -> dict[str, int]:
    """How many partitions each topic has; raises BrokerError."""
    known = known_topics(AdminClient(client_settings(kafka)), kafka)
    return {name: len(topic.partitions) for name, topic in known.items()}


def held_topics(kafka: KafkaConfig, group: str) -> set[str]:
    """Topics of which some member of `group` holds a partition; raises BrokerError."""
    admin = AdminClient(client_settings(kafka))
    try:
        found = admin.describe_consumer_groups([group], request_timeout=REQUEST_TIMEOUT_S)
        members = found[group].result(REQUEST_TIMEOUT_S).members
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
    admin = AdminClient(client_settings(kafka))
    known = known_topics(admin, kafka)
    starts = {
        (topic, partition): OFFSET_BEGINNING
        for topic in topics
        if topic in known
        for partition in known[topic].partitions
    }
    request = [ConsumerGroupTopicPartitions(group)]
    try:
        answers = admin.list_consumer_group_offsets(request, request_timeout=REQUEST_TIMEOUT_S)
        committed = answers[group].result(REQUEST_TIMEOUT_S).topic_partitions
    except KafkaException as error:
        raise BrokerError(f"offsets of group {group} can't be read: {error}") from error
    for tp in committed:
        if (tp.topic, tp.partition) in starts and tp.offset >= 0:
            starts[tp.topic, tp.partition] = tp.offset
    return any(True for _ in read_to_end(kafka, topics, starts=starts))
