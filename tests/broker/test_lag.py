"""How far groups are behind, asked on the real broker, which goes away and comes back."""

import shutil
import time
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline import topics
from pipeline.broker import embedded, free_port
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId
from pipeline.kafka import lag
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import (
    client_settings,
    make_consumer,
    make_producer,
    make_transactional_producer,
    now_ms,
)
from pipeline.kafka.groups import has_unread
from pipeline.kafka.lag import Lag, Place, Progress
from pipeline.topics import Lanes

DEADLINE_S = 40
GROUP = "reader"
T = TypeVar("T")


def told(ask: Callable[[], T]) -> T:
    """What is told in the end: a broker that has just come up knows of no coordinator yet."""
    deadline = time.monotonic() + DEADLINE_S
    while (answer := asked(ask)) is None:
        assert time.monotonic() < deadline
    return answer


def asked(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except KafkaException:
        return None


@pytest.mark.skipif(
    not (shutil.which("java") and shutil.which("mvn")),
    reason="the broker is stopped, so it must be ours: install Java 17+ and Maven",
)
def test_it_is_told_again_once_the_broker_is_back() -> None:
    with embedded(free_port()) as broker:
        kafka = KafkaConfig(bootstrap_servers=broker.address)
        create_topics(kafka, topics.catalog({}))
        producer = make_producer(kafka)
        for number in range(1200):
            producer.produce(topics.ROUTER_IN, b"", partition=number % 12)
        assert producer.flush(DEADLINE_S) == 0
        own = Lag(kafka, {topics.ROUTER_IN: GROUP})
        for _ in range(3):
            assert told(own.ask) == {topics.ROUTER_IN: Progress(done=0, behind=1200)}
            assert has_unread(kafka, GROUP, [topics.ROUTER_IN])
            broker.stop()
            assert asked(own.ask) is None
            broker.start()


def test_each_topic_of_a_group_is_told_apart(kafka: KafkaConfig) -> None:
    connector = ConnectorId(f"c-{uuid4().hex[:8]}")
    create_topics(kafka, topics.catalog({connector: Lanes(binds=2, generation=1)}))
    normal, urgent = (topics.submit(connector, 1, priority=lane) for lane in (False, True))
    waits, group, other = topics.wait(connector), f"g-{connector}", f"other-{connector}"
    producer = make_producer(kafka)
    for topic, partition, count in ((normal, 0, 7), (normal, 1, 5), (urgent, 0, 3)):
        for _ in range(count):
            producer.produce(topic, b"x", partition=partition)
    assert producer.flush(DEADLINE_S) == 0
    transactional = make_transactional_producer(kafka, connector)
    transactional.begin_transaction()
    for _ in range(4):
        transactional.produce(waits, b"x", partition=5)
    transactional.commit_transaction(DEADLINE_S)
    consumer = make_consumer(kafka, group)
    done = [TopicPartition(normal, 0, 4), TopicPartition(waits, 5, 4)]
    consumer.commit(offsets=done, asynchronous=False)
    consumer.close()
    assert told(
        Lag(kafka, {normal: group, urgent: other, waits: group, f"{waits}.x": group}).ask
    ) == {
        normal: Progress(done=4, behind=8),
        urgent: Progress(done=0, behind=3),
        waits: Progress(done=4, behind=0),  # what is left there is a marker
    }


def test_what_is_there_no_more_is_not_behind_of_who_never_committed(kafka: KafkaConfig) -> None:
    """So it is with a retired generation: Kafka drops the records first, the offsets later."""
    connector = ConnectorId(f"c-{uuid4().hex[:8]}")
    create_topics(kafka, topics.catalog({connector: Lanes(binds=1, generation=1)}))
    topic = topics.submit(connector, 1, priority=False)
    producer = make_producer(kafka)
    for _ in range(50):
        producer.produce(topic, b"x", partition=0)
    assert producer.flush(DEADLINE_S) == 0
    own = Lag(kafka, {topic: f"binder-{connector}"})
    assert told(own.ask) == {topic: Progress(done=0, behind=50)}
    admin = AdminClient(client_settings(kafka))
    for deleted in admin.delete_records([TopicPartition(topic, 0, 40)]).values():
        deleted.result(DEADLINE_S)
    assert told(own.ask) == {topic: Progress(done=40, behind=10)}


def test_what_comes_while_it_is_asked_where_to_begin_is_not_left_out(
    kafka: KafkaConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the answer to a command does that has just been written."""
    create_topics(kafka, topics.catalog({}))
    listed, producer = lag._listed, make_producer(kafka)
    (place,) = places = [(topics.COMMAND_RESULT, 0)]

    def meanwhile(*question: Any) -> dict[Place, int]:
        answer = listed(*question)
        producer.produce(place[0], b"", partition=place[1])
        assert producer.flush(DEADLINE_S) == 0
        return answer

    consumer = make_consumer(kafka, GROUP)
    (end,) = told(lambda: lag.ends(consumer, places)).values()
    monkeypatch.setattr(lag, "_listed", meanwhile)
    recent_ms = now_ms() - 1000
    assert lag.first_since(consumer, places, recent_ms) == {place: end}
