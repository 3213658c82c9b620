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


class Reload:
    """Has a configuration taken when asked; with any fault the old one stays."""

    def __init__(self, take: Callable[[], None], count: Callable[[str], None]) -> None:
        """`take` reads it and goes by it, or raises HeliographError and has changed nothing.

        `count` is told each result.
        """
        self._take = take
        self._count = count
        self._lock = threading.Lock()  # of two who ask, the later reads last

    def ask(self) -> None:
        """Read it anew on a thread: for handlers of signals."""
        threading.Thread(target=self.renew, name="reload", daemon=True).start()

    def renew(self) -> None:
        """Read it anew."""
        with self._lock:
            try:
                self._take()
            except HeliographError as error:
                faults = str(error).splitlines()
                LOG.warning("the configuration is refused, the old one stays", faults=faults)
                self._count("refused")
                return
            LOG.info("the configuration is in force")
            self._count("taken")


class Reloaded(Reload):
    """A core made of the configuration, and of another one when asked; a record begun with one is
    ended with it."""

    def __init__(self, make: "Callable[[], Core]", count: Callable[[str], None]) -> None:
        """`make` reads the configuration, raises HeliographError; `count` is told each result."""
        super().__init__(self._make_anew, count)
        self._make = make
        self._core = make()

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`."""
        return self._core.decide(state, record, now_ms)

    def _make_anew(self) -> None:
        self._core = self._make()


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


def changes_kept(before: Config, after: Config, service: str, kept: Sequence[str]) -> list[str]:
    """A sentence for each setting that is another and that `service` takes at its start only:
    those of `kept` and all of its own section."""
    old, new = before.services.get(service, {}), after.services.get(service, {})
    names = [name for name in kept if getattr(before, name) != getattr(after, name)]
    names += [f"services.{service}.{n}" for n in sorted(old | new) if old.get(n) != new.get(n)]
    return [f"{name}: changed; restart the {service}" for name in names]
