"""The binder asks the SMSC about messages, on the real broker, once and while it has a bind."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline import topics
from pipeline.config import KafkaConfig, load
from pipeline.ids import MessageId, SmscMessageId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import headers_of, make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import SmscCommand, SmscCommanded
from smpp.pdu import CancelSm, Pdu, QuerySm
from smpp.server import SmscSession
from smpp.values import CommandStatus, MessageState
from tests.broker.test_binder import CODEC, DEADLINE_S, Bench, Carrier
from tests.traced import CAME


class Answering(Carrier):
    """A carrier that knows the message `there` and no other."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def _take(self, session: SmscSession, pdu: Pdu) -> None:
        assert isinstance(pdu, QuerySm | CancelSm)
        self.asked[pdu.message_id] += 1
        if pdu.message_id != "there":
            session.respond(pdu, CommandStatus.ESME_RQUERYFAIL)
        elif isinstance(pdu, QuerySm):
            session.respond(pdu, message_id="there", message_state=MessageState.ENROUTE)
        else:
            session.respond(pdu)


class Desk(Bench):
    """A bench whose connector is asked about messages."""

    carrier: Answering

    @property
    def commands(self) -> str:
        return topics.command(self.connector)

    def order(self, command_id: str, action: str, smsc_message_id: str, wait_ms: int) -> None:
        command = SmscCommand(
            command_id=command_id,
            message_id=MessageId(f"{self.connector}-{command_id}"),
            segment=1,
            hop=0,
            action=action,
            smsc_message_id=SmscMessageId(smsc_message_id),
            source_addr_ton=5,
            source_addr_npi=0,
            source_addr="ACME",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="46701234567",
            asked_ms=now_ms(),
            deadline_ms=now_ms() + wait_ms,
        )
        self.put(command.message_id, CODEC.encode(command, self.commands))

    def put(self, key: str, octets: bytes) -> None:
        producer = make_producer(self.config.kafka)
        produce(producer, self.commands, key, octets, headers=CAME)
        assert producer.flush(DEADLINE_S) == 0

    def answers(self) -> dict[str, SmscCommanded]:
        """By command_id; each is of the trace of its command."""
        own = f"{self.connector}-"
        found = {}
        for message in read_to_end(self.config.kafka, [topics.TRACKER_IN]):
            if (message.key() or b"").decode().startswith(own):
                answer = CODEC.decode(message.value(), SmscCommanded)
                found[answer.command_id] = answer
                assert headers_of(message) == CAME
        return found

    async def answered(self, *command_ids: str) -> dict[str, SmscCommanded]:
        async with asyncio.timeout(DEADLINE_S):
            while not (found := await asyncio.to_thread(self.answers)).keys() >= {*command_ids}:
                await asyncio.sleep(0.1)
        return found


@pytest.fixture
async def desk(
    kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """One bind, so that of two binders only one has any."""
    monkeypatch.setenv("CARRIER_PASSWORD", "canary")
    carrier = Answering()
    async with carrier.smsc:
        path = tmp_path / "heliograph.yaml"
        path.write_text(
            f"""
            kafka: {{bootstrap_servers: "{kafka.bootstrap_servers}"}}
            connectors:
              c{uuid4().hex[:8]}:
                hosts: 127.0.0.1:{carrier.smsc.port}
                system_id: us
                password: ${{CARRIER_PASSWORD}}
                binds: 1
                rate_per_s: 100
            """,
            encoding="utf-8",
        )
        config = load(path)
        await asyncio.to_thread(create_topics, config.kafka, catalog(config))
        yield Desk(config, path, carrier)


async def test_what_an_smsc_says_is_told_and_what_can_t_be_read_stops_nothing(desk: Desk) -> None:
    """Commands wait for a bind; of two binders it does not matter which has it."""
    await asyncio.to_thread(desk.order, "late", "query", "there", 0)
    await asyncio.to_thread(desk.put, "broken", b"broken")
    await asyncio.to_thread(desk.order, "query", "query", "there", 60_000)
    async with desk.binder("binder-0"), desk.binder("binder-1"):
        await asyncio.to_thread(desk.order, "unknown", "query", "elsewhere", 60_000)
        for number in range(8):  # over all partitions
            await asyncio.to_thread(desk.order, f"c{number}", "cancel", "there", 60_000)
        names = [f"c{number}" for number in range(8)]
        found = await desk.answered("late", "query", "unknown", *names)
    told = {n: (a.outcome, a.reason, a.command_status, a.message_state) for n, a in found.items()}
    assert told == {
        "late": ("no_answer", "expired", None, None),
        "query": ("answered", None, 0, "ENROUTE"),
        "unknown": ("answered", "ESME_RQUERYFAIL", 0x67, None),
        **dict.fromkeys(names, ("answered", None, 0, None)),
    }
    assert {a.connector for a in found.values()} == {desk.connector}
    assert desk.carrier.asked == {"there": 9, "elsewhere": 1}
    dead = [m.value() for m in read_to_end(desk.config.kafka, [topics.dlq_of(desk.commands)])]
    assert dead == [b"broken"]


async def test_what_was_answered_is_not_asked_again_by_the_next_binder(desk: Desk) -> None:
    await asyncio.to_thread(desk.order, "first", "cancel", "there", 60_000)
    async with desk.binder() as process:
        await desk.answered("first")
        process.terminate()
        await asyncio.wait_for(process.wait(), DEADLINE_S)
    await asyncio.to_thread(desk.order, "second", "cancel", "there", 60_000)
    async with desk.binder():
        await desk.answered("second")
    assert desk.carrier.asked == {"there": 2}
