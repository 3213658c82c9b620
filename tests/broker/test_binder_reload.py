"""SIGHUP to a binder at work, and many connectors in one, with the real broker and an SMSC."""

import asyncio
import signal
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from pipeline import topics
from pipeline.broker import free_port
from pipeline.config import KafkaConfig, load
from pipeline.kafka.admin import create_topics
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import ConnectorState
from smpp.pdu import Bind, DeliverSm, Pdu
from smpp.server import SmscSession
from smpp.values import BindType, CommandStatus
from tests.broker.conftest import started
from tests.broker.test_binder import BINDS, CODEC, DEADLINE_S, WINDOW, Bench, Carrier

POLL_S = 0.05
THREADS_MAX = 12  # of one connector: two of ours, the others librdkafka's


class Gate(Carrier):
    """A carrier that notes by which password each bind came."""

    def __init__(self, allowed: int = BINDS) -> None:
        super().__init__()
        self.passwords: dict[SmscSession, str] = {}
        self.allowed = allowed

    def _bind(self, session: SmscSession, pdu: Pdu) -> CommandStatus:
        assert isinstance(pdu, Bind)
        if len(self.bound) >= self.allowed:
            return CommandStatus.ESME_RALYBND
        self.passwords[session] = pdu.password
        self.binds_max = max(self.binds_max, len(self.bound) + 1)
        return CommandStatus.ESME_ROK

    @property
    def bound(self) -> list[SmscSession]:
        return [session for session in self.smsc.sessions if session.bind_type is not None]


class Site:
    """A configuration that changes, and the binder that reads it."""

    def __init__(self, kafka: KafkaConfig, folder: Path, carrier: Gate) -> None:
        self.carrier = carrier
        self.path = folder / "heliograph.yaml"
        self.password = folder / "password"
        self.password.write_text("first", encoding="utf-8")
        self.http_port = free_port()
        self._kafka = kafka

    def account(self, **changed: Any) -> dict[str, Any]:
        return {
            "hosts": f"127.0.0.1:{self.carrier.smsc.port}",
            "system_id": "us",
            "password": f"file:{self.password}",
            "binds": BINDS,
            "window": WINDOW,
            "rate_per_s": 500,
        } | changed

    async def configure(self, **connectors: dict[str, Any]) -> None:
        text = {
            "kafka": {"bootstrap_servers": self._kafka.bootstrap_servers},
            "http": {"port": self.http_port},
            "connectors": connectors,
        }
        self.path.write_text(yaml.safe_dump(text), encoding="utf-8")
        config = load(self.path)
        await asyncio.to_thread(create_topics, config.kafka, catalog(config))

    def bench(self, name: str) -> Bench:
        config = load(self.path)
        own = config.model_copy(update={"connectors": {name: config.connectors[name]}})
        return Bench(own, self.path, self.carrier)

    @asynccontextmanager
    async def binder(self) -> AsyncIterator[Process]:
        async with started("binder", "--config", str(self.path), "--replica", "b") as process:
            yield process
            process.terminate()
            assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0

    async def metric(self, name: str) -> float:
        """The sum over its labels; `name` may hold some of them."""
        text = await asyncio.to_thread(self._metrics)
        found = [line for line in text.splitlines() if all(n in line for n in name.split())]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found if not line.startswith("#"))

    def _metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics") as answer:
            return str(answer.read().decode())


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(POLL_S)


def name() -> str:
    return f"c{uuid4().hex[:8]}"


@pytest.fixture
async def site(kafka: KafkaConfig, tmp_path: Path) -> AsyncIterator[Site]:
    carrier = Gate()
    async with carrier.smsc:
        yield Site(kafka, tmp_path, carrier)


async def test_a_changed_password_rotates_the_binds_under_load(site: Site) -> None:
    own, carrier = name(), site.carrier
    await site.configure(**{own: site.account()})
    bench = site.bench(own)
    await asyncio.to_thread(bench.write, 2000)
    async with site.binder() as process:
        await until(lambda: carrier.accepted.total() >= 300)
        site.password.write_text("second", encoding="utf-8")
        process.send_signal(signal.SIGHUP)
        await until(lambda: sorted(carrier.passwords.values()) == ["first"] * 2 + ["second"] * 2)
        assert carrier.accepted.total() < 2000
        outcomes = await bench.settled(2000)
    assert carrier.accepted == dict.fromkeys((f"m{n}" for n in range(2000)), 1)
    assert len(outcomes) == 2000
    assert carrier.binds_max == BINDS


