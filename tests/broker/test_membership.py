"""A member of a group against the real broker: holding, and what comes and goes meanwhile."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from confluent_kafka import Message

from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import BATCH_RECORDS_MAX, make_producer
from pipeline.kafka.membership import HOLD_S, Commit, Membership, Start

DEADLINE_S = 30
PARTITIONS = 12


class Reader:
    """Notes what it owns and what comes; commits nothing, so that all comes again."""

    def __init__(self) -> None:
        self.owned: set[int] = set()
        self.came: set[int] = set()
        self.uncommitted_topics: list[str] = []

    def prepare(self, _starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        return {}

    def assigned(self, starts: Sequence[Start], _: Mapping[tuple[str, int], object]) -> None:
        self.owned |= {start.partition for start in starts}

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        self.lost(partitions)
        return []

    def lost(self, partitions: Sequence[tuple[str, int]]) -> None:
        gone = {partition for _, partition in partitions}
        self.owned -= gone
        self.came -= gone

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        self.uncommitted_topics += [topic for topic, _ in partitions]

    def received(self, messages: Sequence[Message]) -> None:
        self.came |= {message.partition() or 0 for message in messages}


class Counting(Reader):
    """Counts what comes, by topic."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.on_received: Callable[[], None] = lambda: None

    def received(self, messages: Sequence[Message]) -> None:
        self.count.update(message.topic() or "" for message in messages)
        self.on_received()


@asynccontextmanager
async def member(kafka: KafkaConfig, group: str, reader: Reader) -> AsyncIterator[Membership]:
    own = Membership(kafka, group, [topics.MT_EVENT], reader, revoke_timeout_s=5)
    own.start()
    try:
        yield own
    finally:
        await own.stop()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.02)


async def test_what_left_while_all_was_held_is_read_when_it_comes_back(kafka: KafkaConfig) -> None:
    """librdkafka keeps an application's pause over an unassignment: a partition was never read."""
    await asyncio.to_thread(create_topics, kafka, topics.catalog({}))
    producer = make_producer(kafka)
    for partition in range(PARTITIONS):
        producer.produce(topics.MT_EVENT, b"one", partition=partition)
    await asyncio.to_thread(producer.flush, DEADLINE_S)
    group, one, two = f"g{uuid4().hex}", Reader(), Reader()
    async with member(kafka, group, one) as own:
        await until(lambda: len(one.came) == PARTITIONS)
        own.hold()
        await asyncio.sleep(2 * HOLD_S)  # as long as makes it a pause
        async with member(kafka, group, two):
            await until(lambda: len(two.owned) == len(one.owned) == PARTITIONS // 2)
            own.go_on()
            await asyncio.sleep(2 * HOLD_S)
        await until(lambda: len(one.owned) == PARTITIONS)
        await until(lambda: len(one.came) == PARTITIONS)


async def test_what_is_urgent_passes_while_others_are_held(kafka: KafkaConfig) -> None:
    """However much of the others has been fetched already."""
    await asyncio.to_thread(create_topics, kafka, topics.catalog({}))
    normal, urgent = topics.MO, topics.DLR
    producer, reader = make_producer(kafka), Counting()
    for number in range(5000):
        producer.produce(normal, str(number).encode())
    await asyncio.to_thread(producer.flush, DEADLINE_S)
    own = Membership(
        kafka, f"g{uuid4().hex}", [normal, urgent], reader, revoke_timeout_s=5, urgent=[urgent]
    )
    reader.on_received = lambda: own.hold() if reader.count[normal] else None
    own.start()
    try:
        await until(lambda: reader.count[normal] > 0)
        held_at = reader.count[normal]
        for number in range(50):
            producer.produce(urgent, str(number).encode())
        await asyncio.to_thread(producer.flush, DEADLINE_S)
        await until(lambda: reader.count[urgent] == 50)
        assert reader.count[normal] <= held_at + BATCH_RECORDS_MAX
        own.hold(everything=True)
        await asyncio.sleep(2 * HOLD_S)
        producer.produce(urgent, b"50")
        await asyncio.to_thread(producer.flush, DEADLINE_S)
        await asyncio.sleep(2 * HOLD_S)
        assert reader.count[urgent] == 50
        reader.on_received = lambda: None
        own.go_on()
        await until(lambda: (reader.count[normal], reader.count[urgent]) == (5000, 51))
    finally:
        await own.stop()


async def test_a_commit_that_is_refused_is_heard_of(kafka: KafkaConfig) -> None:
    await asyncio.to_thread(create_topics, kafka, topics.catalog({}))
    reader = Reader()
    async with member(kafka, f"g{uuid4().hex}", reader) as own:
        await until(lambda: len(reader.owned) == PARTITIONS)
        own.commit([Commit(topics.MT_EVENT, 0, 1, "")])
        own.commit([Commit("sms.there.is.none", 0, 1, "")])
        await until(lambda: reader.uncommitted_topics == ["sms.there.is.none"])
