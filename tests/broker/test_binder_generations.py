"""Another number of binds, online: two replicas under load from 4 binds to 2, and from 2 to 5."""

import asyncio
import itertools
import signal
from asyncio.subprocess import Process
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import MtSubmitted, Tlv
from smpp.pdu import Pdu, SubmitSm
from smpp.server import Smsc, SmscSession
from smpp.values import CommandStatus
from tests.broker.conftest import started
from tests.builders import mt_submit

DEADLINE_S = 60
CODEC = Codec()
LEDGER_TAG = 0x1501
RECIPIENTS = 20


class Carrier:
    """An SMSC that notes what comes to whom, in order, and never has more binds than allowed."""

    def __init__(self) -> None:
        self.came: dict[str, list[int]] = defaultdict(list)
        self.count = 0
        self.allowed = 0
        self.refused = 0
        self.smsc = Smsc(on_bind=self._bind, on_request=self._take)

    @property
    def bound(self) -> int:
        return sum(session.bind_type is not None for session in self.smsc.sessions)

    def _bind(self, session: SmscSession, _: Pdu) -> CommandStatus:
        if self.bound < self.allowed:
            return CommandStatus.ESME_ROK
        self.refused += 1
        return CommandStatus.ESME_RALYBND

    def _take(self, session: SmscSession, pdu: Pdu) -> None:
        assert isinstance(pdu, SubmitSm)
        number = int(dict(pdu.tlvs)[LEDGER_TAG])
        self.came[pdu.destination_addr].append(number)
        self.count += 1
        session.respond(pdu, message_id=f"id-{number}")


class Bench:
    """One connector whose file changes, its writer, its binders."""

    def __init__(self, kafka: KafkaConfig, path: Path, carrier: Carrier) -> None:
        self.kafka = kafka
        self.carrier = carrier
        self.connector = ConnectorId(f"c{uuid4().hex[:8]}")
        self.path = path
        self.numbers = itertools.count()
        self.written = 0
        self.generation_of: dict[int, int] = {}

    def configure(self, generation: int, binds: int) -> None:
        """What an operator does: the file, and `topics apply`."""
        self.path.write_text(
            f"""
            kafka: {{bootstrap_servers: "{self.kafka.bootstrap_servers}"}}
            connectors:
              {self.connector}:
                hosts: 127.0.0.1:{self.carrier.smsc.port}
                system_id: us
                password: ${{CARRIER_PASSWORD}}
                generation: {generation}
                binds: {binds}
                window: 10
                rate_per_s: 2000
            """,
            encoding="utf-8",
        )
        create_topics(self.kafka, catalog(load(self.path)))

    def write(self, generation: int, count: int) -> None:
        """As the router, into its generation."""
        topic = topics.submit(self.connector, generation, priority=False)
        producer = make_producer(self.kafka)
        moment = now_ms()
        for number in itertools.islice(self.numbers, count):
            self.generation_of[number] = generation
            recipient = f"4670{number % RECIPIENTS:07}"
            record = mt_submit(
                f"m{number}",
                destination_addr=recipient,
                recipient=recipient,
                tlvs=(Tlv(tag=LEDGER_TAG, value=str(number).encode()),),
                requested_ms=moment,
                deadline_ms=moment + 600_000,
            )
            produce(producer, topic, recipient, CODEC.encode(record, topic))
        assert producer.flush(DEADLINE_S) == 0
        self.written += count

    async def until(self, count: int) -> None:
        """Wait for so many at the carrier."""
        async with asyncio.timeout(DEADLINE_S):
            while self.carrier.count < count:
                await asyncio.sleep(0.05)

    async def settled(self, generations: Sequence[int]) -> None:
        """Wait until every message has an outcome."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                reads = [await asyncio.to_thread(self.outcomes, g) for g in generations]
                if len({o.message_id for read in reads for o in read}) == self.written:
                    return

    def outcomes(self, generation: int) -> list[MtSubmitted]:
        read = read_to_end(self.kafka, [topics.submitted(self.connector, generation)])
        return [CODEC.decode(message.value(), MtSubmitted) for message in read]


@pytest.fixture
async def bench(
    kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bench]:
    monkeypatch.setenv("CARRIER_PASSWORD", "canary")
    carrier = Carrier()
    async with carrier.smsc:
        yield Bench(kafka, tmp_path / "heliograph.yaml", carrier)


async def change(bench: Bench, binders: list[Process], generation: int, binds: int) -> None:
    """The procedure of the binder's page, under load."""
    await asyncio.to_thread(bench.write, generation - 1, 800)
    await asyncio.to_thread(bench.configure, generation, binds)
    await asyncio.to_thread(bench.write, generation, 800)  # the routers know first
    for binder in binders:
        binder.send_signal(signal.SIGHUP)
    await asyncio.to_thread(bench.write, generation, 400)
    await bench.until(bench.written)
    async with asyncio.timeout(DEADLINE_S):
        while bench.carrier.bound != binds:
            await asyncio.sleep(0.05)


