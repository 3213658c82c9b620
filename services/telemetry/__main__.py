"""Telemetry as a process: reads the public topics, serves what they add up to.

It reads all of them from their beginning, under a group of its own that commits as it goes; nothing
depends on it, and its lag slows nobody.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from pipeline.config import Config, section
from pipeline.process import Process, process, stop_signal
from services.telemetry import letters, live, page, panel, search
from services.telemetry.access import Access, Guard
from services.telemetry.config import TelemetryConfig, serving
from services.telemetry.parts import Desk, Part
from services.telemetry.shell import Shell
from services.telemetry.store import opened

PARTS: Sequence[Callable[[Desk], Part]] = (
    search.part,
    live.part,
    letters.part,
    panel.part,
    page.part,  # the last: what is no route of another may be one of its files
)
JOIN_S = 5.0


class Telemetry:
    """All parts of one process."""

    def __init__(self, config: Config, own: TelemetryConfig) -> None:
        self.http = serving(config, own)
        self._own = own
        self._view = opened(config, own)
        self._parts: list[Part] = []
        self._failures: list[Exception] = []

    def routes(self, ground: Process) -> list[BaseRoute]:
        """Make the parts of this process; what they serve, guarded."""
        desk = Desk(ground, self._own, Access(self._own), self._view)
        self._parts = [part(desk) for part in PARTS]
        served = [route for part in self._parts for route in part.routes]
        return [Mount("", routes=served, middleware=[Middleware(Guard, host=self.http.host)])]

    def run(self, ground: Process, stopping: threading.Event) -> None:
        """Work until `stopping`; raises what ended one of its threads."""
        tasks = [
            threading.Thread(target=self._work, args=(task, stopping), daemon=True)
            for part in self._parts
            for task in part.tasks
        ]
        for task in tasks:
            task.start()
        listeners = [listener for part in self._parts for listener in part.listeners]
        try:
            Shell(ground, self._view, listeners).run(stopping)
        finally:
            stopping.set()
            for task in tasks:
                task.join(JOIN_S)
        if self._failures:
            raise self._failures[0]

    def close(self) -> None:
        """Nobody asks any more."""
        self._view.close()

    def _work(self, task: Callable[[threading.Event], None], stopping: threading.Event) -> None:
        """A part that can't go on ends the process: what it shows would stand still."""
        try:
            task(stopping)
        except Exception as error:
            self._failures.append(error)
            stopping.set()


def main(config: Config, replica: str) -> None:
    """Run telemetry."""
    stopping = stop_signal()
    own = Telemetry(config, section(config, "telemetry", TelemetryConfig))
    telemetry = process("telemetry", config, replica, routes=own.routes, http=own.http)
    with closing(own), telemetry as ground:
        own.run(ground, stopping)
