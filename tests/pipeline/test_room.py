"""Room for the state: who has none waits, who runs out of it stops."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.room import MIB, NoRoomError, Room, free_octets

LOOK_S = 0.005
DEADLINE_S = 10


class Disk:
    """A disk with as much free as the test says, and how often somebody looked."""

    def __init__(self, *free_mib: float) -> None:
        self.free_mib = list(free_mib)  # at one look after another, then always the last
        self.looks = 0

    def __call__(self, folder: Path) -> int:
        self.looks += 1
        return int(self.free_mib[min(self.looks, len(self.free_mib)) - 1] * MIB)


def room(disk: Disk, floor_mib: int = 256) -> Room:
    return Room(Path("state"), floor_mib, disk, LOOK_S)


def until(event: threading.Event) -> None:
    assert event.wait(DEADLINE_S)


@pytest.mark.parametrize(
    ("floor_mib", "free_mib", "begins"),
    [
        (256, 512, True),
        (256, 511.9, False),  # twice the floor, or it might stop as soon as it runs
        (256, 100, False),
        (0, 0, True),
        (1, 2, True),
    ],
)
def test_one_begins_with_twice_the_floor(floor_mib: int, free_mib: float, begins: bool) -> None:
    disk = Disk(free_mib, free_mib, 10_000)
    assert room(disk, floor_mib).wait()
    assert (disk.looks == 1) is begins


def test_who_has_no_room_waits_until_there_is() -> None:
    disk = Disk(100, 100, 300, 511, 512)
    with capture_logs() as told:
        assert room(disk).wait()
    assert [line["event"].split(":")[0] for line in told] == [
        "the disk of state has 100 MiB free, and state_room_mib is 256",
        "there is room for state again",
    ]
    assert disk.looks == 5  # one of them for what it tells


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_waits_can_be_ended(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
    assert not room(Disk(0)).wait()
    assert signal.getsignal(number) is before


def test_who_runs_out_of_room_is_stopped_and_says_so() -> None:
    stopped = threading.Event()
    with (
        pytest.raises(NoRoomError, match=r"state has 255 MiB free.*make room, or set it lower"),
        room(Disk(512, 300, 256, 255)).watched(stopped.set),
    ):
        until(stopped)


def test_a_look_that_fails_is_told_and_not_the_last() -> None:
    stopped, looks = threading.Event(), []

    def free(_: Path) -> int:
        looks.append(None)
        if len(looks) < 3:
            raise OSError("stale")
        return 0

    own = Room(Path("state"), 256, free, LOOK_S)
    with capture_logs() as told, pytest.raises(NoRoomError), own.watched(stopped.set):
        until(stopped)
    assert [line["why"] for line in told] == ["stale"] * 2


def test_who_has_room_down_to_the_floor_runs_on() -> None:
    stopped, disk = threading.Event(), Disk(512, 256)
    with room(disk).watched(stopped.set):
        deadline = time.monotonic() + DEADLINE_S
        while disk.looks < 5:
            assert time.monotonic() < deadline
            time.sleep(LOOK_S)
    assert not stopped.is_set()


def test_who_did_not_hear_it_is_told_again_though_there_is_room_meanwhile() -> None:
    heard, calls = threading.Event(), []

    def stop() -> None:
        calls.append(None)
        if len(calls) == 3:
            heard.set()

    with pytest.raises(NoRoomError), room(Disk(0, 512)).watched(stop):
        until(heard)


def test_what_else_ends_a_service_is_what_is_told() -> None:
    stopped = threading.Event()

    def serve() -> None:
        with room(Disk(0)).watched(stopped.set):
            until(stopped)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        serve()


def test_the_disk_is_that_of_the_folder_or_of_where_it_will_be(tmp_path: Path) -> None:
    assert free_octets(tmp_path / "not" / "yet") > 0
