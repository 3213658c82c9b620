"""Two routers that follow one topic of routes: both go by what is published, within two seconds."""

import asyncio
import contextlib
import itertools
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import topics
from pipeline.broker import free_port
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtRouted
from tests.broker.conftest import started
from tests.broker.test_routes import DEADLINE_S, Operator, until
from tests.services.router.builders import admitted, request

ROUTES = """\
version: "{version}"
rules:
  - {{name: all, prefix: "", connectors: [{connector}]}}
"""
WITHIN_MS = 2000
FEED_PER_S = 100
AFTERWARDS_S = 3.0


def counted(port: int, name: str, *labels: str) -> float:
    """What a router's metrics say."""
    with (
        contextlib.suppress(OSError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as got,
    ):
        lines = got.read().decode().splitlines()
        found = [line for line in lines if line.startswith(name) and all(w in line for w in labels)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)
    return 0


def took_routes(port: int) -> float:
    return counted(port, "sms_router_reloads", 'what="routes"', 'result="taken"')


def read(port: int) -> float:
    return counted(port, "messaging_client_consumed_messages", topics.ROUTER_IN)


@contextmanager
def fed(kafka: KafkaConfig) -> Iterator[None]:
    """Requests come all the while, each for a recipient of its own, so to all partitions."""
    over = threading.Event()

    def feed() -> None:
        producer = make_producer(kafka)
        for number in itertools.count():
            if over.wait(1 / FEED_PER_S):
                break
            to = f"4670{number:07}"
            asked = admitted(request(message_id=to), recipient=to, requested_ms=now_ms())
            octets = Codec().encode(asked, topics.ROUTER_IN)
            produce(producer, topics.ROUTER_IN, to, octets)
        producer.flush(DEADLINE_S)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def decided(kafka: KafkaConfig) -> list[MtRouted]:
    """All there is of what was routed, in the order of its time."""
    found = []
    for message in read_to_end(kafka, [topics.TRACKER_IN]):
        with contextlib.suppress(UnreadableError):
            found.append(Codec().decode(message.value(), MtRouted))
    return sorted(found, key=lambda routed: routed.routed_ms)


def published_ms(kafka: KafkaConfig) -> int:
    """When Kafka had the last version."""
    *_, last = read_to_end(kafka, [topics.CONTROL_ROUTES])
    return last.timestamp()[1]


async def test_every_replica_decides_by_the_new_version_within_two_seconds(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    own = Operator(own_kafka, tmp_path)
    own.add_connector()
    own.create()
    kafka = load(own.path).kafka
    ports = (own.port, free_port())
    second = own.path.with_name("second.yaml")
    text = own.path.read_text(encoding="utf-8")
    second.write_text(text.replace(f"port: {ports[0]}", f"port: {ports[1]}"), encoding="utf-8")

    def publish(version: str, connector: str) -> None:
        own.file.write_text(ROUTES.format(version=version, connector=connector), encoding="utf-8")
        assert own.routes("publish", str(own.file))[0] == f"version {version} is in force"

    publish("1", "fast")
    async with (
        started("router", "--replica", "router-0", "--config", str(own.path)),
        started("router", "--replica", "router-1", "--config", str(second)),
    ):
        with fed(kafka):
            await until(lambda: all(read(port) > 0 for port in ports))
            await asyncio.to_thread(publish, "2", "new")
            await until(lambda: all(took_routes(port) for port in ports))
            before = [read(port) for port in ports]
            await asyncio.sleep(AFTERWARDS_S)
            assert all(read(port) > count for port, count in zip(ports, before, strict=True))
        moment = published_ms(kafka)
    routed = decided(kafka)
    late = [one for one in routed if one.routed_ms > moment + WITHIN_MS]
    assert {one.routes_version for one in routed} == {"1", "2"}
    assert {(one.routes_version, one.connector) for one in late} == {("2", "new")}
    assert len(late) > FEED_PER_S / 2
