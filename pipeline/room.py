"""Room on the disk of the state: a stateful service does not run without it, and loses nothing.

Theory. What a service commits is in Kafka: the changelog of its state in the same transaction as
the offsets; the disk holds a copy, which is written after the commit and caught up with from the
changelog. So a write that fails loses nothing, but it ends the process, and one that starts again
on a full disk would fail again, having asked for all partitions. Therefore a process without room
waits, alive and not ready, before it joins its group, and one whose room goes below the floor
commits, leaves its partitions to replicas with room, and ends: its supervisor starts the one that
waits.
"""

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from pipeline.errors import HeliographError

LOG = structlog.get_logger()
MIB = 1 << 20
LOOK_EVERY_S = 1.0
RESERVE = 2  # times the floor is what it takes to begin; or a process might end as soon as it runs


class NoRoomError(HeliographError):
    """The disk of the state is about to be full; the process must be restarted, to wait."""


def free_octets(folder: Path) -> int:
    """Room on the disk `folder` is on, or will be on."""
    while True:
        try:
            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            folder = folder.parent


@dataclass(frozen=True)
class Room:
    """The room that must be free where `folder` is, 0 for no matter how much."""

    folder: Path
    floor_mib: int
    free: Callable[[Path], int] = free_octets
    look_every_s: float = LOOK_EVERY_S

    def wait(self) -> bool:
        """Wait until there is room to begin; False when SIGTERM or SIGINT comes before."""
        if self._has(RESERVE):
            return True
        LOG.warning(f"{self._lack()}; waiting for twice that")
        stopping = threading.Event()
        before = {
            number: signal.signal(number, lambda *_: stopping.set())
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            while not stopping.wait(self.look_every_s):
                if self._has(RESERVE):
                    LOG.warning(f"there is room for {self.folder} again")
                    return True
            return False
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def watched(self, stop: Callable[[], None]) -> Iterator[None]:
        """Call `stop`, from a thread, once there is no room; then NoRoomError ends the context."""
        over, lacking = threading.Event(), threading.Event()

        def look() -> None:
            while not over.wait(self.look_every_s):
                try:
                    has_room = self._has(1)
                except OSError as error:  # it is looked at again, or nobody would ever more
                    LOG.warning(
                        "what is free can't be said", folder=str(self.folder), why=f"{error}"
                    )
                    continue
                if lacking.is_set() or not has_room:
                    lacking.set()
                    stop()  # again and again: one that comes before the start is not heard

        watcher = threading.Thread(target=look, name="room", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        if lacking.is_set():
            raise NoRoomError(f"{self._lack()}; restarting, to wait for it")

    def _has(self, times: int) -> bool:
        return self.free(self.folder) >= times * self.floor_mib * MIB

    def _lack(self) -> str:
        return (
            f"the disk of {self.folder} has {self.free(self.folder) // MIB} MiB free, and"
            f" state_room_mib is {self.floor_mib}: make room, or set it lower"
        )
