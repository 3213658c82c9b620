"""Offsets and records that nobody will ever end, in a real broker."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from pipeline import topics
from pipeline.broker import embedded, free_port
from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka import pending
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_consumer, make_transactional_producer
from pipeline.kafka.pending import await_settled, begin_anew, close_hanging, drop_pending
from pipeline.kafka.reader import read_to_end

IN = topics.ROUTER_IN
PRODUCE, INIT_PRODUCER_ID, TXN_OFFSET_COMMIT = 0, 22, 28
DEADLINE_S = 10
HANGS_S = 2.0
OPEN_S = 1.0
OFFSET = 7


@pytest.fixture(scope="module")
def credulous() -> Iterator[KafkaConfig]:
    """A broker that takes a producer's word for the transaction its offsets belong to."""
    with embedded(free_port()) as own:
        kafka = KafkaConfig(bootstrap_servers=own.address)
        create_topics(kafka, topics.catalog({}))
        entry = ConfigEntry(
            "transaction.partition.verification.enable",
            "false",
            incremental_operation=AlterConfigOpType.SET,
        )
        resource = ConfigResource(ResourceType.BROKER, "1", incremental_configs=[entry])
        admin = AdminClient({"bootstrap.servers": own.address})
        admin.incremental_alter_configs([resource])[resource].result(DEADLINE_S)
        yield kafka


def test_what_a_transaction_left_pending_is_dropped_by_the_next_of_its_producer(
    credulous: KafkaConfig,
) -> None:
    replica, group = uuid4().hex, uuid4().hex
    make_transactional_producer(credulous, replica)
    assert committed(credulous, group, DEADLINE_S) < 0  # both coordinators are there
    leave_pending(credulous, f"heliograph-{replica}", group)
    with pytest.raises(KafkaException) as refused:
        committed(credulous, group, HANGS_S)
    assert refused.value.args[0].code() == KafkaError._TIMED_OUT
    producer = make_transactional_producer(credulous, replica)  # alone changes nothing
    with pytest.raises(KafkaException):
        committed(credulous, group, HANGS_S)
    drop_pending(producer, credulous, group, IN)
    assert committed(credulous, group, DEADLINE_S) < 0


def test_what_is_committed_stays_and_the_producer_goes_on(credulous: KafkaConfig) -> None:
    replica, group = uuid4().hex, uuid4().hex
    producer = make_transactional_producer(credulous, replica)
    for offset in (OFFSET, OFFSET + 1):
        drop_pending(producer, credulous, group, IN)
        producer.begin_transaction()
        where = [TopicPartition(IN, 0, offset)]
        metadata = make_consumer(credulous, group).consumer_group_metadata()
        producer.send_offsets_to_transaction(where, metadata, DEADLINE_S)
        producer.commit_transaction(DEADLINE_S)
        assert committed(credulous, group, DEADLINE_S) == offset


def test_a_partition_is_settled_when_the_transaction_in_it_is_over(credulous: KafkaConfig) -> None:
    place = (topics.MT_EVENT, 0)
    producer, reader = make_transactional_producer(credulous, uuid4().hex), uuid4().hex
    consumer = make_consumer(credulous, reader)
    await_settled(consumer, credulous, reader, [place])
    for end in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(place[0], b"octets", partition=place[1])
        assert producer.flush(DEADLINE_S) == 0
        began = time.monotonic()
        threading.Timer(OPEN_S, end).start()
        await_settled(consumer, credulous, reader, [place, (topics.MT_EVENT, 1)])
        assert time.monotonic() - began >= OPEN_S


def test_one_that_is_not_ended_is_said(
    credulous: KafkaConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "SETTLE_S", OPEN_S)
    producer, reader = make_transactional_producer(credulous, uuid4().hex), uuid4().hex
    producer.begin_transaction()
    producer.produce(topics.MT_EVENT, b"octets", partition=2)
    assert producer.flush(DEADLINE_S) == 0
    places = [(topics.MT_EVENT, number) for number in range(4)]
    with pytest.raises(BrokerError, match=r"^sms\.mt\.event\[2\]: a transaction is open"):
        await_settled(make_consumer(credulous, reader), credulous, reader, places)
    producer.abort_transaction(DEADLINE_S)


