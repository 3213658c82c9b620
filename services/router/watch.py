"""What the router goes by while it runs: looked at often, in force only when it is whole."""

import threading
from collections.abc import Callable

import structlog

from pipeline.config import Config
from pipeline.errors import HeliographError
from services.router.sources import Read, Source
from services.router.standing import Standing

LOG = structlog.get_logger()
LOOK_EVERY_S = 0.2


class Watch:
    """Has the standing router take other routes and, when asked, another configuration.

    With any fault in them the last good ones stay. All of it happens on one thread.
    """

    def __init__(
        self,
        standing: Standing,
        source: Source,
        read_config: Callable[[], Config],
        count: Callable[[str, str], None],
    ) -> None:
        """`read_config` raises HeliographError; `count` is told what and with which result."""
        self._standing = standing
        self._source = source
        self._read_config = read_config
        self._count = count
        self._refused: Read | None = None
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Look from now on."""
        self._thread.start()

    def is_running(self) -> bool:
        """Whether it still looks: it ends by a bug only."""
        return self._thread.is_alive()

    def ask(self) -> None:
        """Read the configuration anew, soon."""
        self._asked.set()

    def look(self) -> None:
        """Take what is another."""
        again: Read | None = None
        if self._asked.is_set():
            self._asked.clear()
            if self._taken("configuration", lambda: self._standing.put_config(self._read_config())):
                again = self._refused  # they may name what is configured only now
        read = self._source.news() or again
        if read is not None:
            is_taken = self._taken("routes", lambda: self._standing.put_routes(read))
            self._refused = None if is_taken else read

    def _taken(self, what: str, take: Callable[[], None]) -> bool:
        try:
            take()
        except HeliographError as error:
            faults = str(error).splitlines()
            LOG.warning(f"the {what} is refused, the last good one stays", faults=faults)
            self._count(what, "refused")
            return False
        self._count(what, "taken")
        return True

    def _run(self) -> None:
        never = threading.Event()
        while not never.wait(LOOK_EVERY_S):
            self.look()
