"""Bulk waits where it can still be stopped, and goes on as there is room, on the real broker."""

import asyncio
import json
import signal
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.lag import Lag
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import MtAdmitted, Stop
from pipeline.topics import Lanes
from services.intake.release import IN_FLIGHT_S, STRAYS
from tests.broker.conftest import started
from tests.broker.test_binder import LEDGER_TAG, Carrier
from tests.services.router.builders import admitted, request

DEADLINE_S = 90
SETTLED_S = 2.0
CODEC = Codec()
RATE_PER_S, QUEUE_S, BULK = 40, 20, 1600
LIMIT = RATE_PER_S * QUEUE_S
IN_FLIGHT = 100  # a router's transaction, and the markers of half a second
CARRIER, GONE, LATE = ConnectorId("carrier"), ConnectorId("gone"), ConnectorId("late")
NORMAL = topics.submit(CARRIER, 1, priority=False)
CONFIG = """
kafka: {bootstrap_servers: '%s'}
state_dir: '%s/state'
profiles: {own: {ledger_tlv: %d}}
connectors:
  carrier:
    hosts: 127.0.0.1:%d
    profile: own
    system_id: us
    password: ${CARRIER_PASSWORD}
    rate_per_s: %d
    bulk_queue_s: %d
tenants: {default: {senders: [ACME]}, bank: {senders: [BANK]}}
"""
ROUTES = """
version: "1"
rules: [{name: all, prefix: "", connectors: [carrier]}]
"""


@pytest.fixture
def configure(
    own_kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], Path]:
    """The configuration for a carrier at a port, its topics made."""
    monkeypatch.setenv("CARRIER_PASSWORD", "canary")

    def write(port: int) -> Path:
        path = tmp_path / "heliograph.yaml"
        values = (own_kafka.bootstrap_servers, tmp_path, LEDGER_TAG, port, RATE_PER_S, QUEUE_S)
        path.write_text(CONFIG % values, encoding="utf-8")
        (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
        create_topics(own_kafka, catalog(load(path)))
        return path

    return write


@asynccontextmanager
async def service(name: str, path: Path) -> AsyncIterator[Process]:
    where = ("--config", str(path), "--replica", f"{name}-0")
    async with started(name, *where) as process:
        yield process


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.1)


def ask(kafka: KafkaConfig, lane: str, prefix: str, count: int) -> None:
    producer = make_producer(kafka)
    for number in range(count):
        wanted = {"message_id": f"{prefix}-{number}", "to": f"+4670{number:07}", "text": "hi"}
        topic = topics.request("default", lane)
        produce(producer, topic, None, json.dumps(wanted).encode())
    assert producer.flush(DEADLINE_S) == 0


async def test_a_campaign_keeps_the_queue_short_and_all_of_it_arrives_once(
    own_kafka: KafkaConfig, configure: Callable[[int], Path]
) -> None:
    carrier, queued = Carrier(), [0]
    async with carrier.smsc:
        path = configure(carrier.smsc.port)

        async def watch() -> None:
            lag = Lag(own_kafka, {NORMAL: f"binder-{CARRIER}"})
            while True:
                queued.append((await asyncio.to_thread(lag.ask))[NORMAL].behind)
                await asyncio.sleep(0.1)

        async with service("binder", path), service("router", path), service("intake", path):
            watching = asyncio.create_task(watch())
            await asyncio.to_thread(ask, own_kafka, "bulk", "bulk", BULK)
            await until(lambda: max(queued) > LIMIT / 2)
            asked_s = time.monotonic()
            await asyncio.to_thread(ask, own_kafka, "priority", "code", 1)
            await until(lambda: carrier.accepted["code-0|1"] == 1)
            code_took_s = time.monotonic() - asked_s
            assert len(carrier.accepted) < BULK / 2  # it has passed most of the campaign
            await until(lambda: len(carrier.accepted) == BULK + 1)
            watching.cancel()
    assert code_took_s < QUEUE_S / 2
    assert max(queued) <= LIMIT + IN_FLIGHT
    assert set(carrier.accepted.values()) == {1}
    waited = [
        CODEC.decode(message.value(), MtAdmitted)
        for message in read_to_end(own_kafka, [topics.wait(CARRIER)])
    ]
    assert len({record.head.message_id for record in waited}) >= (BULK - LIMIT) / 2
    assert Counter(record.head.lane for record in waited).keys() == {"bulk"}


