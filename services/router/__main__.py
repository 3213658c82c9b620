"""The router as a process: its core on `sms.router.in`, exactly once."""

from functools import cache, partial

from pipeline import stream, topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.kafka.backlogs import Backlogs
from pipeline.kafka.clients import now_ms
from pipeline.process import process
from pipeline.records import (
    ConnectorQuality,
    MtAdmitted,
    MtReroute,
    OptOut,
    Stop,
    TenantUsage,
    Wake,
)
from pipeline.stops import Stops
from pipeline.tables import followed
from services.router.atlas import knows_networks, networks_of
from services.router.core import Router
from services.router.health import ConnectorHealth
from services.router.quality import Quality
from services.router.routes import Routes
from services.router.watch import RoutesWatch


def main(config: Config, replica: str) -> None:
    """Run one router replica."""
    known = {ConnectorId(name) for name in config.connectors}
    with process("router", config, replica) as ground:
        reloads = partial(ground.metrics.counter, "sms.router.reloads")
        capacity = Capacity(config, now_ms)
        health = ConnectorHealth(config.kafka, ground.codec, on_state=capacity.hear)
        backlogs = Backlogs(config.kafka, capacity.group_of, capacity.ask)
        stops, quality = Stops(), Quality()
        look_ups = cache(lambda result: ground.metrics.counter("sms.router.lookups", result=result))

        def count(result: str) -> None:
            look_ups(result).value += 1

        def take(routes: Routes) -> None:
            router.routes = routes
            reloads(result="taken").value += 1

        def refuse() -> None:
            reloads(result="refused").value += 1

        networks = networks_of(config, count)
        watch = RoutesWatch(
            config.routes, known, take, refuse, knows_networks=knows_networks(config)
        )
        router = Router(
            config,
            watch.routes,
            health.is_up,
            stops,
            networks.network_of,
            quality.grade_of,
            capacity,
        )
        health.start()
        backlogs.start()
        followed(ground, topics.CONTROL_STOP, Stop, stops.put).start()
        followed(ground, topics.QUALITY, ConnectorQuality, quality.put).start()
        for topic in router.limits.topics:
            followed(ground, topic, TenantUsage, router.limits.usage.hear).start()
        watch.start()
        stream.run(
            router,
            service="router",
            topic_in=topics.ROUTER_IN,
            kinds=(MtAdmitted, MtReroute, OptOut, Wake),
            ground=ground,
        )
