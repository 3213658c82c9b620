"""What holds for all tests: those that take longest begin first, beside the others."""

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

FIRST = ("tests/end_to_end/test_chaos.py", "tests/end_to_end", "tests/broker")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers a file is one worker's, and the order is who gets it when."""
    items.sort(key=lambda item: [place not in item.nodeid for place in FIRST])
