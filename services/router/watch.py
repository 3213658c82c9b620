"""The routes file while the router runs, and those it names: read when one of them changes, in
force only when all is whole."""

import threading
from collections.abc import Callable, Collection
from functools import partial
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
    """Looks at them on a thread of its own; with any fault in one the last good routes stay."""

    def __init__(
        self,
        path: Path,
        known: Collection[ConnectorId],
        on_routes: Callable[[Routes], None],
        on_faults: Callable[[], None],
        *,
        knows_networks: bool = True,
    ) -> None:
        """Reads it for the first time; raises ConfigError."""
        self._path = path
        self._load = partial(load_routes, path, known, knows_networks=knows_networks)
        self._on_routes = on_routes
        self._on_faults = on_faults
        self._seen = {path: _stamp(path)}
        self.routes = self._load()
        self._watch_files()
        self._thread = threading.Thread(target=self._run, name="routes", daemon=True)

    def start(self) -> None:
        """Look at it from now on."""
        self._thread.start()

    def look(self) -> None:
        """Read it again if it is another."""
        stamps = {path: _stamp(path) for path in self._seen}
        if stamps == self._seen:
            return
        self._seen = stamps
        try:
            new = self._load()
        except ConfigError as error:
            LOG.warning("the routes are broken, the last good ones stay", faults=error.faults)
            self._on_faults()
            return
        changes = differences(self.routes, new)
        LOG.info("routes in force", version=new.version, changes=changes)
        self.routes = new
        self._watch_files()
        self._on_routes(new)

    def _run(self) -> None:
        never = threading.Event()
        while not never.wait(LOOK_EVERY_S):
            self.look()

    def _watch_files(self) -> None:
        """Those that the routes in force name, and no others."""
        files = (self._path, *self.routes.files)
        self._seen = {path: self._seen.get(path) or _stamp(path) for path in files}


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None  # being replaced; what is missing when it is read is said then
    return found.st_mtime_ns, found.st_ino
