"""Dead letters that a group has still to deal with, counted exactly, asked again and again.

The difference of two offsets has markers of transactions in it, so what is behind the committed
offset is read; but only when an offset has moved, and only where it is no great heap.
"""

from collections.abc import Iterable, Mapping

from pipeline.burials import OPEN_MS_MAX
from pipeline.config import KafkaConfig
from pipeline.kafka.clients import known_topics, make_consumer, now_ms
from pipeline.kafka.lag import Place, ends, open_from
from pipeline.kafka.reader import read_to_end

COUNT_MAX = 10_000  # beyond it the difference of the offsets is told
Span = tuple[tuple[Place, int, int], ...]


class Unread:
    """Of some topics that only grow slowly."""

    def __init__(self, kafka: KafkaConfig, group: str, topics: Iterable[str]) -> None:
        self._kafka = kafka
        self._topics = list(topics)
        self._consumer = make_consumer(kafka, group, isolation_level="read_uncommitted")
        self._counted: dict[str, tuple[Span, int]] = {}  # by topic: of which offsets, how many

    def ask(self) -> dict[str, int]:
        """How many by topic that is there; raises KafkaException and BrokerError."""
        there = known_topics(self._consumer, self._kafka)
        places = [
            (topic, partition)
            for topic in self._topics
            if topic in there
            for partition in there[topic].partitions
        ]
        done = open_from(self._consumer, places, now_ms() - OPEN_MS_MAX)
        spans: dict[str, list[tuple[Place, int, int]]] = {}
        for place, end in ends(self._consumer, places).items():
            spans.setdefault(place[0], []).append((place, done[place], end))
        return {topic: self._count(topic, tuple(span)) for topic, span in spans.items()}

    def close(self) -> None:
        """Ask no more."""
        self._consumer.close()

    def _count(self, topic: str, span: Span) -> int:
        before = self._counted.get(topic)
        if before is not None and before[0] == span:
            return before[1]
        count = sum(end - done for _, done, end in span)
        if 0 < count <= COUNT_MAX:
            where: Mapping[Place, int] = {place: done for place, done, _ in span}
            count = sum(1 for _ in read_to_end(self._kafka, [topic], starts=where))
        self._counted[topic] = span, count
        return count
