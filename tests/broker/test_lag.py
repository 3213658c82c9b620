"""How far groups are behind, asked on the real broker, which goes away and comes back."""

import shutil
import time
from collections.abc import Callable
from typing import TypeVar

import pytest
from confluent_kafka import KafkaException

from pipeline import topics
from pipeline.broker import embedded, free_port
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer
from pipeline.kafka.groups import has_unread
from pipeline.kafka.lag import Lag, Progress

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
        lag = Lag(kafka, {topics.ROUTER_IN: GROUP})
        for _ in range(3):
            assert told(lag.ask) == {topics.ROUTER_IN: Progress(done=0, behind=1200)}
            assert has_unread(kafka, GROUP, [topics.ROUTER_IN])
            broker.stop()
            assert asked(lag.ask) is None
            broker.start()
