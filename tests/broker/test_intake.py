"""Intake as a process on the real broker: whose turn it is, and what is left alone."""

import asyncio
import json
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtAdmitted, Stop
from services.intake.pressure import BEHIND_MIN
from tests.broker.conftest import started

DEADLINE_S = 40
SETTLED_S = 2.0
CODEC = Codec()
LAG_MAX, UNREADABLE_MAX = BEHIND_MIN, 20
PRIORITY = topics.request("default", "priority")
TENANTS = ("default", "bank")
CONFIG = f"""
kafka: {{bootstrap_servers: '%s'}}
tenants: {{default: {{}}, bank: {{}}}}
services: {{intake: {{unreadable_in_a_row_max: {UNREADABLE_MAX}}}}}
"""


@asynccontextmanager
async def intake(kafka: KafkaConfig, folder: Path) -> AsyncIterator[Process]:
    await asyncio.to_thread(create_topics, kafka, topics.catalog({}, TENANTS))
    path = folder / "heliograph.yaml"
    path.write_text(CONFIG % kafka.bootstrap_servers, encoding="utf-8")
    async with started("intake", "--config", str(path)) as process:
        yield process


def ask(kafka: KafkaConfig, topic: str, prefix: str, count: int) -> None:
    producer = make_producer(kafka)
    for number in range(count):
        request = {"message_id": f"{prefix}-{number}", "to": f"+4670{number:07}", "text": "hi"}
        produce(producer, topic, None, json.dumps(request).encode())
    assert producer.flush(DEADLINE_S) == 0


def admitted(kafka: KafkaConfig, prefix: str) -> int:
    """How many of these have been passed on to the router."""
    found = (CODEC.decode(m.value(), MtAdmitted) for m in read_to_end(kafka, [topics.ROUTER_IN]))
    return sum(record.head.message_id.startswith(f"{prefix}-") for record in found)


def dead(kafka: KafkaConfig) -> int:
    return sum(1 for _ in read_to_end(kafka, [topics.dlq_of(PRIORITY)]))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


async def test_a_campaign_waits_while_the_router_is_behind_and_a_code_does_not(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    """There is no router here, so it falls behind at once."""
    async with intake(own_kafka, tmp_path):
        await asyncio.to_thread(
            ask, own_kafka, topics.request("default", "bulk"), "bulk", 10 * LAG_MAX
        )
        await until(lambda: admitted(own_kafka, "bulk") >= LAG_MAX)
        await asyncio.to_thread(ask, own_kafka, PRIORITY, "code", 50)
        await until(lambda: admitted(own_kafka, "code") == 50)
        await asyncio.sleep(SETTLED_S)
        assert LAG_MAX <= admitted(own_kafka, "bulk") <= 3 * LAG_MAX


async def test_of_a_tenant_that_is_paused_nothing_passes_until_it_goes_on(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    stop = Stop(action="pause", tenant="bank", at_ms=now_ms())
    producer = make_producer(own_kafka)
    produce(producer, topics.CONTROL_STOP, b"s", CODEC.encode(stop, topics.CONTROL_STOP))
    producer.flush(DEADLINE_S)
    async with intake(own_kafka, tmp_path):
        for tenant in TENANTS:
            topic = topics.request(tenant, "priority")
            await asyncio.to_thread(ask, own_kafka, topic, tenant, 30)
        await until(lambda: admitted(own_kafka, "default") == 30)
        await asyncio.sleep(SETTLED_S)
        assert admitted(own_kafka, "bank") == 0
        produce(producer, topics.CONTROL_STOP, b"s", None)
        producer.flush(DEADLINE_S)
        await until(lambda: admitted(own_kafka, "bank") == 30)


async def test_a_partition_of_garbage_is_left_alone_and_the_others_are_read(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    producer = make_producer(own_kafka)
    for _ in range(10 * UNREADABLE_MAX):
        producer.produce(PRIORITY, b"garbage", partition=0)
    good = json.dumps({"message_id": "code-of-another", "to": "+46701234567", "text": "hi"})
    producer.produce(PRIORITY, good.encode(), partition=1)
    producer.flush(DEADLINE_S)
    async with intake(own_kafka, tmp_path):
        await until(lambda: dead(own_kafka) >= UNREADABLE_MAX)
        await until(lambda: admitted(own_kafka, "code-of") == 1)
        await asyncio.sleep(SETTLED_S)
        assert dead(own_kafka) == UNREADABLE_MAX
