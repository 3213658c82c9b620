"""A full disk under a stateful service, for real: it waits, it stops, it loses nothing.

On a small disk of its own (tmpfs), which takes root to make; without it these are skipped, and
tests/pipeline/test_room.py asks the same of disks that are only told.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage

import pytest

from pipeline import topics
from pipeline.broker import die_with_parent
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.clients import make_producer, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import Wake

DEADLINE_S = 60
DISK_MIB = 64
FLOOR_MIB = 16
MIB = 1 << 20
CODEC = Codec()
WIDE = "x" * 2000  # of a key, so that a small disk is full soon


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "heliograph-test", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, timeout=30).returncode != 0:
        pytest.skip("no small disk: only root may mount one")
    try:
        yield tmp_path
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True, timeout=30)


class Service:
    """A process of tests.broker.counting, and what it says of itself."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self.log = log
        self._http = json.loads(process.stdout.readline())["http"]

    def says(self, probe: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self._http}/{probe}", timeout=5):
                return True
        except urllib.error.HTTPError:
            return False

    def is_ready(self) -> bool:
        return self.says("readyz")


@contextmanager
def counting(kafka: KafkaConfig, disk: Path, log: Path, floor_mib: int) -> Iterator[Service]:
    command = [sys.executable, "-m", "tests.broker.counting", kafka.bootstrap_servers, str(disk)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            env={**os.environ, "HELIOGRAPH__STATE_ROOM_MIB": str(floor_mib)},
            preexec_fn=die_with_parent,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    try:
        yield Service(process, log)
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def fill(disk: Path, leave_mib: float) -> Path:
    """Somebody else's file, which leaves so much of the disk."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk_usage(disk).free - int(leave_mib * MIB))
    return ballast


def write(kafka: KafkaConfig, count: int, name: str) -> None:
    producer = make_producer(kafka)
    for number in range(count):
        key = f"{name}{number}{WIDE}"
        octets = CODEC.encode(Wake(key=key, kind="test", what=name, set_ms=0), "")
        produce(producer, topics.TRACKER_IN, key, octets)
        producer.poll(0)
    assert producer.flush(DEADLINE_S) == 0


def answered(kafka: KafkaConfig, name: str) -> Counter[tuple[str, str]]:
    """How often each key of that name was answered with which number."""
    found: Counter[tuple[str, str]] = Counter()
    for message in read_to_end(kafka, [topics.MT_EVENT]):
        wake = CODEC.decode(message.value(), Wake)
        if wake.key.startswith(name):
            found[wake.key, wake.what] += 1
    return found


def all_once(name: str, count: int) -> Counter[tuple[str, str]]:
    return Counter({(f"{name}{number}{WIDE}", "1"): 1 for number in range(count)})


def test_without_room_a_service_is_alive_and_not_ready_and_reads_nothing_until_there_is(
    own_kafka: KafkaConfig, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "err"
    ballast = fill(disk, leave_mib=FLOOR_MIB * 1.5)
    write(own_kafka, 100, "waits")
    with counting(own_kafka, disk, log, FLOOR_MIB) as service:
        time.sleep(3)
        assert service.says("livez")
        assert not service.is_ready()
        assert not answered(own_kafka, "waits")
        ballast.unlink()
        until(service.is_ready)
        until(lambda: answered(own_kafka, "waits") == all_once("waits", 100))
        fill(disk, leave_mib=FLOOR_MIB - 1)
        assert service.process.wait(DEADLINE_S) != 0
    assert "state_room_mib is 16: make room" in log.read_text(encoding="utf-8")


def test_a_write_that_fails_ends_the_service_and_loses_nothing(
    own_kafka: KafkaConfig, disk: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "err"
    with counting(own_kafka, disk, log, 0) as service:
        until(service.is_ready)
        fill(disk, leave_mib=0.5)
        write(own_kafka, 5000, "full")
        assert service.process.wait(DEADLINE_S) != 0
    assert "No space left on device" in log.read_text(encoding="utf-8")
    (disk / "ballast").unlink()
    with counting(own_kafka, disk, log, 0):
        until(lambda: len(answered(own_kafka, "full")) >= 5000)
    assert answered(own_kafka, "full") == all_once("full", 5000)
