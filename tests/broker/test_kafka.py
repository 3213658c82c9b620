"""Clients, readers, tables and memberships on the real broker."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from confluent_kafka import Message

from pipeline.config import KafkaConfig
from pipeline.kafka import admin
from pipeline.kafka.clients import BY_KEY, make_producer, produce
from pipeline.kafka.groups import has_unread
from pipeline.kafka.membership import HOLD_S, Commit, Membership, Start
from pipeline.kafka.reader import read_to_end
from pipeline.kafka.table import ControlTable
from pipeline.topics import Topic

DEADLINE_S = 30


def make_topic(kafka: KafkaConfig, partitions: int, cleanup: str = "delete") -> str:
    name = f"test.{uuid4().hex[:8]}"
    topic = Topic(
        name=name,
        what="a test",
        key="any",
        records=(),
        partitions=partitions,
        retention_h=1,
        cleanup=cleanup,
        dlq=None,
        public=False,
        writers=(),
        readers=(),
    )
    assert admin.create_topics(kafka, [topic]) == [name]
    assert admin.create_topics(kafka, [topic]) == []
    return name


def write(kafka: KafkaConfig, topic: str, count: int, *, partition: int = BY_KEY) -> None:
    producer = make_producer(kafka)
    for number in range(count):
        produce(producer, topic, f"k{number}", b"%d" % number, partition=partition)
    assert producer.flush(DEADLINE_S) == 0


def write_aborted_and_committed(kafka: KafkaConfig, topic: str) -> None:
    producer = make_producer(kafka, transactional_id=f"t-{uuid4().hex}")
    producer.init_transactions(DEADLINE_S)
    for value in (b"aborted", b"committed"):
        producer.begin_transaction()
        produce(producer, topic, b"k", value)
        producer.flush(DEADLINE_S)
        if value == b"aborted":
            producer.abort_transaction()
        else:
            producer.commit_transaction()


def test_reading_to_the_end_finds_everything_and_ends(kafka: KafkaConfig) -> None:
    topic = make_topic(kafka, 3)
    assert list(read_to_end(kafka, [topic, "test.of.no.such.name"])) == []
    write(kafka, topic, 1000)
    found = {message.value() for message in read_to_end(kafka, [topic])}
    assert found == {b"%d" % number for number in range(1000)}


def test_reading_ends_at_markers_and_sees_no_aborted_record(kafka: KafkaConfig) -> None:
    topic = make_topic(kafka, 1)
    write_aborted_and_committed(kafka, topic)
    assert [message.value() for message in read_to_end(kafka, [topic])] == [b"committed"]


def test_reading_can_start_in_the_middle_of_one_partition(kafka: KafkaConfig) -> None:
    topic = make_topic(kafka, 2)
    for partition in (0, 1):
        write(kafka, topic, 10, partition=partition)
    found = [m.offset() for m in read_to_end(kafka, [topic], starts={(topic, 1): 7})]
    assert found == [7, 8, 9]


def test_a_control_table_reads_what_is_there_and_then_follows(kafka: KafkaConfig) -> None:
    topic = make_topic(kafka, 1, cleanup="compact")
    write(kafka, topic, 5)
    rows: dict[str, bytes | None] = {}
    sixth = threading.Event()

    def note(key: str, value: bytes | None) -> None:
        rows[key] = value
        if key == "k5":
            sixth.set()

    table = ControlTable(kafka, topic, note)
    table.start()
    assert rows == {f"k{n}": b"%d" % n for n in range(5)}
    write(kafka, topic, 6)
    assert sixth.wait(DEADLINE_S)
    table.stop()


class Member:
    """A listener that notes what it is told."""

    def __init__(self) -> None:
        self.values: list[bytes | None] = []
        self.starts: dict[int, Start] = {}
        self.prepared: Mapping[tuple[str, int], object] = {}
        self.positions: dict[tuple[str, int], int] = {}
        self.given_back = 0
        self.wanted = 0
        self.has_enough = asyncio.Event()

    def prepare(self, starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        assert threading.current_thread() is not threading.main_thread()
        return {(start.topic, start.partition): "prepared" for start in starts}

    def assigned(self, starts: Sequence[Start], prepared: Mapping[tuple[str, int], object]) -> None:
        self.starts |= {start.partition: start for start in starts}
        self.prepared = prepared

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        self.given_back += len(partitions)
        return [
            Commit(topic, number, self.positions[topic, number], f"left by {number}")
            for topic, number in partitions
            if (topic, number) in self.positions
        ]

    def lost(self, partitions: Sequence[tuple[str, int]]) -> None:
        raise AssertionError(f"lost {partitions}")

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        raise AssertionError(f"{partitions} could not be committed")

    def received(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.values.append(message.value())
            self.positions[message.topic() or "", message.partition() or 0] = (
                message.offset() or 0
            ) + 1
        if len(self.values) >= self.wanted:
            self.has_enough.set()


async def enough(member: Member, count: int) -> None:
    member.wanted = count
    if len(member.values) < count:
        member.has_enough.clear()
        await asyncio.wait_for(member.has_enough.wait(), DEADLINE_S)


async def test_a_member_takes_records_and_leaves_word_for_its_successor(
    kafka: KafkaConfig,
) -> None:
    topic, group = make_topic(kafka, 2), f"g-{uuid4().hex[:8]}"
    for partition in (0, 1):
        await asyncio.to_thread(write, kafka, topic, 50, partition=partition)
    first = Member()
    membership = Membership(kafka, group, [topic], first, revoke_timeout_s=10)
    membership.start()
    await enough(first, 100)
    assert first.starts[0] == Start(topic, 0, None, "", 50)
    assert set(first.prepared.values()) == {"prepared"}
    await membership.stop()
    assert first.given_back == 2
    second = Member()
    membership = Membership(kafka, group, [topic], second, revoke_timeout_s=10)
    membership.start()
    await asyncio.to_thread(write, kafka, topic, 3, partition=1)
    await enough(second, 3)
    assert replace(second.starts[1], end=50) == Start(topic, 1, 50, "left by 1", 50)
    assert second.values == [b"0", b"1", b"2"]
    await membership.stop()
    assert not has_unread(kafka, group, [topic])


async def test_a_second_member_gets_its_share_without_a_record_read_twice(
    kafka: KafkaConfig,
) -> None:
    topic, group = make_topic(kafka, 4), f"g-{uuid4().hex[:8]}"
    await asyncio.to_thread(write, kafka, topic, 400)
    first, second = Member(), Member()
    one = Membership(kafka, group, [topic], first, revoke_timeout_s=10)
    one.start()
    await enough(first, 400)
    two = Membership(kafka, group, [topic], second, revoke_timeout_s=10)
    two.start()
    async with asyncio.timeout(DEADLINE_S):
        while len(second.starts) < 2:
            await asyncio.to_thread(write, kafka, topic, 1)
    await one.stop()
    await two.stop()
    assert second.starts.keys() <= {0, 1, 2, 3}
    assert all(start.metadata.startswith("left by") for start in second.starts.values())


async def test_a_member_on_hold_is_told_nothing_until_it_may_go_on(kafka: KafkaConfig) -> None:
    topic, group = make_topic(kafka, 1), f"g-{uuid4().hex[:8]}"
    await asyncio.to_thread(write, kafka, topic, 10)
    member = Member()
    membership = Membership(kafka, group, [topic], member, revoke_timeout_s=10)
    membership.start()
    await enough(member, 10)
    membership.hold()
    await asyncio.to_thread(write, kafka, topic, 5)
    with pytest.raises(TimeoutError):  # beyond HOLD_S, where the hold becomes a pause
        await asyncio.wait_for(_until(member, 11), 2 * HOLD_S)
    membership.go_on()
    await enough(member, 15)
    await membership.stop()


async def _until(member: Member, count: int) -> None:
    member.has_enough.clear()
    member.wanted = count
    await member.has_enough.wait()


class CannotPrepare(Member):
    def prepare(self, starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        raise ValueError("broken")


class CannotReceive(Member):
    def received(self, messages: Sequence[Message]) -> None:
        raise ValueError("broken")


@pytest.mark.parametrize("broken", [CannotPrepare, CannotReceive])
async def test_a_failing_member_tells_so(kafka: KafkaConfig, broken: type[Member]) -> None:
    topic = make_topic(kafka, 1)
    await asyncio.to_thread(write, kafka, topic, 1)
    membership = Membership(kafka, f"g-{uuid4().hex[:8]}", [topic], broken(), revoke_timeout_s=5)
    membership.start()
    with pytest.raises(ValueError, match="broken"):
        await asyncio.wait_for(asyncio.wrap_future(membership.ended), DEADLINE_S)