async def test_another_number_of_binds_loses_doubles_and_reorders_nothing(bench: Bench) -> None:
    carrier = bench.carrier
    carrier.allowed = 4
    await asyncio.to_thread(bench.configure, 1, 4)
    async with AsyncExitStack() as stack:
        binders = []
        for number in range(2):
            where = ("--config", str(bench.path), "--replica", f"binder-{number}")
            binders.append(await stack.enter_async_context(started("binder", *where)))
        await asyncio.to_thread(bench.write, 1, 200)
        await bench.until(200)
        await change(bench, binders, 2, 2)
        carrier.allowed = 5
        await change(bench, binders, 3, 5)
        for binder in binders:
            binder.terminate()
            assert await asyncio.wait_for(binder.wait(), DEADLINE_S) == 0
    came = [number for numbers in carrier.came.values() for number in numbers]
    assert sorted(came) == list(range(bench.written))
    for numbers in carrier.came.values():  # several binds carry what is of one generation
        generations = [bench.generation_of[number] for number in numbers]
        assert generations == sorted(generations)
    assert carrier.refused == 0
    told = [o.message_id for generation in (1, 2, 3) for o in bench.outcomes(generation)]
    assert sorted(told) == sorted(f"m{number}" for number in range(bench.written))


async def test_what_is_written_late_to_an_old_generation_is_not_left_there(bench: Bench) -> None:
    bench.carrier.allowed = 4
    await asyncio.to_thread(bench.configure, 1, 4)
    await asyncio.to_thread(bench.configure, 2, 2)
    await asyncio.to_thread(bench.write, 2, 100)
    async with started("binder", "--config", str(bench.path), "--replica", "binder-0"):
        await bench.until(100)
        await asyncio.to_thread(bench.write, 1, 100)
        await bench.until(200)
        await asyncio.to_thread(bench.write, 2, 100)
        await bench.until(300)
    came = [number for numbers in bench.carrier.came.values() for number in numbers]
    assert sorted(came) == list(range(300))


async def test_a_replica_that_has_not_heard_of_it_is_waited_for(bench: Bench) -> None:
    bench.carrier.allowed = 4
    await asyncio.to_thread(bench.configure, 1, 4)
    old = bench.path.with_name("old.yaml")
    old.write_text(bench.path.read_text(encoding="utf-8"), encoding="utf-8")
    await asyncio.to_thread(bench.configure, 2, 2)
    async with AsyncExitStack() as stack:
        where = ("--config", str(old), "--replica", "binder-0")
        behind = await stack.enter_async_context(started("binder", *where))
        await asyncio.to_thread(bench.write, 1, 100)
        await bench.until(100)
        where = ("--config", str(bench.path), "--replica", "binder-1")
        await stack.enter_async_context(started("binder", *where))
        await asyncio.to_thread(bench.write, 2, 100)
        await asyncio.to_thread(bench.write, 1, 100)
        await bench.until(200)
        assert {bench.generation_of[n] for ns in bench.carrier.came.values() for n in ns} == {1}
        behind.terminate()
        await bench.until(300)
    assert bench.carrier.refused == 0
    assert bench.carrier.count == 300


async def test_a_kill_in_the_middle_of_it_loses_nothing(bench: Bench) -> None:
    carrier = bench.carrier
    carrier.allowed = 4
    await asyncio.to_thread(bench.configure, 1, 4)
    async with AsyncExitStack() as stack:
        binders = []
        for number in range(2):
            where = ("--config", str(bench.path), "--replica", f"binder-{number}")
            binders.append(await stack.enter_async_context(started("binder", *where)))
        await asyncio.to_thread(bench.write, 1, 3000)
        await bench.until(1000)
        await asyncio.to_thread(bench.configure, 2, 2)
        await asyncio.to_thread(bench.write, 2, 500)
        for binder in binders:
            binder.send_signal(signal.SIGHUP)
        binders[1].kill()
        await bench.settled((1, 2))
        async with asyncio.timeout(DEADLINE_S):
            while carrier.bound != 2:
                await asyncio.sleep(0.05)
    came = [number for numbers in carrier.came.values() for number in numbers]
    assert set(came) == set(range(bench.written))
    assert len(came) - bench.written <= 4 * 10 * 2  # binds, window, unconfirmed_per_window
