"""A table goes on whatever comes: only what it can't read at its start is its end."""

import threading
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from structlog.testing import capture_logs

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka import table
from pipeline.kafka.table import ControlTable

TOPIC = "sms.control.stop"
FAILURE = KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
DEADLINE_S = 5


class Message(SimpleNamespace):
    """A record of partition 0."""

    def __init__(self, offset: int, key: bytes | None) -> None:
        super().__init__(
            topic=lambda: TOPIC,
            partition=lambda: 0,
            offset=lambda: offset,
            key=lambda: key,
            value=lambda: b"%d" % offset,
        )


Batch = Sequence[Message] | Exception


class Broker:
    """Gives a table the batches of a test, the first `there` records before it has caught up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, there: int, *batches: Batch) -> None:
        self.assigned: list[int] = []
        self.at = 0
        self.batches: Iterator[Batch] = iter(batches)
        self.is_over = threading.Event()
        known = {TOPIC: SimpleNamespace(partitions={0: None})}
        monkeypatch.setattr(table, "PAUSE_S", 0.0)
        monkeypatch.setattr(table, "make_consumer", lambda *_, **__: self)
        monkeypatch.setattr(table, "known_topics", lambda *_: known)
        monkeypatch.setattr(table, "watermarks", lambda *_: (0, there))
        monkeypatch.setattr(table, "take", self.take)

    def take(self, *_: Any) -> Sequence[Message]:
        batch = next(self.batches, None)
        if batch is None:
            self.is_over.set()
            time.sleep(0.01)
            return []
        if isinstance(batch, Exception):
            raise batch
        self.at = batch[-1].offset() + 1
        return batch

    def assign(self, where: list[TopicPartition]) -> None:
        self.assigned += [tp.offset for tp in where]

    def position(self, where: list[TopicPartition]) -> list[TopicPartition]:
        return [TopicPartition(tp.topic, tp.partition, self.at) for tp in where]

    def close(self) -> None:
        """There is nothing to do."""


def test_what_fails_after_the_start_is_said_and_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Message(0, b"a"), Message(1, b"b")
    broker = Broker(monkeypatch, 1, [first], FAILURE, FAILURE, [second])
    rows: dict[str, bytes | None] = {}
    own = ControlTable(KafkaConfig(), TOPIC, rows.__setitem__)
    with capture_logs() as log:
        own.start()
        assert broker.is_over.wait(DEADLINE_S)
    assert rows == {"a": b"0", "b": b"1"}
    assert broker.assigned[1:] == [1, 1]  # where it stood
    assert [line["topic"] for line in log] == [TOPIC, TOPIC]
    assert own.is_running()
    own.stop()
    assert not own.is_running()


@pytest.mark.parametrize("there", [0, 3], ids=["later", "at the start"])
def test_a_record_that_cant_be_taken_changes_nothing_and_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, there: int
) -> None:
    batch = [Message(0, b"\xff46701234567"), Message(1, b"bug"), Message(2, b"c")]
    broker = Broker(monkeypatch, there, batch)
    rows: dict[str, bytes | None] = {}

    def put(key: str, value: bytes | None) -> None:
        if key == "bug":
            raise ValueError("+46701234567")
        rows[key] = value

    own = ControlTable(KafkaConfig(), TOPIC, put)
    with capture_logs() as log:
        own.start()
        assert broker.is_over.wait(DEADLINE_S)
    assert rows == {"c": b"2"}
    assert [(line["offset"], line["error"]) for line in log] == [
        (0, "UnicodeDecodeError"),
        (1, "ValueError"),
    ]
    assert "46701234567" not in str(log)
    assert own.is_running()
    own.stop()


@pytest.mark.parametrize(
    ("there", "batch", "sentence"),
    [
        (1, FAILURE, f"{TOPIC}: KafkaError"),
        (1, BrokerError("no broker answers"), f"{TOPIC}: no broker answers"),
    ],
)
def test_what_cant_be_read_at_the_start_is_told_there(
    monkeypatch: pytest.MonkeyPatch, there: int, batch: Exception, sentence: str
) -> None:
    Broker(monkeypatch, there, batch)
    own = ControlTable(KafkaConfig(), TOPIC, lambda *_: None)
    with pytest.raises(BrokerError) as caught:
        own.start()
    assert str(caught.value).startswith(sentence)


def test_a_topic_that_is_not_there_says_how_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Broker(monkeypatch, 0)
    own = ControlTable(KafkaConfig(), "sms.control.routes", lambda *_: None)
    with pytest.raises(BrokerError, match=r"sms\.control\.routes: is not there; heliograph topics"):
        own.start()
