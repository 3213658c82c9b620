"""How far a consumer group is behind on one topic, asked again and again, cheaply."""

from typing import NamedTuple

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import known_topics, make_consumer

ASK_TIMEOUT_S = 5.0


class Progress(NamedTuple):
    """Records that a group has committed, ever, and those it has still to read."""

    done: int
    behind: int


class Lag:
    """The difference of two offsets: the markers of transactions, one a commit, count too.

    Asked by a consumer that never joins the group: an AdminClient whose broker went away answers
    no more when it is back, or ends the process (librdkafka 2.16, `tests/broker/test_lag.py`).
    """

    def __init__(self, kafka: KafkaConfig, group: str, topic: str) -> None:
        """Raises BrokerError when no broker answers."""
        self._consumer: Consumer = make_consumer(kafka, group)
        self._partitions = sorted(known_topics(self._consumer, kafka)[topic].partitions)
        self._topic = topic

    def ask(self) -> Progress:
        """How it stands, over all partitions. Raises KafkaException."""
        committed = self._consumer.committed(self._at(), timeout=ASK_TIMEOUT_S)
        done_to = {tp.partition: max(0, tp.offset) for tp in committed}
        ends = self._consumer.offsets_for_times(self._at(OFFSET_END), timeout=ASK_TIMEOUT_S)
        behind = sum(tp.offset - done_to[tp.partition] for tp in ends)
        return Progress(sum(done_to.values()), behind)

    def _at(self, *offset: int) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition, *offset) for partition in self._partitions]
