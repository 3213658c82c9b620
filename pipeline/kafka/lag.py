"""How far consumer groups are behind on topics, asked again and again, cheaply."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaException,
    TopicPartition,
)

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import known_topics, make_consumer

ASK_TIMEOUT_S = 5.0
Place = tuple[str, int]  # topic and partition


class Progress(NamedTuple):
    """Records that a group has committed, ever, and those it has still to read."""

    done: int
    behind: int


class Lag:
    """The difference of two offsets: the markers of transactions, one a commit, count too.

    But not the last one of a partition, of which nobody can tell it from a record. What stands in
    an open transaction counts: it may be long in coming, and then it is there at once. A group
    that has committed nothing, or nothing Kafka still knows of, has all to read that is there.
    """

    def __init__(self, kafka: KafkaConfig, group_of: Mapping[str, str]) -> None:
        """`group_of` names the reader of each topic. Raises BrokerError when no broker answers."""
        self._consumers = {
            group: make_consumer(kafka, group, isolation_level="read_uncommitted")
            for group in sorted(set(group_of.values()))
        }
        self.starts: dict[Place, int] = {}
        """As of the last answer: where those partitions are read on that have any left to read."""
        self._places: dict[str, list[Place]] = {}
        known = known_topics(next(iter(self._consumers.values())), kafka) if group_of else {}
        self._topics = [topic for topic in group_of if topic in known]
        for topic in self._topics:
            own = self._places.setdefault(group_of[topic], [])
            own.extend((topic, partition) for partition in known[topic].partitions)

    def ask(self) -> dict[str, Progress]:
        """How it stands with each topic that was there, over all its partitions.

        Raises KafkaException. One group that can't be asked fails the whole question: a topic
        left out would count as empty, while who asks goes by the answer before for some time.
        """
        found = dict.fromkeys(self._topics, Progress(0, 0))
        starts = {}
        for group, places in self._places.items():
            consumer = self._consumers[group]
            done = committed(consumer, places)
            done |= begins(consumer, [place for place in places if place not in done])
            for (topic, partition), end in ends(consumer, places).items():
                done_to = done[topic, partition]
                behind = end - done_to
                before = found[topic]
                if behind > 1:
                    starts[topic, partition] = done_to
                found[topic] = Progress(
                    before.done + done_to, before.behind + (behind if behind > 1 else 0)
                )
        self.starts = starts
        return found


def committed(consumer: Consumer, places: Iterable[Place]) -> dict[Place, int]:
    """What `consumer`'s group reads next, where it has ever committed; raises KafkaException.

    By a consumer that joins nothing: an AdminClient whose broker went away answers no more when it
    is back, or ends the process (librdkafka 2.16; tests/broker/test_lag.py).
    """
    asked = [TopicPartition(*place) for place in places]
    answer = consumer.committed(asked, timeout=ASK_TIMEOUT_S) if asked else []
    return {place: offset for place, offset in _told(answer).items() if offset >= 0}


def begins(consumer: Consumer, places: Iterable[Place]) -> dict[Place, int]:
    """The first offset there is of each partition; raises KafkaException."""
    return _listed(consumer, places, OFFSET_BEGINNING)


def ends(consumer: Consumer, places: Iterable[Place]) -> dict[Place, int]:
    """The next offset of each partition; raises KafkaException."""
    return _listed(consumer, places, OFFSET_END)


def open_from(consumer: Consumer, places: Iterable[Place], since_ms: int) -> dict[Place, int]:
    """Where that begins of each partition which `consumer`'s group has still to deal with.

    What is from before `since_ms` is not asked for again, dealt with or not: Kafka forgets what a
    group without members has committed. Raises KafkaException.
    """
    places = list(places)
    done = committed(consumer, places)
    recent = first_since(consumer, places, since_ms)
    return {place: max(done.get(place, 0), first) for place, first in recent.items()}


def first_since(consumer: Consumer, places: Iterable[Place], since_ms: int) -> dict[Place, int]:
    """Of each partition the first offset that Kafka appended at `since_ms` or later, or its end.

    Raises KafkaException.
    """
    places = list(places)
    end = ends(consumer, places)  # first: what comes meanwhile is found by its time
    found = _listed(consumer, places, since_ms)
    return {place: first if first >= 0 else end[place] for place, first in found.items()}


def _listed(consumer: Consumer, places: Iterable[Place], which: int) -> dict[Place, int]:
    asked = [TopicPartition(*place, which) for place in places]
    return _told(consumer.offsets_for_times(asked, timeout=ASK_TIMEOUT_S) if asked else [])


def _told(answer: Iterable[TopicPartition]) -> dict[Place, int]:
    """What an answer says of each; raises KafkaException, for no offset is not one of nothing."""
    found = {}
    for tp in answer:
        if tp.error is not None:
            raise KafkaException(tp.error)
        found[tp.topic, tp.partition] = tp.offset
    return found