def test_what_hangs_in_a_changelog_is_ended_by_the_next_life(
    credulous: KafkaConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pending, "SETTLE_S", OPEN_S)
    replica, (place,) = uuid4().hex, (places := [(topics.changelog_of("router", IN), 3)])
    make_transactional_producer(credulous, replica)
    leave_hanging(credulous, f"heliograph-{replica}", *place)
    consumer = make_consumer(credulous, "router")
    make_transactional_producer(credulous, replica)  # alone changes nothing
    with pytest.raises(BrokerError):
        await_settled(consumer, credulous, "router", places)
    close_hanging(begin_anew(credulous, replica, "router", IN), credulous, "router", IN)
    await_settled(consumer, credulous, "router", places)
    found = [message.value() for message in read_to_end(credulous, [place[0]])]
    assert found == [b"hangs", None]


def leave_hanging(kafka: KafkaConfig, transactional_id: str, topic: str, partition: int) -> None:
    """A record in a transaction that its coordinator knows nothing of."""
    with identified(kafka, transactional_id) as (connection, producer_id, epoch):
        record = b"\0\0\0\6key\x0ahangs\0"  # lengths are zigzag
        now = int(time.time() * 1000)
        body = struct.pack(">hiqqqhii", 0x10, 0, now, now, producer_id, epoch, 0, 1)
        body += bytes([len(record) * 2]) + record
        batch = struct.pack(">ibI", -1, 2, crc32c(body)) + body
        batch = struct.pack(">qi", 0, len(batch)) + batch
        wanted = string(transactional_id) + struct.pack(">hii", -1, 10_000, 1)
        wanted += string(topic) + struct.pack(">iii", 1, partition, len(batch)) + batch
        answer = ask(connection, PRODUCE, 3, wanted)
        head = 4 + len(string(topic)) + 4
        assert struct.unpack(">ih", answer[head : head + 6]) == (partition, 0)


def crc32c(octets: bytes) -> int:
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def committed(kafka: KafkaConfig, group: str, timeout_s: float) -> int:
    consumer = make_consumer(kafka, group)
    try:
        return int(consumer.committed([TopicPartition(IN, 0)], timeout=timeout_s)[0].offset)
    finally:
        consumer.close()


def leave_pending(kafka: KafkaConfig, transactional_id: str, group: str) -> None:
    """An offset in a transaction that its coordinator knows nothing of."""
    with identified(kafka, transactional_id) as (connection, producer_id, epoch):
        offsets = struct.pack(">iqih", 0, OFFSET, -1, -1)  # partition, offset, epoch, no metadata
        committing = string(transactional_id) + string(group)
        committing += struct.pack(">qhi", producer_id, epoch, 1)
        committing += string(IN) + struct.pack(">i", 1) + offsets
        answer = ask(connection, TXN_OFFSET_COMMIT, 2, committing)
        assert answer[-2:] == b"\0\0"  # the only partition's error_code


@contextmanager
def identified(
    kafka: KafkaConfig, transactional_id: str
) -> Iterator[tuple[socket.socket, int, int]]:
    """A connection of its own, and the producer id and epoch it was given."""
    host, _, port = kafka.bootstrap_servers.partition(":")
    with socket.create_connection((host, int(port)), DEADLINE_S) as connection:
        asked = string(transactional_id) + struct.pack(">i", 60_000)
        _throttle_ms, error, producer_id, epoch = struct.unpack(
            ">ihqh", ask(connection, INIT_PRODUCER_ID, 1, asked)
        )
        assert error == 0
        yield connection, producer_id, epoch


def ask(connection: socket.socket, api_key: int, version: int, body: bytes) -> bytes:
    request = struct.pack(">hhi", api_key, version, 1) + string("test") + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (length,) = struct.unpack(">i", received(connection, 4))
    return received(connection, length)[4:]  # behind the correlation id


def received(connection: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        octets += connection.recv(count - len(octets)) or pytest.fail("the broker hung up")
    return octets


def string(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()
