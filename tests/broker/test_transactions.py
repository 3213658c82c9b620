"""A request that a network brings late, in the next transaction of a real broker (KAFKA-17754)."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from confluent_kafka import KafkaException, Producer

from heliograph.chaos.relay import API_KEYS, Relay, relay_to
from pipeline import topics
from pipeline.broker import Relayed, embedded, free_port
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_transactional_producer, request_timeout_s
from pipeline.kafka.reader import read_to_end
from pipeline.transactions import SlowTransactionError, watched

END_TXN = API_KEYS["EndTxn"]
REQUEST_TIMEOUT_MS = 1000
LATE_S = 2.5  # more than one request may take, so that it is made again
DEADLINE_S = 30
OUT = topics.MT_EVENT


@dataclass
class Late:
    """A broker, and the relay before it."""

    relay: Relay
    kafka: KafkaConfig  # through the relay
    directly: KafkaConfig

    def read(self) -> set[bytes | None]:
        return {message.value() for message in read_to_end(self.directly, [OUT])}


@pytest.fixture(scope="module")
def late() -> Iterator[Late]:
    behind = free_port()
    with (
        relay_to(behind, is_kafka=True) as relay,
        embedded(free_port(), Relayed(behind, relay.port)) as kafka,
    ):
        directly = KafkaConfig(bootstrap_servers=kafka.address)
        create_topics(directly, topics.catalog({}))
        impatient = {"socket.timeout.ms": REQUEST_TIMEOUT_MS}
        address = f"127.0.0.1:{relay.port}"
        yield Late(relay, KafkaConfig(bootstrap_servers=address, librdkafka=impatient), directly)


def write(producer: Producer, value: bytes) -> None:
    producer.begin_transaction()
    producer.produce(OUT, value)
    assert producer.flush(DEADLINE_S) == 0


async def test_who_goes_on_after_a_slow_abort_loses_what_comes_next(late: Late) -> None:
    """Why the guard is there: the day that this fails, librdkafka has KIP-890 and it may go."""
    producer = make_transactional_producer(late.kafka, uuid4().hex)
    await asyncio.to_thread(abort_late, late, producer, producer.abort_transaction)
    await asyncio.to_thread(write, producer, b"lost")
    await brought(late.relay)
    with pytest.raises(KafkaException):
        await asyncio.to_thread(producer.commit_transaction, DEADLINE_S)
    assert b"lost" not in await asyncio.to_thread(late.read)


async def test_who_begins_anew_after_a_slow_abort_loses_nothing(late: Late) -> None:
    replica = uuid4().hex
    producer = make_transactional_producer(late.kafka, replica)
    guarded = watched(producer.abort_transaction, request_timeout_s(late.kafka))
    with pytest.raises(SlowTransactionError):
        await asyncio.to_thread(abort_late, late, producer, guarded)
    anew = make_transactional_producer(late.kafka, replica)  # as after a restart
    await asyncio.to_thread(write, anew, b"kept")
    await brought(late.relay)
    await asyncio.to_thread(anew.commit_transaction, DEADLINE_S)
    assert await asyncio.to_thread(late.read) == {b"kept"}


def abort_late(late: Late, producer: Producer, abort: Callable[[float], None]) -> None:
    write(producer, b"aborted")
    late.relay.hold(END_TXN, LATE_S)
    abort(DEADLINE_S)


async def brought(relay: Relay) -> None:
    """Wait until what was held has been brought, and the broker has surely read it."""
    async with asyncio.timeout(DEADLINE_S):
        while relay.orphaned != relay.held:
            await asyncio.sleep(0.05)
