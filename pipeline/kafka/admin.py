"""Topics as they must exist, and how far a group is behind."""

from collections.abc import Iterable

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not by name
    AdminClient,
    NewTopic,
    OffsetSpec,
)

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, client_settings, known_topics
from pipeline.topics import Topic


def create_topics(kafka: KafkaConfig, catalog: Iterable[Topic]) -> list[str]:
    """Create those of `catalog` that are missing; returns their names. Raises BrokerError."""
    admin = AdminClient(client_settings(kafka))
    try:
        there = known_topics(admin, kafka)
        missing = [topic for topic in catalog if topic.name not in there]
        new = [_new_topic(topic, kafka.replication_factor) for topic in missing]
        for future in admin.create_topics(new).values() if new else ():
            future.result(REQUEST_TIMEOUT_S)
    except KafkaException as error:
        raise BrokerError(
            f"topics could not be created at {kafka.bootstrap_servers}: {error}"
        ) from error
    return [topic.name for topic in missing]


def _new_topic(topic: Topic, replication_factor: int) -> NewTopic:
    config = {"cleanup.policy": topic.cleanup, "message.timestamp.type": "LogAppendTime"}
    if topic.retention_h is not None:
        config["retention.ms"] = str(topic.retention_h * 3_600_000)
    if "compact" in topic.cleanup:
        config |= {"min.cleanable.dirty.ratio": "0.1", "segment.ms": "3600000"}
    return NewTopic(topic.name, topic.partitions, replication_factor, config=config)


def lag(admin: AdminClient, group: str) -> int:
    """Records that `group` has not committed yet, all its partitions together.

    Accurate to one record a partition: the marker of a transaction takes an offset too, and the one
    behind the last record can't be told from a record. 0 for an unknown group.
    """
    request = [ConsumerGroupTopicPartitions(group)]
    answer = next(iter(admin.list_consumer_group_offsets(request).values()))
    try:
        committed = answer.result(REQUEST_TIMEOUT_S).topic_partitions
    except KafkaException:
        return 0
    ends = end_offsets(admin, committed)
    behind = [ends[tp.topic, tp.partition] - tp.offset for tp in committed if tp.offset >= 0]
    return sum(count for count in behind if count > 1)


def end_offsets(
    admin: AdminClient, partitions: Iterable[TopicPartition]
) -> dict[tuple[str, int], int]:
    """The next offset of each partition."""
    asked = {
        TopicPartition(tp.topic, tp.partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
        for tp in partitions
    }
    if not asked:
        return {}
    answers = admin.list_offsets(asked)
    return {
        (tp.topic, tp.partition): answer.result(REQUEST_TIMEOUT_S).offset
        for tp, answer in answers.items()
    }
