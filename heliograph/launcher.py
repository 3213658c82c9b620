"""Starts the processes of a pipeline on this machine, watches them, restarts them, ends them.

Every process announces itself by one JSON line on standard output; its log goes to a file of its
own. Whatever ends the launcher ends them too.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.broker import die_with_parent
from pipeline.errors import HeliographError

START_TIMEOUT_S = 120  # a broker and a dozen processes on two processors that others use too
STOP_TIMEOUT_S = 20
WATCH_S = 0.2
RESTARTS_MAX = 20
LOG_TAIL_CHARACTERS = 3000
STACKS_S = 0.5  # until a process that can has written its stacks


class StartError(HeliographError):
    """A process did not come up; the text holds the end of its log."""


class Child:
    """One process of ours."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self.restarts = 0
        self.is_wanted = True  # one that ends by itself is started again
        self.facts: dict[str, Any] = {}
        self._arguments = list(arguments)
        self._log = log
        self._announced = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting until it is up."""
        self._announced.clear()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "heliograph", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def wait_up(self, deadline: float) -> None:
        """Wait until it has announced itself; raises StartError."""
        while not self._announced.wait(0.05):
            if not self.is_running or time.monotonic() > deadline:
                raise StartError(f"{self.name} did not start:\n{self._log_tail()}")

    def is_ready(self) -> bool:
        """Whether its /readyz says yes."""
        with contextlib.suppress(OSError):
            url = f"{self.facts['http']}/readyz"
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return True
        return False

    def wait_ready(self, deadline: float) -> None:
        """Wait until its /readyz says yes; raises StartError."""
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} is not ready:\n{self._log_tail()}")
            time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process, or of the last one."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        if self.is_running and self._process is not None:
            self._process.send_signal(number)

    def wait(self, timeout_s: float) -> int | None:
        """The exit code, or None when it is not over within `timeout_s`."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout_s)
        return None

    def cpu_s(self) -> float:
        """Seconds of CPU the living process has used, all threads; 0 where it can't be told."""
        try:
            fields = (
                Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            )
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def where_it_stands(self) -> str:
        """The end of its log, with where each of its threads stands."""
        self.signal(signal.SIGUSR1)
        time.sleep(STACKS_S)
        return self._log_tail(2 * LOG_TAIL_CHARACTERS)

    def _log_tail(self, characters: int = LOG_TAIL_CHARACTERS) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-characters:]

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(json.JSONDecodeError):
                self.facts = json.loads(line)
                self._announced.set()


class Launcher:
    """The processes of one pipeline."""

    def __init__(self, log_dir: Path) -> None:
        self.children: dict[str, Child] = {}
        self._log_dir = log_dir
        self._stopping = threading.Event()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watch", daemon=True)

    def start(self, name: str, *arguments: str) -> Child:
        """Start a process under a name of its own; `up` waits for it."""
        child = Child(name, arguments, self._log_dir / f"{name}.log")
        child.start()
        self.children[name] = child  # not before: what the watcher finds not running, it starts
        return child

    def wait_up(self, *, unready: Collection[str] = ()) -> None:
        """Wait until all have announced themselves and are ready, then keep them running.

        Those that are `unready` need not be ready: they wait for somebody else.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        for child in self.children.values():
            child.wait_up(deadline)
        for name, child in self.children.items():
            if name not in unready:
                child.wait_ready(deadline)
        if not self._watcher.is_alive():
            self._watcher.start()

    def stop(self) -> dict[str, int | None]:
        """End all, politely first; returns the exit codes, None for what had to be killed."""
        self._stopping.set()
        time.sleep(WATCH_S)  # a restart that is under way comes to its end
        children = list(self.children.values())
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        codes = {}
        for child in children:
            codes[child.name] = child.wait(max(0.1, deadline - time.monotonic()))
            child.signal(signal.SIGKILL)
            child.wait(5)
        self._over.set()
        return codes

    def _watch(self) -> None:
        """Restart what has ended by itself."""
        while not self._stopping.wait(WATCH_S):
            for child in list(self.children.values()):
                if child.is_wanted and not child.is_running and child.restarts < RESTARTS_MAX:
                    child.restarts += 1
                    child.start()
        self._over.wait()  # what this thread has started dies with this thread (die_with_parent)


@contextmanager
def launcher(log_dir: Path) -> Iterator[Launcher]:
    """A Launcher whose processes end with the context."""
    log_dir.mkdir(parents=True, exist_ok=True)
    own = Launcher(log_dir)
    try:
        yield own
    finally:
        own.stop()
