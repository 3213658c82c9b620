"""When Kafka had what consumer groups are to read next: the age of what waits."""

import time
from collections.abc import Mapping

from confluent_kafka import TopicPartition

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import make_consumer, take
from pipeline.kafka.lag import Place

ASK_TIMEOUT_S = 2.0
POLL_S = 0.1
FETCH_OCTETS = 65_536  # of a partition: one record is wanted


class Ages:
    """Reads the one record where each group goes on; joins nothing, commits nothing."""

    def __init__(self, kafka: KafkaConfig) -> None:
        self._consumer = make_consumer(
            kafka,
            "heliograph-reader",
            isolation_level="read_uncommitted",  # what an open transaction holds waits too
            max_partition_fetch_bytes=FETCH_OCTETS,
            queued_max_messages_kbytes=1024,
        )

    def ask(self, starts: Mapping[Place, int]) -> dict[Place, int]:
        """When Kafka had the first record from these offsets on, in ms; raises KafkaException.

        What can't be read within ASK_TIMEOUT_S, and where there is only a marker, is left out.
        """
        found: dict[Place, int] = {}
        self._consumer.assign([TopicPartition(*place, start) for place, start in starts.items()])
        deadline = time.monotonic() + ASK_TIMEOUT_S
        while len(found) < len(starts) and time.monotonic() < deadline:
            for message in take(self._consumer, POLL_S):
                place = message.topic() or "", message.partition() or 0
                if place not in found:
                    found[place] = message.timestamp()[1]
                    self._consumer.incremental_unassign([TopicPartition(*place)])
        self._consumer.unassign()
        return found

    def close(self) -> None:
        """Ask no more."""
        self._consumer.close()
