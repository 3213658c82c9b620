"""The router as a process: its core on `sms.router.in`, exactly once."""

from pipeline import stream, topics
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.process import process
from pipeline.records import MtAdmitted, Stop
from pipeline.stops import Stops
from pipeline.tables import followed
from services.router.core import Router
from services.router.health import ConnectorHealth
from services.router.routes import load_routes


def main(config: Config, replica: str) -> None:
    """Run one router replica."""
    routes = load_routes(config.routes, {ConnectorId(name) for name in config.connectors})
    with process("router", config, replica) as ground:
        health = ConnectorHealth(config.kafka, ground.codec)
        health.start()
        stops = Stops()
        followed(ground, topics.CONTROL_STOP, Stop, stops.put).start()
        stream.run(
            Router(config, routes, health.is_up, stops),
            service="router",
            topic_in=topics.ROUTER_IN,
            kinds=(MtAdmitted,),
            ground=ground,
        )