async def test_what_is_paused_stays_and_others_pass_even_without_their_connector(
    own_kafka: KafkaConfig, configure: Callable[[int], Path]
) -> None:
    path = configure(1)
    create_topics(own_kafka, topics.catalog({GONE: Lanes(binds=1, generation=1)}))
    producer = make_producer(own_kafka)

    def wait(connector: ConnectorId, name: str, tenant: str) -> None:
        asked = request(message_id=name)
        record = admitted(asked, tenant=tenant, lane="bulk", requested_ms=now_ms())
        topic = topics.wait(connector)
        produce(producer, topic, record.head.recipient, CODEC.encode(record, topic))

    def passed() -> set[str]:
        """What came to the router, the campaign of the other test left out."""
        read = read_to_end(own_kafka, [topics.ROUTER_IN])
        records = [CODEC.decode(message.value(), MtAdmitted) for message in read]
        names = {record.head.message_id for record in records if record.due}
        return {name for name in names if not name.startswith("bulk-")}

    stop = Stop(action="pause", tenant="bank", at_ms=now_ms())
    produce(producer, topics.CONTROL_STOP, b"s", CODEC.encode(stop, topics.CONTROL_STOP))
    for number in range(10):
        wait(CARRIER, f"paused-{number}", "bank")
        wait(CARRIER, f"other-{number}", "default")
        wait(GONE, f"stranded-{number}", "bank" if number % 2 else "default")
    over = admitted(request(message_id="other-x"), tenant="bank")  # asked for long ago
    topic = topics.wait(CARRIER)
    produce(producer, topic, b"46701234567", CODEC.encode(over, topic))
    produce(producer, topic, b"46701234567", b"garbage")
    assert producer.flush(DEADLINE_S) == 0
    free = {f"other-{n}" for n in (*range(10), "x")} | {f"stranded-{n}" for n in range(0, 10, 2)}
    async with service("intake", path):
        await until(lambda: passed() >= free)
        await asyncio.sleep(SETTLED_S)
        assert passed() == free
        produce(producer, topics.CONTROL_STOP, b"s", None)
        producer.flush(DEADLINE_S)
        every = free | {f"paused-{n}" for n in range(10)} | {f"stranded-{n}" for n in range(10)}
        await until(lambda: passed() == every)
    dead = {message.value() for message in read_to_end(own_kafka, [topics.dlq_of(topic)])}
    assert dead == {b"garbage"}  # once more for each time it was read


async def test_a_connector_that_comes_later_is_known_after_sighup(
    own_kafka: KafkaConfig, configure: Callable[[int], Path]
) -> None:
    """What nobody has configured goes on slowly; what is configured, as there is room."""
    path = configure(1)
    before = path.read_text(encoding="utf-8")
    carrier = before[before.index("  carrier:") : before.index("tenants:")]
    create_topics(own_kafka, topics.catalog({LATE: Lanes(binds=1, generation=1)}))
    topic, count, producer = topics.wait(LATE), 5 * STRAYS, make_producer(own_kafka)
    for number in range(count):
        asked = request(message_id=f"late-{number}")
        record = admitted(asked, lane="bulk", requested_ms=now_ms())
        produce(producer, topic, record.head.recipient, CODEC.encode(record, topic))
    assert producer.flush(DEADLINE_S) == 0

    def passed() -> int:
        read = read_to_end(own_kafka, [topics.ROUTER_IN])
        records = [CODEC.decode(message.value(), MtAdmitted) for message in read]
        return sum(record.head.message_id.startswith("late-") for record in records)

    async with service("intake", path) as process:
        await until(lambda: passed() > 0)
        path.write_text(f"{before}connectors: broken", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        await asyncio.sleep(SETTLED_S)
        assert passed() <= 2 * STRAYS
        late = carrier.replace("carrier:", "late:").replace("rate_per_s: 40", "rate_per_s: 400")
        path.write_text(before.replace(carrier, carrier + late), encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        asked_s = time.monotonic()
        await until(lambda: passed() == count)
        assert time.monotonic() - asked_s < 3 * IN_FLIGHT_S  # slowly it takes as much again
        assert process.returncode is None