async def test_another_rate_and_window_are_in_force_at_once_and_a_bad_file_never(
    site: Site,
) -> None:
    own = name()
    await site.configure(**{own: site.account(rate_per_s=20)})
    bench = site.bench(own)
    await asyncio.to_thread(bench.write, 1500)  # more than a minute's work at that rate
    async with site.binder() as process:
        await until(lambda: site.carrier.accepted.total() > 0)
        good = site.path.read_text(encoding="utf-8")
        for number, bad in enumerate(["connectors: [", good.replace("binds: 2", "binds: 3")]):
            site.path.write_text(bad, encoding="utf-8")
            process.send_signal(signal.SIGHUP)
            async with asyncio.timeout(DEADLINE_S):
                while await site.metric("sms_binder_reloads refused") != number + 1:
                    await asyncio.sleep(POLL_S)
        assert await site.metric("sms_binder_reloads taken") == 0
        await site.configure(**{own: site.account(rate_per_s=1000, window=50)})
        process.send_signal(signal.SIGHUP)
        outcomes = await bench.settled(1500)
        assert await site.metric("sms_binder_reloads taken") == 1
        assert await site.metric("sms_binder_bind_attempts bound") == BINDS
    assert len(outcomes) == 1500
    assert site.carrier.accepted.total() == 1500


async def test_connectors_begin_and_are_given_up(site: Site) -> None:
    old, new = name(), name()
    await site.configure(**{old: site.account()})
    async with site.binder() as process:
        await until(lambda: len(site.carrier.bound) == BINDS)
        await site.configure(**{new: site.account()})
        process.send_signal(signal.SIGHUP)
        await until(lambda: len(site.carrier.passwords) == 2 * BINDS)
        bench = site.bench(new)
        await asyncio.to_thread(bench.write, 50)
        assert len(await bench.settled(50)) == 50
        assert len(site.carrier.bound) == BINDS


async def test_what_comes_on_a_receiver_is_taken_while_nothing_is_to_be_sent(site: Site) -> None:
    own, carrier = name(), site.carrier
    carrier.allowed = 3
    receiver = {"system_id": "ear", "password": f"file:{site.password}"}
    await site.configure(**{own: site.account(bind_type="transmitter", receiver=receiver)})
    async with site.binder():
        await until(lambda: len(carrier.bound) == 3)
        (ear,) = (session for session in carrier.bound if session.system_id == "ear")
        assert ear.bind_type is BindType.RECEIVER
        pdu = DeliverSm(source_addr="46737654321", destination_addr="12345", short_message=b"A")
        answer = await asyncio.wait_for(ear.request(pdu), DEADLINE_S)
        assert await site.metric("sms_binder_receivers") == 1
    assert answer.command_status == CommandStatus.ESME_ROK
    states = [
        record
        for message in read_to_end(load(site.path).kafka, [topics.CONNECTOR_STATE])
        if (record := CODEC.decode(message.value(), ConnectorState)).connector == own
    ]
    said = {(record.partition, record.is_receiver, record.state) for record in states}
    slots = [(0, False), (1, False), (0, True)]
    assert said >= {(*slot, state) for slot in slots for state in ("bound", "released")}


async def test_a_bind_that_is_refused_strands_no_partition(site: Site) -> None:
    own, carrier = name(), site.carrier
    await site.configure(**{own: site.account(binds=4)})  # the carrier knows only of two
    bench = site.bench(own)
    await asyncio.to_thread(bench.write, 400)
    async with site.binder():
        outcomes = await bench.settled(400)
        assert await site.metric("sms_binder_bind_attempts ESME_RALYBND") >= 2
    assert {outcome.submit_partition for outcome in outcomes} == {0, 1, 2, 3}
    assert carrier.accepted == dict.fromkeys((f"m{n}" for n in range(400)), 1)


async def test_a_bind_that_may_not_submit_is_made_anew_and_nothing_is_lost(site: Site) -> None:
    own, carrier = name(), site.carrier
    spoilt: list[SmscSession] = []

    def refuse(session: SmscSession, _: Pdu) -> CommandStatus:
        spoilt.extend([session] if not spoilt else [])
        is_spoilt = session in spoilt
        return CommandStatus.ESME_RINVBNDSTS if is_spoilt else CommandStatus.ESME_ROK

    carrier.answer = refuse
    await site.configure(**{own: site.account()})
    bench = site.bench(own)
    await asyncio.to_thread(bench.write, 200, on_ambiguous="give_up")
    async with site.binder():
        await until(lambda: carrier.accepted.total() == 200)
        await until(lambda: len(carrier.passwords) == BINDS + 1)
    outcomes = await asyncio.to_thread(bench.outcomes)
    assert {outcome.outcome for outcome in outcomes} == {"intent", "accepted"}
    assert carrier.accepted == dict.fromkeys((f"m{n}" for n in range(200)), 1)


async def test_twenty_small_connectors_live_in_one_process(site: Site) -> None:
    names = [name() for _ in range(20)]
    site.carrier.allowed = len(names)
    await site.configure(**{own: site.account(binds=1, rate_per_s=50) for own in names})
    benches = [site.bench(own) for own in names]
    async with site.binder() as process:
        await until(lambda: len(site.carrier.bound) == len(names))
        for number, bench in enumerate(benches):
            await asyncio.to_thread(bench.write, 20, f"of{number}-")
        for bench in benches:
            assert len(await bench.settled(20)) == 20
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        found = dict(line.split(":\t") for line in status.splitlines() if ":\t" in line)
        assert int(found["Threads"]) <= THREADS_MAX * len(names)
    assert set(site.carrier.accepted.values()) == {1}
