"""Prometheus and promtool, where they can be had."""

import pytest

from tests.interop.installation import NotInstalledError, system_program

PACKAGE = "prometheus"  # of Debian: it has both
TIMEOUT_S = 300  # who is first installs them


def program(name: str) -> str:
    """The path of a program of the package; the test is skipped where it cannot be had."""
    try:
        return system_program(name, PACKAGE)
    except NotInstalledError as error:
        pytest.skip(str(error))
