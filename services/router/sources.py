"""Where routes come from: a file that an operator edits, or a topic that operators publish to."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from pipeline import topics
from pipeline.process import Process
from pipeline.records import RoutesVersion
from pipeline.tables import followed
from services.router.publications import Rows, newest_whole, routes_of, shelved
from services.router.routes import Known, Routes
from services.router.routes_file import load_routes

LOG = structlog.get_logger()
LOOK_BACK = 8  # versions that a router holds, and tries when it starts

Read = Callable[[Known], Routes]
"""Reads routes that must name nothing unknown; raises ConfigError."""


Stamp = tuple[int, int] | None


class Source(Protocol):
    """Routes, and word of others."""

    def start(self) -> None:
        """Be ready for the rest; raises BrokerError."""

    def is_running(self) -> bool:
        """Whether word of others can still come, once it was started."""

    def first(self, known: Known) -> Routes | None:
        """Those to begin with; None while there are none. Raises ConfigError."""

    def news(self) -> Read | None:
        """How to read what came since this was asked last; None where nothing did."""


class FileSource:
    """A file and those that it names, looked at when asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: Mapping[Path, Stamp] = {path: _stamp(path)}

    def start(self) -> None:
        """There is nothing to do."""

    def is_running(self) -> bool:
        """There is nothing that could end."""
        return True

    def first(self, known: Known) -> Routes:
        """What is in it; raises ConfigError."""
        routes = load_routes(self._path, known)
        files = (self._path, *routes.files)  # those that whole routes name, and no others
        self._seen = {path: self._seen.get(path) or _stamp(path) for path in files}
        return routes

    def news(self) -> Read | None:
        """How to read it, if one of the files is another."""
        stamps = {path: _stamp(path) for path in self._seen}
        if stamps == self._seen:
            return None
        self._seen = stamps
        return self.first


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None  # being replaced; what is missing when it is read is said then
    return found.st_mtime_ns, found.st_ino


class TopicSource:
    """`sms.control.routes`: the version published last, followed on the table's thread."""

    def __init__(self, ground: Process) -> None:
        self._table = followed(ground, topics.CONTROL_ROUTES, RoutesVersion, self.put)
        self._rows: Rows = ()
        self._tried: Rows | None = None
        self._seen: Rows | None = None

    def put(self, version: str, row: RoutesVersion | None) -> None:
        """A record of the topic."""
        self._rows = shelved(self._rows, version, row)[-LOOK_BACK:]

    def start(self) -> None:
        """Read all that is there; raises BrokerError when that takes too long."""
        self._table.start()

    def is_running(self) -> bool:
        """Whether it still follows: it ends by a bug only."""
        return self._table.is_running()

    def first(self, known: Known) -> Routes | None:
        """The newest version without a fault; what it waits for is said once."""
        rows = self._rows
        if rows is self._tried:
            return None
        self._tried = rows
        found, faults = newest_whole(rows, known)
        if faults:
            LOG.warning("published routes are broken, earlier ones are tried", faults=faults)
        if found is None:
            LOG.warning(
                "there are no routes yet, this router waits: heliograph routes publish FILE",
                topic=topics.CONTROL_ROUTES,
            )
        self._seen = None if faults else rows[-1:]  # what is broken now may fit another time
        return found

    def news(self) -> Read | None:
        """How to read the version published last, if it is another."""
        newest = self._rows[-1:]
        if newest == self._seen:
            return None
        self._seen = newest
        return partial(routes_of, newest[0]) if newest else None
