"""What a consumer group has still to read, record by record.

The difference of two offsets is not it, for the markers of transactions take offsets too: so where
there is a difference, the records behind the committed offset are read.
"""

from collections.abc import Callable, Sequence

from confluent_kafka import (
    OFFSET_BEGINNING,
    ConsumerGroupTopicPartitions,
    KafkaException,
    Message,
)
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import REQUEST_TIMEOUT_S, client_settings, known_topics
from pipeline.kafka.reader import read_to_end


def backlog(
    kafka: KafkaConfig,
    group: str,
    topics: Sequence[str],
    *,
    counts: Callable[[Message], bool] = lambda _: True,
) -> int:
    """Records that `group` has not committed, of `topics` and of what it ever committed.

    Only those that `counts` says count; where nothing was committed, from the first record on.
    Raises BrokerError.
    """
    admin = AdminClient(client_settings(kafka))
    known = known_topics(admin, kafka)
    starts = {
        (topic, partition): OFFSET_BEGINNING
        for topic in topics
        if topic in known
        for partition in known[topic].partitions
    }
    starts |= _committed(admin, group)
    there = list({topic for topic, _ in starts})
    return sum(counts(message) for message in read_to_end(kafka, there, starts=starts))


def _committed(admin: AdminClient, group: str) -> dict[tuple[str, int], int]:
    """The next offset of each partition of which `group` has committed one; none if unknown."""
    request = [ConsumerGroupTopicPartitions(group)]
    answer = next(iter(admin.list_consumer_group_offsets(request).values()))
    try:
        found = answer.result(REQUEST_TIMEOUT_S).topic_partitions
    except KafkaException:
        return {}
    return {(tp.topic, tp.partition): tp.offset for tp in found if tp.offset >= 0}
