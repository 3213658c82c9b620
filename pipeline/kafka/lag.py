"""How far a consumer group is behind on one topic, asked again and again, cheaply."""

from typing import NamedTuple

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import client_settings, known_topics

ASK_TIMEOUT_S = 5.0
LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Progress(NamedTuple):
    """Records that a group has committed, ever, and those it has still to read."""

    done: int
    behind: int


class Lag:
    """The difference of two offsets: the markers of transactions, one a commit, count too."""

    def __init__(self, kafka: KafkaConfig, group: str, topic: str) -> None:
        """Raises BrokerError when no broker answers."""
        self._admin = AdminClient(client_settings(kafka))
        self._group = group
        partitions = known_topics(self._admin, kafka)[topic].partitions
        self._partitions = [TopicPartition(topic, partition) for partition in partitions]

    def ask(self) -> Progress:
        """How it stands, over all partitions. Raises KafkaException and TimeoutError."""
        latest = dict.fromkeys(self._partitions, LATEST)
        ends = self._admin.list_offsets(latest, request_timeout=ASK_TIMEOUT_S)
        done = self._committed()
        done_to = {tp: max(0, done.get(tp.partition, 0)) for tp in self._partitions}
        behind = sum(end.result(2 * ASK_TIMEOUT_S).offset - done_to[tp] for tp, end in ends.items())
        return Progress(sum(done_to.values()), behind)

    def _committed(self) -> dict[int, int]:
        request = ConsumerGroupTopicPartitions(self._group, self._partitions)
        (answer,) = self._admin.list_consumer_group_offsets(
            [request], request_timeout=ASK_TIMEOUT_S
        ).values()
        try:
            found = answer.result(2 * ASK_TIMEOUT_S).topic_partitions
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return {}  # nobody has ever been in it
            raise
        return {tp.partition: tp.offset for tp in found}
