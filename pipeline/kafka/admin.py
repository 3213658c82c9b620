"""Topics as they must exist."""

from collections.abc import Iterable

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not by name
    AdminClient,
    NewTopic,
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


def missing_topics(kafka: KafkaConfig, catalog: Iterable[Topic]) -> list[str]:
    """Names of those of `catalog` that are not there. Raises BrokerError."""
    there = known_topics(AdminClient(client_settings(kafka)), kafka)
    return [topic.name for topic in catalog if topic.name not in there]


def _new_topic(topic: Topic, replication_factor: int) -> NewTopic:
    config = {"cleanup.policy": topic.cleanup, "message.timestamp.type": "LogAppendTime"}
    if topic.retention_h is not None:
        config["retention.ms"] = str(topic.retention_h * 3_600_000)
    if "compact" in topic.cleanup:
        config |= {"min.cleanable.dirty.ratio": "0.1", "segment.ms": "3600000"}
    return NewTopic(topic.name, topic.partitions, replication_factor, config=config)
