"""Topics as they must exist."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not by name
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, client_settings, known_topics, patiently
from pipeline.topics import Difference, Topic

LOOK_EVERY_S = 0.05
PARTITIONS, REPLICAS, TOPIC = "partitions", "replicas", "topic"
TUNED = frozenset({"min.cleanable.dirty.ratio", "segment.ms"})  # may be as the operator likes
UNSEEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
DEADLINE = {"request_timeout": REQUEST_TIMEOUT_S}


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


def differences(kafka: KafkaConfig, catalog: Iterable[Topic]) -> list[Difference]:
    """What is not as `catalog` and the configuration say; a topic that is not there is one whole
    difference. Raises BrokerError.
    """
    admin = AdminClient(client_settings(kafka))
    there = known_topics(admin, kafka)
    topics = list(catalog)
    settings = _settings(admin, kafka, [topic.name for topic in topics if topic.name in there])
    return [
        difference
        for topic in topics
        for difference in _differences(topic, there.get(topic.name), settings, kafka)
    ]


def unwanted_topics(kafka: KafkaConfig, catalog: Iterable[Topic]) -> list[str]:
    """Topics of ours by their names that are not of `catalog`. Raises BrokerError."""
    there = known_topics(AdminClient(client_settings(kafka)), kafka)
    return sorted({name for name in there if name.startswith("sms.")} - {t.name for t in catalog})


def operations(kafka: KafkaConfig, names: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """What this client may do to each of these topics, by Kafka's names: READ, WRITE, ...

    To one that it may not even see: nothing; one that is not there is left out. Raises BrokerError.
    """
    return _operations(
        kafka,
        lambda admin: admin.describe_topics(
            TopicCollection(list(names)), include_authorized_operations=True, **DEADLINE
        ),
    )


def group_operations(kafka: KafkaConfig, groups: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """The same of consumer groups, which need not be there yet. Raises BrokerError."""
    return _operations(
        kafka,
        lambda admin: admin.describe_consumer_groups(
            list(groups), include_authorized_operations=True, **DEADLINE
        ),
    )


def _operations(
    kafka: KafkaConfig, describe: Callable[[AdminClient], Mapping[str, Any]]
) -> Mapping[str, frozenset[str]]:
    """By name; `describe` asks for a description of each."""
    admin = AdminClient(client_settings(kafka))

    def ask() -> dict[str, frozenset[str] | None]:
        return {name: _allowed(future) for name, future in describe(admin).items()}

    try:
        found = patiently(ask)()
    except (KafkaException, TimeoutError) as error:
        where = kafka.bootstrap_servers
        raise BrokerError(f"{where} does not say what this client may do: {error!r}") from error
    return {name: allowed for name, allowed in found.items() if allowed is not None}


def _allowed(future: Any) -> frozenset[str] | None:
    try:
        allowed = future.result(REQUEST_TIMEOUT_S).authorized_operations
    except KafkaException as error:
        code = error.args[0].code()
        if code == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None
        if code not in UNSEEN:
            raise
        allowed = None
    return frozenset(operation.name for operation in allowed or ())


def _settings(
    admin: AdminClient, kafka: KafkaConfig, names: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    """The configuration of each topic, by name."""
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    asked = admin.describe_configs(resources) if resources else {}
    try:
        return {
            resource.name: {
                key: entry.value for key, entry in future.result(REQUEST_TIMEOUT_S).items()
            }
            for resource, future in asked.items()
        }
    except (KafkaException, TimeoutError) as error:
        raise BrokerError(
            f"the settings of topics can't be read at {kafka.bootstrap_servers}: {error!r}"
        ) from error


def _differences(
    topic: Topic,
    there: Any | None,
    settings: Mapping[str, Mapping[str, str]],
    kafka: KafkaConfig,
) -> Iterator[Difference]:
    if there is None:
        yield Difference(topic.name, TOPIC, "missing", "there")
        return
    counts = {len(partition.replicas) for partition in there.partitions.values()}
    rows = {
        PARTITIONS: (str(len(there.partitions)), str(topic.partitions)),
        REPLICAS: (str(min(counts, default=0)), str(kafka.replication_factor)),
    }
    own = settings[topic.name]
    rows |= {key: (own.get(key, ""), wanted) for key, wanted in _config(topic).items()}
    for setting, (found, wanted) in rows.items():
        if setting not in TUNED and set(found.split(",")) != set(wanted.split(",")):
            yield Difference(topic.name, setting, found, wanted)


def _new_topic(topic: Topic, replication_factor: int) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, replication_factor, config=dict(_config(topic)))


def _config(topic: Topic) -> Mapping[str, str]:
    config = {"cleanup.policy": topic.cleanup, "message.timestamp.type": "LogAppendTime"}
    if topic.retention_h is not None:
        config["retention.ms"] = str(topic.retention_h * 3_600_000)
    if "compact" in topic.cleanup:
        config |= {"min.cleanable.dirty.ratio": "0.1", "segment.ms": "3600000"}
    return config
