"""One Apache Kafka for the whole session, and a fresh set of topics for each test module."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from tempfile import TemporaryFile

import pytest

from pipeline import topics
from pipeline.broker import broker
from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.admin import create_topics

START_TIMEOUT_S = 40
STACKS_S = 0.5  # until a process has written where it stands
LOG_TAIL_OCTETS = 6000


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
    """A `heliograph` process that has announced itself.

    Of one that was up when its test failed, the end of the log is told, and where it stood.
    """
    with TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "heliograph", *arguments), stdout=PIPE, stderr=log
        )
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
        try:
            yield process
        except BaseException:
            if process.returncode is None:
                process.send_signal(signal.SIGUSR1)
                await asyncio.sleep(STACKS_S)
            log.seek(0)
            told = log.read()[-LOG_TAIL_OCTETS:].decode(errors="replace")
            sys.stderr.write(f"{arguments[0]} ({process.returncode}):\n{told}\n")
            raise
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
