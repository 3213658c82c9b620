"""The routes file while the router runs: read when it changes, in force only when it is whole."""

import threading
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from services.router.differences import differences
from services.router.routes import Routes
from services.router.routes_file import load_routes

LOG = structlog.get_logger()
LOOK_EVERY_S = 1.0


class RoutesWatch:
    """Looks at the file on a thread of its own; with any fault in it the last good one stays."""

    def __init__(
        self,
        path: Path,
        known: Collection[ConnectorId],
        on_routes: Callable[[Routes], None],
        on_faults: Callable[[], None],
    ) -> None:
        """Reads it for the first time; raises ConfigError."""
        self._path = path
        self._known = known
        self._on_routes = on_routes
        self._on_faults = on_faults
        self._seen = self._stamp()
        self.routes = load_routes(path, known)
        self._thread = threading.Thread(target=self._run, name="routes", daemon=True)

    def start(self) -> None:
        """Look at it from now on."""
        self._thread.start()

    def look(self) -> None:
        """Read it again if it is another."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            new = load_routes(self._path, self._known)
        except ConfigError as error:
            LOG.warning("the routes are broken, the last good ones stay", faults=error.faults)
            self._on_faults()
            return
        changes = differences(self.routes, new)
        LOG.info("routes in force", version=new.version, changes=changes)
        self.routes = new
        self._on_routes(new)

    def _run(self) -> None:
        never = threading.Event()
        while not never.wait(LOOK_EVERY_S):
            self.look()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None  # being replaced; what is missing when it is read is said then
        return found.st_mtime_ns, found.st_ino
