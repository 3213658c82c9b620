"""A quota that two routers keep together on the real broker, through the death of one of them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtRejected, MtRouted, TenantUsage
from pipeline.topics import Lanes
from tests.broker.conftest import started
from tests.services.router.builders import admitted, request

DEADLINE_S = 60
CODEC = Codec()
QUOTA, STEP = 40, 5
CONFIG = f"""
dev: true
kafka: {{bootstrap_servers: '%s'}}
connectors: {{fast: {{hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}}}}
tenants: {{default: {{senders: [ACME], segments_per_month: {QUOTA}}}}}
"""
ROUTES = 'version: "1"\nrules: [{name: all, prefix: "", connectors: [fast]}]\n'


def ask(kafka: KafkaConfig, first: int, count: int) -> None:
    producer = make_producer(kafka)
    for number in range(first, first + count):
        recipient = f"4670{number:07}"
        record = admitted(
            request(message_id=f"m{number}"),
            recipient=recipient,
            source=f"sms.mt.request/0/{number}",
            requested_ms=now_ms(),
        )
        octets = CODEC.encode(record, topics.ROUTER_IN)
        produce(producer, topics.ROUTER_IN, recipient, octets)
    assert producer.flush(DEADLINE_S) == 0


def outcomes(kafka: KafkaConfig) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in read_to_end(kafka, [topics.TRACKER_IN]):
        fact = CODEC.decode(message.value(), MtRouted, MtRejected)
        found[fact.reason if isinstance(fact, MtRejected) else "routed"] += 1
    return found


def said(kafka: KafkaConfig) -> int:
    """What a bill would say: the sum of the newest count of each partition."""
    newest: dict[bytes | None, int] = {}
    for message in read_to_end(kafka, [topics.TENANT_USAGE]):
        newest[message.key()] = CODEC.decode(message.value(), TenantUsage).count
    return sum(newest.values())


def ended(kafka: KafkaConfig) -> int:
    return outcomes(kafka).total()


async def until(count: Callable[[KafkaConfig], int], kafka: KafkaConfig, expected: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while await asyncio.to_thread(count, kafka) != expected:
            await asyncio.sleep(0.1)


async def test_a_quota_holds_over_routers_that_come_and_go_and_bills_are_what_was_routed(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    wanted = topics.catalog({ConnectorId("fast"): Lanes(binds=1, generation=1)})
    await asyncio.to_thread(create_topics, own_kafka, wanted)
    path = tmp_path / "heliograph.yaml"
    path.write_text(
        f"state_dir: {tmp_path}/state\n{CONFIG % own_kafka.bootstrap_servers}", encoding="utf-8"
    )
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")

    async def start(stack: AsyncExitStack, service: str, replica: str) -> None:
        options = ("--config", str(path), "--replica", replica)
        await stack.enter_async_context(started(service, *options))

    async with AsyncExitStack() as living:
        await start(living, "scheduler", "scheduler-0")
        await start(living, "router", "router-0")
        asked = 0
        async with AsyncExitStack() as dying:
            await start(dying, "router", "router-1")
            while asked < QUOTA // 2:
                await asyncio.to_thread(ask, own_kafka, asked, STEP)
                asked += STEP
                await until(said, own_kafka, asked)
        await start(living, "router", "router-2")
        while asked < QUOTA + 2 * STEP:
            await asyncio.to_thread(ask, own_kafka, asked, STEP)
            asked += STEP
            await until(ended, own_kafka, asked)
            await until(said, own_kafka, min(asked, QUOTA))
    assert outcomes(own_kafka) == {"routed": QUOTA, "quota_exceeded": 2 * STEP}
