"""One Apache Kafka for the whole session, and a fresh set of topics for each test module."""

import os
from collections.abc import Iterator

import pytest

from pipeline.broker import broker
from pipeline.config import KafkaConfig
from pipeline.errors import BrokerError


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
