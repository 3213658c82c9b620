"""The router as a process: its core on `sms.router.in`, exactly once.

SIGHUP has the configuration read anew; routes are followed wherever they come from.
"""

import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pipeline import stream, topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.kafka.admin import missing_topics
from pipeline.kafka.backlogs import Backlogs
from pipeline.kafka.clients import now_ms
from pipeline.process import Process, catalog, process
from pipeline.records import (
    ConnectorQuality,
    MtAdmitted,
    MtCommand,
    MtReroute,
    OptOut,
    Stop,
    TenantUsage,
    Wake,
)
from pipeline.reloads import refuse_less
from pipeline.stops import Stops
from pipeline.tables import followed
from services.router.atlas import known, networks_of
from services.router.configuration import changes_refused
from services.router.core import Router
from services.router.health import ConnectorHealth
from services.router.quality import Quality
from services.router.routes import Routes
from services.router.sources import FileSource, Source, TopicSource
from services.router.standing import Standing
from services.router.usage import Usage
from services.router.watch import LOOK_EVERY_S, Watch


def main(read: Callable[[], Config], replica: str) -> None:
    """Run one router replica; `read` reads the configuration."""
    config = read()
    with process("router", config, replica) as ground:
        capacity = Capacity(config, now_ms)
        health = ConnectorHealth(config.kafka, ground.codec, on_state=capacity.hear)
        backlogs = Backlogs(config.kafka, capacity.group_of, capacity.ask)
        usage = Usage()
        stops, quality = Stops(), Quality()
        look_ups = cache(lambda result: ground.metrics.counter("sms.router.lookups", result=result))

        for what in ("configuration", "routes"):
            for result in ("taken", "refused"):  # at 0, or nobody would see the first
                ground.metrics.counter("sms.router.reloads", what=what, result=result)

        def count_look_up(result: str) -> None:
            look_ups(result).value += 1

        def count(what: str, result: str) -> None:
            ground.metrics.counter("sms.router.reloads", what=what, result=result).value += 1

        networks = networks_of(config, count_look_up)

        def make(config: Config, routes: Routes) -> Router:
            capacity.configure(config)  # before messages go where it must know
            return Router(
                config,
                routes,
                health.is_up,
                stops,
                networks.network_of,
                quality.grade_of,
                capacity,
                usage,
                quality.grade_to,
            )

        source = _source(config, ground)
        standing = Standing(make, config, _first(source, config))
        watch = Watch(standing, source, lambda: _read_anew(read, standing.config), count)
        health.start()
        backlogs.start()
        tables = (
            followed(ground, topics.CONTROL_STOP, Stop, stops.put),
            followed(ground, topics.QUALITY, ConnectorQuality, quality.put),
            followed(ground, topics.TENANT_USAGE, TenantUsage, usage.hear),
            followed(ground, topics.TENANT_VELOCITY, TenantUsage, usage.hear),
        )
        for table in tables:
            table.start()
        watch.start()
        parts = (watch, source, health, *tables)
        ground.is_live = lambda: all(part.is_running() for part in parts)
        signal.signal(signal.SIGHUP, lambda *_: watch.ask())
        stream.run(
            standing,
            service="router",
            topic_in=topics.ROUTER_IN,
            kinds=(MtAdmitted, MtReroute, MtCommand, OptOut, Wake),
            ground=ground,
        )


def _source(config: Config, ground: Process) -> Source:
    routes = config.routes
    return FileSource(routes) if isinstance(routes, Path) else TopicSource(ground)


def _first(source: Source, config: Config) -> Routes:
    """The routes to begin with: an operator is waited for, not ready, as long as that takes.

    Any signal ends the process meanwhile; it begins anew with what is configured then.
    """
    source.start()
    while (routes := source.first(known(config))) is None:
        time.sleep(LOOK_EVERY_S)
    return routes


def _read_anew(read: Callable[[], Config], before: Config) -> Config:
    """The configuration as it is now, if a router that runs can take it; raises HeliographError."""
    new = read()
    refuse_less(before, new)
    if faults := changes_refused(before, new):
        raise ConfigError(faults)
    if missing := missing_topics(new.kafka, catalog(new)):
        raise ConfigError([f"{name}: is not there; heliograph topics apply" for name in missing])
    return new
