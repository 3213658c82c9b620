"""A lane with a rate of its own, in intake as a process: what is more waits in its topic."""

import asyncio
import time
from pathlib import Path

from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from tests.broker.conftest import started
from tests.broker.test_intake import PRIORITY, TENANTS, admitted, ask, until

PER_S = 20
BULK, CODES = 600, 100
ENOUGH = 5 * PER_S
CONFIG = f"""
kafka: {{bootstrap_servers: '%s'}}
tenants: {{default: {{}}, bank: {{}}}}
services: {{intake: {{segments_per_s: {{bulk: {PER_S}}}}}}}
"""


async def test_a_lane_gives_its_rate_and_a_code_does_not_wait(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    create_topics(own_kafka, topics.catalog({}, TENANTS))
    path = tmp_path / "heliograph.yaml"
    path.write_text(CONFIG % own_kafka.bootstrap_servers, encoding="utf-8")
    for tenant in TENANTS:
        ask(own_kafka, topics.request(tenant, "bulk"), tenant, BULK // 2)
    async with started("intake", "--config", str(path)):
        begin = time.monotonic()
        ask(own_kafka, PRIORITY, "code", CODES)
        await until(lambda: admitted(own_kafka, "code") == CODES)
        gone: dict[str, int] = {}

        def enough_are_gone() -> bool:
            gone.update({tenant: admitted(own_kafka, tenant) for tenant in TENANTS})
            return sum(gone.values()) >= ENOUGH

        await until(enough_are_gone)
        took_s = time.monotonic() - begin
        assert sum(gone.values()) <= PER_S * (took_s + 2)
        assert min(gone.values()) >= ENOUGH / 3  # in turns, of a few at a time
        await asyncio.sleep(1)
        assert sum(admitted(own_kafka, tenant) for tenant in gone) < BULK
