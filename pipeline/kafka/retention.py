"""What a topic no longer has."""

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, but not by name
    AdminClient,
    ConfigResource,
    ResourceType,
)

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    client_settings,
    make_consumer,
    now_ms,
    watermarks,
)
from pipeline.kafka.reader import offsets_at

RETENTION = "retention.ms"


def deleted_since(kafka: KafkaConfig, topic: str, at_ms: int) -> list[int]:
    """The partitions that may lack records of `at_ms` or later, as those before are deleted.

    Of a partition that has been quiet since then nothing is missing, but nobody can see that; so
    one counts only where `at_ms` is longer ago than the topic keeps a record. Raises BrokerError.
    """
    if at_ms >= now_ms() - _retention_ms(kafka, topic):
        return []
    starts = offsets_at(kafka, topic, at_ms)
    consumer = make_consumer(kafka, "heliograph-reader")
    try:
        lows = {place: watermarks(consumer, TopicPartition(*place))[0] for place in starts}
    finally:
        consumer.close()
    return sorted(place[1] for place, start in starts.items() if 0 < lows[place] >= start)


def _retention_ms(kafka: KafkaConfig, topic: str) -> float:
    admin = AdminClient(client_settings(kafka))  # a future of one that is gone never ends well
    [asked] = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    try:
        kept_ms = int(asked.result(REQUEST_TIMEOUT_S)[RETENTION].value)
    except KafkaException as error:
        raise BrokerError(
            f"{RETENTION} of {topic} can't be read at {kafka.bootstrap_servers}: {error}"
        ) from error
    return kept_ms if kept_ms >= 0 else float("inf")
