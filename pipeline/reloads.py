"""A configuration that is read anew while processes run: who takes it, what it may not become."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from pipeline.config import Config
from pipeline.effects import Effect, KeyEntries
from pipeline.errors import ConfigError, HeliographError

if TYPE_CHECKING:
    from pipeline.stream import Core  # and with it Quix Streams, which a binder has no use for

LOG = structlog.get_logger()


class Reloaded:
    """A core made of the configuration, and of another one when asked; a record begun with one is
    ended with it. With any fault the old one stays."""

    def __init__(self, make: "Callable[[], Core]", count: Callable[[str], None]) -> None:
        """`make` reads the configuration, raises HeliographError; `count` is told each result."""
        self._make = make
        self._count = count
        self._core = make()
        self._lock = threading.Lock()  # of two who ask, the later reads last

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`."""
        return self._core.decide(state, record, now_ms)

    def ask(self) -> None:
        """Read it anew on a thread: for handlers of signals."""
        threading.Thread(target=self.renew, name="reload", daemon=True).start()

    def renew(self) -> None:
        """Read it anew."""
        with self._lock:
            try:
                self._core = self._make()
            except HeliographError as error:
                faults = str(error).splitlines()
                LOG.warning("the configuration is refused, the old one stays", faults=faults)
                self._count("refused")
                return
            LOG.info("the configuration is in force")
            self._count("taken")


def refuse_less(before: Config, after: Config) -> None:
    """Raises ConfigError for another number of binds in the same generation, or an older one."""
    faults = []
    for name in before.connectors.keys() & after.connectors.keys():
        old, new = before.connectors[name], after.connectors[name]
        if new.generation < old.generation:
            faults.append(
                f"connectors.{name}.generation: it was {old.generation}, it can only rise"
            )
        elif new.binds != old.binds and new.generation == old.generation:
            faults.append(
                f"connectors.{name}.binds: {old.binds} for ever in generation {old.generation};"
                f" write generation: {old.generation + 1}"
            )
    if faults:
        raise ConfigError(faults)
