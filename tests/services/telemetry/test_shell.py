"""What is read is heard by the view, then by everybody, then committed."""

from collections.abc import Sequence
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import Record
from services.telemetry.heard import Heard, Moved
from services.telemetry.shell import Shell
from tests.builders import dlr, mt_event
from tests.services.telemetry.nothing import Nothing

CODEC = Codec()
MOVED = Moved(None, "routed", "fast", "otp", "SE", "normal", False, 1, 1)


class Read:
    """As confluent_kafka gives it."""

    def __init__(self, topic: str, offset: int, value: bytes) -> None:
        self._topic, self._offset, self._value = topic, offset, value

    def topic(self) -> str:
        return self._topic

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return self._offset

    def timestamp(self) -> tuple[int, int]:
        return 1, 1000 + self._offset

    def headers(self) -> None:
        return None

    def value(self) -> bytes:
        return self._value

    def error(self) -> None:
        return None


class Consumer:
    """Has one batch."""

    def __init__(self, said: list[Any], *batch: Read) -> None:
        self._said = said
        self._batch = list(batch)
        self.assigned: dict[str, int] = {}

    def poll(self, _: float) -> Read | None:
        return self._batch.pop(0) if self._batch else None

    def consume(self, *_: object) -> list[Read]:
        batch, self._batch = self._batch, []
        return batch

    def commit(self, offsets: list[TopicPartition], *, asynchronous: bool) -> None:
        self._said += [("commit", tp.topic, tp.partition, tp.offset) for tp in offsets]

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned = {tp.topic: tp.offset for tp in partitions}


class View(Nothing):
    """Says what it is given, and where it has come to with one topic."""

    def __init__(self, said: list[Any]) -> None:
        self._said = said

    def begin(self, topic: str, partition: int) -> int | None:
        return 42 if (topic, partition) == ("sms.dlr", 3) else None

    def apply(self, batch: Sequence[Heard]) -> Sequence[Moved]:
        self._said.append(("view", [(one.topic, one.offset, one.at_ms) for one in batch]))
        return [MOVED]


class Listener:
    """Says what it hears."""

    def __init__(self, said: list[Any]) -> None:
        self._said = said

    def heard(self, batch: Sequence[Heard], moved: Sequence[Moved]) -> None:
        self._said.append(("heard", [one.record for one in batch], moved))


@pytest.fixture
def ground() -> Process:
    return Process(Config(), "telemetry-0", Metrics("telemetry", "telemetry-0"), CODEC)


def octets(record: Record, topic: str) -> bytes:
    return CODEC.encode(record, topic)


def test_the_view_is_first_and_what_all_have_heard_is_committed(ground: Process) -> None:
    said: list[Any] = []
    event, receipt = mt_event(), dlr()
    consumer: Any = Consumer(
        said,
        Read("sms.mt.event", 7, octets(event, "sms.mt.event")),
        Read("sms.mt.event", 8, b"garbage"),
        Read("sms.dlr", 2, octets(receipt, "sms.dlr")),
    )
    shell = Shell(ground, View(said), [Listener(said), Listener(said)])
    shell._read(consumer)
    assert said == [
        ("view", [("sms.mt.event", 7, 1007), ("sms.dlr", 2, 1002)]),
        ("heard", [event, receipt], [MOVED]),
        ("heard", [event, receipt], [MOVED]),
        ("commit", "sms.mt.event", 3, 9),
        ("commit", "sms.dlr", 3, 3),
    ]
    count = ground.metrics.counter
    assert count("sms.records.dead", topic="sms.mt.event", reason="unknown_framing").value == 1
    assert ground.metrics.consumed("sms.mt.event", "telemetry").value == 1
    ground.metrics.close()


def test_where_nothing_has_come_nobody_is_told(ground: Process) -> None:
    said: list[Any] = []
    consumer: Any = Consumer(said)
    Shell(ground, View(said), [Listener(said)])._read(consumer)
    ground.metrics.close()
    assert said == []


def test_a_view_that_fails_is_heard_by_nobody_and_nothing_is_committed(ground: Process) -> None:
    said: list[Any] = []

    class Broken(View):
        def apply(self, batch: Sequence[Heard]) -> Sequence[Moved]:
            raise OSError("disk full")

    consumer: Any = Consumer(said, Read("sms.dlr", 2, octets(dlr(), "sms.dlr")))
    with pytest.raises(OSError, match="disk full"):
        Shell(ground, Broken(said), [Listener(said)])._read(consumer)
    ground.metrics.close()
    assert said == []


def test_it_goes_on_where_the_view_has_come_to_or_else_the_group(ground: Process) -> None:
    consumer: Any = Consumer([])
    assert not ground.is_ready()
    found = [TopicPartition("sms.dlr", 3, -1001), TopicPartition("sms.mo", 3, -1001)]
    Shell(ground, View([]), [])._assign(consumer, found)
    ground.metrics.close()
    assert consumer.assigned == {"sms.dlr": 42, "sms.mo": -1001}
    assert ground.is_ready()
