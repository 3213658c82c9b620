"""The age of what waits, and dead letters nobody has dealt with, asked on the real broker."""

import time
from uuid import uuid4

from confluent_kafka import TopicPartition

from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.ages import Ages
from pipeline.kafka.clients import (
    make_consumer,
    make_producer,
    make_transactional_producer,
    now_ms,
)
from pipeline.kafka.lag import Lag
from pipeline.kafka.unread import Unread
from pipeline.topics import Lanes
from tests.broker.test_lag import DEADLINE_S, told


def own_topic(kafka: KafkaConfig) -> tuple[str, str]:
    """A fresh topic with two partitions, and a group of its own."""
    connector = ConnectorId(f"c-{uuid4().hex[:8]}")
    create_topics(kafka, topics.catalog({connector: Lanes(binds=2, generation=1)}))
    return topics.submit(connector, 1, priority=False), f"g-{connector}"


def commit(kafka: KafkaConfig, group: str, *done: TopicPartition) -> None:
    consumer = make_consumer(kafka, group)
    consumer.commit(offsets=list(done), asynchronous=False)
    consumer.close()


def test_the_record_that_a_group_reads_next_says_how_old_it_is(kafka: KafkaConfig) -> None:
    topic, group = own_topic(kafka)
    producer = make_producer(kafka)
    written: dict[int, list[range]] = {0: [], 1: []}  # between when and when
    for partition in (0, 1, 0, 0):
        begun_ms = now_ms()
        producer.produce(topic, b"x" * 100_000, partition=partition)  # more than is fetched at once
        assert producer.flush(DEADLINE_S) == 0
        written[partition].append(range(begun_ms, now_ms() + 1))
        time.sleep(0.01)  # so that no two are of one moment
    commit(kafka, group, TopicPartition(topic, 0, 1), TopicPartition(topic, 1, 1))
    lag, ages = Lag(kafka, {topic: group}), Ages(kafka)
    told(lag.ask)
    assert lag.starts == {(topic, 0): 1}
    found = told(lambda: ages.ask(lag.starts))
    assert found[topic, 0] in written[0][1]
    again = told(lambda: ages.ask({(topic, 0): 2, (topic, 1): 0}))
    assert again[topic, 0] in written[0][2]
    assert again[topic, 1] in written[1][0]
    assert ages.ask({(topic, 1): 1}) == {}  # nothing is there yet
    assert ages.ask({}) == {}
    ages.close()


def test_dead_letters_are_counted_without_the_markers_between_them(kafka: KafkaConfig) -> None:
    topic, group = own_topic(kafka)
    unread = Unread(kafka, group, [topic, f"{topic}.not.there"])
    assert told(unread.ask) == {topic: 0}
    producer = make_transactional_producer(kafka, group)
    for _ in range(3):
        producer.begin_transaction()
        producer.produce(topic, b"x", partition=0)
        producer.commit_transaction(DEADLINE_S)
    plain = make_producer(kafka)
    plain.produce(topic, b"x", partition=1)
    assert plain.flush(DEADLINE_S) == 0
    assert told(unread.ask) == {topic: 4}
    commit(kafka, group, TopicPartition(topic, 0, 2), TopicPartition(topic, 1, 1))
    assert told(unread.ask) == {topic: 2}
    unread.close()
