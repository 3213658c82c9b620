"""How far a group is behind, asked on the real broker, which goes away and comes back."""

import shutil
import time

import pytest
from confluent_kafka import KafkaException

from pipeline import topics
from pipeline.broker import embedded, free_port
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer
from pipeline.kafka.lag import Lag, Progress

DEADLINE_S = 40
GROUP = "reader"


def told(lag: Lag) -> Progress:
    """What is told in the end: a broker that has just come up knows of no coordinator yet."""
    deadline = time.monotonic() + DEADLINE_S
    while (progress := asked(lag)) is None:
        assert time.monotonic() < deadline
    return progress


def asked(lag: Lag) -> Progress | None:
    try:
        return lag.ask()
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
        for number in range(100):
            producer.produce(topics.ROUTER_IN, str(number).encode())
        assert producer.flush(DEADLINE_S) == 0
        lag = Lag(kafka, GROUP, topics.ROUTER_IN)
        assert told(lag) == Progress(done=0, behind=100)
        for _ in range(3):
            broker.stop()
            assert asked(lag) is None
            broker.start()
            assert told(lag) == Progress(done=0, behind=100)
