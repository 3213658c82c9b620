"""What a topic no longer has, on the real broker."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from heliograph.report import deleted
from heliograph.reporting import Window
from pipeline import topics
from pipeline.config import Config, KafkaConfig
from pipeline.kafka.clients import client_settings, now_ms
from pipeline.kafka.retention import deleted_since
from tests.broker.test_kafka import make_topic, write

HOUR_MS = 3_600_000  # so long such a topic keeps a record


def delete(kafka: KafkaConfig, topic: str, partition: int, before: int) -> None:
    admin = AdminClient(client_settings(kafka))
    [deleted] = admin.delete_records([TopicPartition(topic, partition, before)]).values()
    deleted.result(30)


def test_a_partition_lacks_what_was_deleted_unless_it_is_older_than_what_is_asked_for(
    kafka: KafkaConfig,
) -> None:
    topic = make_topic(kafka, 4)
    for partition in (0, 1, 2):
        write(kafka, topic, 5, partition=partition)
    assert deleted_since(kafka, topic, now_ms() - 2 * HOUR_MS) == []
    delete(kafka, topic, 0, 2)
    delete(kafka, topic, 2, 5)
    assert deleted_since(kafka, topic, now_ms() - 2 * HOUR_MS) == [0, 2]
    assert deleted_since(kafka, topic, now_ms() - HOUR_MS // 2) == []


def test_the_report_says_so(kafka: KafkaConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = make_topic(kafka, 2)
    monkeypatch.setattr(topics, "MT_EVENT", topic)
    write(kafka, topic, 5, partition=1)
    config = Config(kafka=kafka)
    window = Window(now_ms() - 2 * HOUR_MS, now_ms())
    assert list(deleted(config, window)) == []
    delete(kafka, topic, 1, 1)
    [sentence] = deleted(config, window)
    assert sentence.startswith(f"{topic}, partitions 1: ")
