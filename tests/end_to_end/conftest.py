"""The whole pipeline as a user starts it: processes of the `heliograph` command."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DEMO_TIMEOUT_S = 180
UP_TIMEOUT_S = 90


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/end_to_end" in str(item.path):
            item.add_marker(pytest.mark.broker)
            item.add_marker(pytest.mark.timeout(DEMO_TIMEOUT_S + 60))


@pytest.fixture(autouse=True)
def a_way_to_kafka() -> None:
    ways = os.environ.get("KAFKA_BOOTSTRAP_SERVERS"), shutil.which("mvn"), shutil.which("docker")
    if not any(ways):
        pytest.skip("no Kafka: neither KAFKA_BOOTSTRAP_SERVERS nor Maven nor Docker")


@dataclass(frozen=True)
class Played:
    """A finished demo."""

    code: int
    said: str  # on standard output
    output: str
    report: dict[str, Any]


@pytest.fixture
def demo(tmp_path: Path) -> Callable[..., Played]:
    """Run `heliograph demo` with these options to its end."""

    def play(*options: str) -> Played:
        report = tmp_path / "report.json"
        command = [sys.executable, "-m", "heliograph", "demo", "--report", str(report), *options]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=DEMO_TIMEOUT_S, check=False
        )
        output = done.stdout + done.stderr
        assert report.exists(), output
        return Played(
            done.returncode, done.stdout, output, json.loads(report.read_text(encoding="utf-8"))
        )

    return play


@contextmanager
def in_foreground(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command as a terminal starts it: a shell's background job would not hear of Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "heliograph", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Up(NamedTuple):
    """One that runs: Kafka's bootstrap servers, telemetry's URL and token."""

    bootstrap: str
    telemetry: str
    token: str


@pytest.fixture(scope="module")
def up(whole: Up) -> str:
    """`heliograph up` while a module's tests run; gives Kafka's bootstrap servers."""
    return whole.bootstrap


@pytest.fixture(scope="module")
def whole() -> Iterator[Up]:
    """`heliograph up` while a module's tests run."""
    with in_foreground("up") as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C ends all" in line:
                break
        found = re.search(r"Kafka\s+(127\.0\.0\.1:\d+)", "".join(lines))
        assert found, lines
        page = re.search(
            r"Live page: (http://127\.0\.0\.1:\d+)/#token=([\w-]{16,})\n", "".join(lines)
        )
        assert page, lines
        yield Up(found[1], page[1], page[2])
        process.send_signal(signal.SIGINT)
        assert process.wait(UP_TIMEOUT_S) == 130
