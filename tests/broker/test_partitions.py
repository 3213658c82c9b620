"""A real producer puts each key where we look for it."""

from uuid import uuid4

from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, produce
from pipeline.kafka.partitions import partition_of, starts_of
from pipeline.kafka.reader import read_to_end
from pipeline.topics import Topic

PARTITIONS = 12
KEYS = [*(f"{uuid4()}" for _ in range(100)), *(f"4670123{n:04}" for n in range(100)), "a", "ü"]


def test_a_producer_agrees(kafka: KafkaConfig) -> None:
    name = f"partitions-{uuid4()}"
    create_topics(kafka, [topic(name)])
    producer = make_producer(kafka)
    for key in KEYS:
        produce(producer, name, key, b"x")
    producer.flush(15)
    found = {(m.key() or b"").decode(): m.partition() for m in read_to_end(kafka, [name])}
    assert found == {key: partition_of(key.encode(), PARTITIONS) for key in KEYS}

    own = starts_of(kafka, name, KEYS[0])
    read = [m.key() for m in read_to_end(kafka, [name], starts=own)]
    assert KEYS[0].encode() in read
    assert len(read) < len(KEYS)
    assert starts_of(kafka, f"{name}-not-there", "a") == {}


def topic(name: str) -> Topic:
    return Topic(
        name=name,
        what="",
        key="any",
        records=(),
        partitions=PARTITIONS,
        retention_h=1,
        cleanup="delete",
        dlq=None,
        public=False,
        writers=(),
        readers=(),
    )
