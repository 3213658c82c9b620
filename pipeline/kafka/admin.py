"""Topics as they must exist."""

import time
from collections.abc import Collection, Iterable

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not by name
    AdminClient,
    NewTopic,
)

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, client_settings, known_topics
from pipeline.topics import Topic

LOOK_EVERY_S = 0.05


def create_topics(kafka: KafkaConfig, catalog: Iterable[Topic]) -> list[str]:
    """Create those of `catalog` that are missing and wait until brokers know them; returns their
    names. Raises BrokerError.
    """
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
    names = [topic.name for topic in missing]
    _await(admin, kafka, names)
    return names


def _await(admin: AdminClient, kafka: KafkaConfig, names: Collection[str]) -> None:
    """A controller has created these; a busy broker learns of them seconds later."""
    deadline = time.monotonic() + REQUEST_TIMEOUT_S
    while not known_topics(admin, kafka).keys() >= set(names):
        if time.monotonic() > deadline:
            raise BrokerError(
                f"topics were created, but {kafka.bootstrap_servers} does not know them after "
                f"{REQUEST_TIMEOUT_S} s; try again"
            )
        time.sleep(LOOK_EVERY_S)


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
