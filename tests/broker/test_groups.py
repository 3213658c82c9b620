"""What a group holds and has still to read, asked of a real broker."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import uuid4

from confluent_kafka import Message

from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka import groups
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_transactional_producer
from pipeline.kafka.membership import Commit, Membership, Start
from pipeline.topics import catalog

DEADLINE_S = 30


class Listener:
    """Commits all it was given, at the end."""

    def __init__(self) -> None:
        self.owned = asyncio.Event()
        self.done = asyncio.Event()
        self.ends: dict[tuple[str, int], int] = {}

    def prepare(self, starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        return {}

    def assigned(self, starts: Sequence[Start], prepared: Mapping[tuple[str, int], object]) -> None:
        self.owned.set()

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        return [Commit(*key, offset=end, metadata="") for key, end in self.ends.items()]

    def lost(self, partitions: Sequence[tuple[str, int]]) -> None:
        raise AssertionError

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        raise AssertionError(f"{partitions} could not be committed")

    def received(self, messages: Sequence[Message]) -> None:
        for message in messages:
            key = (message.topic() or "", message.partition() or 0)
            self.ends[key] = (message.offset() or 0) + 1
            self.done.set()


def is_unknown(kafka: KafkaConfig, group: str) -> bool:
    try:
        groups.has_unread(kafka, group, [])
    except BrokerError:
        return True
    return False


async def test_a_group_holds_what_its_members_hold_and_has_read_what_it_committed(
    kafka: KafkaConfig,
) -> None:
    (topic,) = (own for own in catalog({}) if own.name == "sms.control.stop")
    name, group = f"t{uuid4().hex[:8]}", f"g{uuid4().hex[:8]}"
    own = type(topic)(**{n: getattr(topic, n) for n in topic.__struct_fields__} | {"name": name})
    await asyncio.to_thread(create_topics, kafka, [own])
    assert groups.partition_counts(kafka)[name] == topic.partitions
    async with asyncio.timeout(DEADLINE_S):
        while await asyncio.to_thread(is_unknown, kafka, group):
            pass  # the broker loads its groups
    assert not groups.has_unread(kafka, group, [name])
    producer = make_transactional_producer(kafka, name)
    producer.begin_transaction()
    producer.produce(name, b"octets", b"key")
    producer.commit_transaction()
    assert groups.has_unread(kafka, group, [name])
    listener = Listener()
    member = Membership(kafka, group, [name], listener, revoke_timeout_s=10)
    member.start()
    async with asyncio.timeout(DEADLINE_S):
        await listener.owned.wait()
        await listener.done.wait()
        while await asyncio.to_thread(groups.held_topics, kafka, group) != {name}:
            pass  # the broker hears of it by the next heartbeat
        await member.stop()
        while await asyncio.to_thread(groups.held_topics, kafka, group):
            pass
    assert not groups.has_unread(kafka, group, [name])  # only the transaction's marker is left
