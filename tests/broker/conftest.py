"""One Apache Kafka for the whole session, and a fresh set of topics for each test module."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from pipeline import topics
from pipeline.broker import broker
from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.admin import create_topics

START_TIMEOUT_S = 40


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/broker" in str(item.path):
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def bootstrap() -> Iterator[str]:
    """Bootstrap servers of a real broker; without any way to one the tests are skipped aloud."""
    try:
        with broker() as address:
            yield address
    except BrokerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Kafka: {error}")


@pytest.fixture
def kafka(bootstrap: str) -> KafkaConfig:
    """How a client reaches the broker."""
    return KafkaConfig(bootstrap_servers=bootstrap)


@pytest.fixture(scope="module")
def own_kafka(bootstrap: str) -> Iterator[KafkaConfig]:
    """A broker of a module's own, for tests of services whose topics have fixed names."""
    with broker() as address:
        kafka = KafkaConfig(bootstrap_servers=address)
        create_topics(kafka, topics.catalog({}))
        yield kafka


@asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[Process]:
    """A `heliograph` process that has announced itself; SHOW_LOGS=1 shows its log."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heliograph", *arguments),
        stdout=PIPE,
        stderr=None if os.environ.get("SHOW_LOGS") else DEVNULL,
    )
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
