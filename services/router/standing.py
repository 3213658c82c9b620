"""The router that is in force: a configuration and routes that fit together, changed whole."""

from collections.abc import Callable, Collection, Iterator, Sequence

import structlog

from pipeline.config import Config
from pipeline.effects import Effect, KeyEntries
from pipeline.errors import ConfigError
from services.router.atlas import known
from services.router.core import Router, RouterRecord
from services.router.differences import differences
from services.router.routes import Known, Routes
from services.router.sources import Read

LOG = structlog.get_logger()


class Standing:
    """Decides as the router in force does; a record begun with one is ended with it."""

    def __init__(
        self, make: Callable[[Config, Routes], Router], config: Config, routes: Routes
    ) -> None:
        """`make` makes a router of both; it and this raise ConfigError."""
        self._make = make
        self.config = config
        self.routes = routes
        self._router = make(config, routes)

    def decide(self, state: KeyEntries, record: RouterRecord, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`."""
        return self._router.decide(state, record, now_ms)

    def put_routes(self, read: Read) -> None:
        """Go by those that `read` reads; raises ConfigError, and then nothing has changed."""
        routes = read(known(self.config))
        router = self._make(self.config, routes)
        changes = differences(self.routes, routes)
        self._router, self.routes = router, routes
        LOG.info("routes in force", version=routes.version, changes=changes)

    def put_config(self, config: Config) -> None:
        """Go by another configuration; raises ConfigError, and then nothing has changed."""
        there = known(config)
        if faults := list(_missing(self.routes, there)):
            raise ConfigError(faults)
        router = self._make(config, self.routes)
        self._router, self.config = router, config
        LOG.info("the configuration is in force", connectors=sorted(there.connectors))


def _missing(routes: Routes, there: Known) -> Iterator[str]:
    """A sentence for each name in routes that stands for nothing."""
    for rule in routes.rules:
        named: list[tuple[str, str, Collection[str]]]
        named = [("connectors", way.connector, there.connectors) for way in rule.pool]
        if rule.changes.profile is not None:
            named.append(("profiles", rule.changes.profile, there.profiles))
        for section, name, known_names in named:
            if name not in known_names:
                yield (
                    f"{section}: rule {rule.name!r} of routes {routes.version} names"
                    f" {name!r}, which is not there; publish other routes first, or keep it"
                )
