"""The binder as a process, between the real broker and an SMSC of ours on loopback."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from uuid import uuid4

import pytest

from heliograph.unresolved import doubts, fail, resend
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig, load
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId, Msisdn
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import ConnectorState, MtSubmit, MtSubmitted, OptOut, SmscDeliver, Tlv
from services.binder.core import CRASHED, Position, Segment, submitted
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker
from smpp import times
from smpp.pdu import DeliverSm, Pdu, SubmitSm
from smpp.server import Smsc, SmscSession
from smpp.values import CommandStatus
from tests.broker.conftest import started
from tests.builders import mt_submit

DEADLINE_S = 40
CODEC = Codec()
LEDGER_TAG = 0x1501
BINDS, WINDOW = 2, 10
BOUND = BINDS * WINDOW * 2


class Carrier:
    """An SMSC that notes what it accepts and answers as it is told."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.binds_max = 0
        self.answer: Callable[[SmscSession, SubmitSm], CommandStatus | None] = lambda *_: (
            CommandStatus.ESME_ROK
        )
        self.smsc = Smsc(on_bind=self._bind, on_request=self._take)

    def _bind(self, session: SmscSession, _: Pdu) -> CommandStatus:
        bound = [s for s in self.smsc.sessions if s.bind_type is not None]
        self.binds_max = max(self.binds_max, len(bound) + 1)
        return CommandStatus.ESME_ROK if len(bound) < BINDS else CommandStatus.ESME_RALYBND

    def _take(self, session: SmscSession, pdu: Pdu) -> None:
        assert isinstance(pdu, SubmitSm)
        status = self.answer(session, pdu)
        if status is None:
            return
        name = dict(pdu.tlvs)[LEDGER_TAG].decode()
        self.accepted[name] += status == CommandStatus.ESME_ROK
        session.respond(pdu, status, message_id=f"id-{name}" if status == 0 else "")


class Bench:
    """One connector with topics of its own, its carrier, and binders to start."""

    def __init__(self, config: Config, path: Path, carrier: Carrier) -> None:
        (name,) = config.connectors
        self.config = config
        self.carrier = carrier
        self.connector = ConnectorId(name)
        self.submits = topics.submit(self.connector, 1, priority=False)
        self.output = topics.submitted(self.connector, 1)
        self.path = path

    def write(self, count: int, prefix: str = "m", **changes: object) -> None:
        fields = {"requested_ms": now_ms(), "deadline_ms": now_ms() + 600_000, **changes}
        producer = make_producer(self.config.kafka)
        for number in range(count):
            name = f"{prefix}{number}"
            tlvs = (Tlv(tag=LEDGER_TAG, value=name.encode()),)
            record = mt_submit(name, tlvs=tlvs, **fields)
            octets = CODEC.encode(record, self.submits)
            produce(producer, self.submits, f"4670{number}", octets)
        assert producer.flush(DEADLINE_S) == 0

    def outcomes(self) -> list[MtSubmitted]:
        read = read_to_end(self.config.kafka, [self.output])
        return [CODEC.decode(message.value(), MtSubmitted) for message in read]

    async def settled(self, count: int) -> list[MtSubmitted]:
        """All outcomes, once `count` messages have one."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                found = await asyncio.to_thread(self.outcomes)
                ended = {o.message_id for o in found if o.outcome != "intent"}
                if len(ended) >= count:
                    return found

    def configure(self, more: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(f"{dedent(text)}\n{more}\n", encoding="utf-8")

    @asynccontextmanager
    async def scheduler(self) -> AsyncIterator[Process]:
        where = ("--config", str(self.path), "--replica", f"scheduler-{self.connector}")
        async with started("scheduler", *where) as process:
            yield process

    async def bound(self) -> SmscSession:
        """A bind that is up, once there is one."""
        async with asyncio.timeout(DEADLINE_S):
            while not (up := [s for s in self.carrier.smsc.sessions if s.room]):
                await asyncio.to_thread(self.outcomes)
        return up[0]

    @asynccontextmanager
    async def binder(self, replica: str = "binder-0") -> AsyncIterator[Process]:
        where = ("--config", str(self.path), "--replica", replica)
        async with started("binder", *where) as process:
            yield process


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARRIER_PASSWORD", "canary")
    return tmp_path


@pytest.fixture
async def bench(kafka: KafkaConfig, folder: Path) -> AsyncIterator[Bench]:
    carrier = Carrier()
    async with carrier.smsc:
        path = folder / "heliograph.yaml"
        path.write_text(
            f"""
            kafka: {{bootstrap_servers: "{kafka.bootstrap_servers}"}}
            connectors:
              c{uuid4().hex[:8]}:
                hosts: 127.0.0.1:{carrier.smsc.port}
                system_id: us
                password: ${{CARRIER_PASSWORD}}
                binds: {BINDS}
                window: {WINDOW}
                rate_per_s: 2000
            """,
            encoding="utf-8",
        )
        config = load(path)
        await asyncio.to_thread(create_topics, config.kafka, catalog(config))
        yield Bench(config, path, carrier)


async def test_every_segment_is_submitted_once_and_its_outcome_told(bench: Bench) -> None:
    await asyncio.to_thread(bench.write, 500)
    async with bench.binder() as process:
        outcomes = await bench.settled(500)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0
    assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(500)})
    assert len(outcomes) == 500
    assert {o.outcome for o in outcomes} == {"accepted"}
    assert {o.smsc_message_id for o in outcomes} == {f"id-m{n}" for n in range(500)}
    copies = copies_for_the_correlator(bench)
    assert copies == Counter({f"m{n}": 1 for n in range(500)})


def copies_for_the_correlator(bench: Bench) -> Counter[str]:
    found: Counter[str] = Counter()
    for message in read_to_end(bench.config.kafka, [topics.CORRELATOR_IN]):
        record = CODEC.decode(message.value(), MtSubmitted, SmscDeliver)
        if isinstance(record, MtSubmitted) and record.connector == bench.connector:
            found[record.message_id] += 1
    return found


async def test_a_graceful_stop_under_load_doubles_nothing(bench: Bench) -> None:
    await asyncio.to_thread(bench.write, 1500)
    for _ in range(2):
        half = asyncio.Event()
        start = bench.carrier.accepted.total()

        def count(
            _: SmscSession, __: SubmitSm, half: asyncio.Event = half, at: int = start
        ) -> CommandStatus:
            if bench.carrier.accepted.total() >= at + 300:
                half.set()
            return CommandStatus.ESME_ROK

        bench.carrier.answer = count
        async with bench.binder() as process:
            await asyncio.wait_for(half.wait(), DEADLINE_S)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0
    async with bench.binder():
        outcomes = await bench.settled(1500)
    assert len(outcomes) == 1500
    assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(1500)})


async def test_a_kill_loses_nothing_and_doubles_within_the_bound(bench: Bench) -> None:
    await asyncio.to_thread(bench.write, 1500)
    kills = 3
    for number in range(kills):
        enough, wanted = asyncio.Event(), (number + 1) * 250

        def count(
            _: SmscSession, __: SubmitSm, enough: asyncio.Event = enough, wanted: int = wanted
        ) -> CommandStatus:
            if bench.carrier.accepted.total() >= wanted:
                enough.set()
            return CommandStatus.ESME_ROK

        bench.carrier.answer = count
        async with bench.binder() as process:
            await asyncio.wait_for(enough.wait(), DEADLINE_S)
            process.send_signal(signal.SIGKILL)
            await process.wait()
    async with bench.binder():
        await bench.settled(1500)
    assert set(bench.carrier.accepted) == {f"m{n}" for n in range(1500)}
    assert bench.carrier.accepted.total() - 1500 <= kills * BOUND
    assert set(copies_for_the_correlator(bench)) == set(bench.carrier.accepted)


async def test_two_replicas_share_the_binds_and_hand_over(bench: Bench) -> None:
    names: list[str] = []

    async def write(count: int) -> None:
        prefix = f"round{len(names)}-"
        names.extend(f"{prefix}{n}" for n in range(count))
        await asyncio.to_thread(bench.write, count, prefix)

    async with bench.binder("binder-0") as first, bench.binder("binder-1"):
        async with asyncio.timeout(DEADLINE_S):
            while len({o.replica for o in await asyncio.to_thread(bench.outcomes)}) < 2:
                await write(100)
        await write(1000)
        first.terminate()
        assert await asyncio.wait_for(first.wait(), DEADLINE_S) == 0
        outcomes = await bench.settled(len(names))
    assert bench.carrier.binds_max <= BINDS
    assert len(outcomes) == len(names)
    assert bench.carrier.accepted == Counter(names)


async def test_throttling_is_retried_until_it_passes(bench: Bench) -> None:
    refusals = iter([CommandStatus.ESME_RTHROTTLED] * 3 + [CommandStatus.ESME_RMSGQFUL] * 3)
    bench.carrier.answer = lambda *_: next(refusals, CommandStatus.ESME_ROK)
    await asyncio.to_thread(bench.write, 50)
    async with bench.binder():
        outcomes = await bench.settled(50)
    assert {o.outcome for o in outcomes} == {"accepted"}
    assert max(o.attempt for o in outcomes) > 1
    assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(50)})


async def test_a_refusal_for_good_and_a_passed_deadline_are_outcomes(bench: Bench) -> None:
    bench.carrier.answer = lambda *_: CommandStatus.ESME_RINVDSTADR
    await asyncio.to_thread(bench.write, 3)
    await asyncio.to_thread(bench.write, 5, "late", deadline_ms=now_ms() - 1)
    async with bench.binder():
        outcomes = await bench.settled(8)
    assert Counter((o.outcome, o.reason, o.attempt) for o in outcomes) == {
        ("rejected", "ESME_RINVDSTADR", 1): 3,
        ("expired", "validity", 0): 5,
    }


async def test_a_segment_is_written_and_its_answer_read_by_the_profile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {"validity": {"form": "absolute", "max_s": 60}, "statuses": {"0x433": "accepted"}}
    monkeypatch.setenv("HELIOGRAPH__PROFILES", json.dumps({"mine": profile}))
    monkeypatch.setenv(f"HELIOGRAPH__CONNECTORS__{bench.connector.upper()}__PROFILE", "mine")
    left_s: list[float] = []

    def answer(_: SmscSession, pdu: SubmitSm) -> CommandStatus:
        now = datetime.now(UTC)
        left_s.append((times.read(pdu.validity_period, now) - now).total_seconds())
        return CommandStatus(0x433)

    bench.carrier.answer = answer
    await asyncio.to_thread(bench.write, 3)
    async with bench.binder():
        outcomes = await bench.settled(3)
    assert [(o.outcome, o.command_status) for o in outcomes] == [("accepted", 0x433)] * 3
    assert all(50 < left <= 60 for left in left_s)


async def test_nothing_is_written_in_a_maintenance_window(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    always = {"start": "00:00", "end": "00:00", "zone": "UTC", "action": "return"}
    monkeypatch.setenv("HELIOGRAPH__PROFILES", json.dumps({"mine": {"maintenance": [always]}}))
    monkeypatch.setenv(f"HELIOGRAPH__CONNECTORS__{bench.connector.upper()}__PROFILE", "mine")
    async with bench.binder():
        await bench.bound()  # what was there before might have been written by another
        await asyncio.to_thread(bench.write, 3)
        outcomes = await bench.settled(3)
    assert [(o.outcome, o.reason) for o in outcomes] == [("returned", "maintenance")] * 3
    assert not bench.carrier.accepted


async def test_what_was_unanswered_when_the_link_broke_is_resent_or_given_up(bench: Bench) -> None:
    seen: set[int] = set()

    def break_once(session: SmscSession, pdu: SubmitSm) -> CommandStatus | None:
        if len(seen) < 5:
            seen.add(pdu.sequence_number)
            if len(seen) == 5:
                session.abort()
            return None
        return CommandStatus.ESME_ROK

    bench.carrier.answer = break_once
    await asyncio.to_thread(bench.write, 40, on_ambiguous="give_up")
    async with bench.binder():
        outcomes = await bench.settled(40)
    named = Counter(o.outcome for o in outcomes)
    assert named["accepted"] + named["unknown"] == 40, named
    assert 1 <= named["unknown"] <= WINDOW
    assert max(bench.carrier.accepted.values()) == 1


async def test_what_a_person_is_asked_about_is_sent_again_or_ended_as_that_person_says(
    bench: Bench,
) -> None:
    """And what may be at the SMSC already is never said not to be."""
    silent: set[str] = {"sent", "ended", "over"}

    def break_at(session: SmscSession, pdu: SubmitSm) -> CommandStatus | None:
        name = dict(pdu.tlvs)[LEDGER_TAG].decode().rstrip("0")
        if name not in silent:
            return CommandStatus.ESME_ROK
        silent.discard(name)
        session.abort()
        return None

    bench.carrier.answer = break_at
    config = bench.config
    async with bench.binder():
        for count, name in enumerate(("sent", "ended", "over"), 1):
            over_ms = now_ms() + (600_000 if name != "over" else 8_000)
            await asyncio.to_thread(bench.write, 1, name, on_ambiguous="ask", deadline_ms=over_ms)
            await bench.settled(count)
        found = await asyncio.to_thread(doubts, config)
        assert [(d.submit.message_id, d.submit.connector) for d in found] == [
            (f"{name}0", bench.connector) for name in ("sent", "ended", "over")
        ]
        assert await asyncio.to_thread(resend, config, ["sent0"]) == 1
        assert await asyncio.to_thread(fail, config, ["ended0"]) == 1
        await asyncio.sleep(max(0, over_ms - now_ms()) / 1000)
        with pytest.raises(HeliographError, match="was valid until"):
            await asyncio.to_thread(resend, config, ["over0"])
        with pytest.raises(HeliographError, match="nothing of sent0 is unresolved"):
            await asyncio.to_thread(resend, config, ["over0", "sent0"])
        async with asyncio.timeout(DEADLINE_S):
            while not (told := [o for o in bench.outcomes() if o.outcome == "accepted"]):
                await asyncio.sleep(0.1)
    assert [(o.message_id, o.attempt) for o in told] == [("sent0", 2)]
    assert bench.carrier.accepted == {"sent0": 1}
    left = await asyncio.to_thread(doubts, config)
    assert [d.submit.message_id for d in left] == ["over0"]
    facts = [
        CODEC.decode(message.value(), MtSubmitted)
        for message in await asyncio.to_thread(
            lambda: list(read_to_end(config.kafka, [topics.TRACKER_IN]))
        )
    ]
    assert [(f.message_id, f.outcome, f.reason) for f in facts if f.message_id == "ended0"] == [
        ("ended0", "rejected", "operator")
    ]


async def test_what_ends_in_doubt_at_once_when_it_is_sent_again_is_judged_once_more(
    bench: Bench,
) -> None:
    is_silent = True

    def break_once(session: SmscSession, pdu: SubmitSm) -> CommandStatus | None:
        nonlocal is_silent
        if not is_silent:
            return CommandStatus.ESME_ROK
        is_silent = False
        session.abort()
        return None

    bench.carrier.answer = break_once
    about = {"recipient": "467088888", "on_ambiguous": "ask", "class_": "promotional"}
    row = OptOut(recipient=Msisdn("467088888"), action="out", source="mo/2", at_ms=now_ms())
    async with bench.binder():
        await asyncio.to_thread(bench.write, 1, bench.connector, **about)
        await bench.settled(1)
        producer = make_producer(bench.config.kafka)
        octets = CODEC.encode(row, topics.CONTROL_OPTOUT)
        produce(producer, topics.CONTROL_OPTOUT, row.recipient, octets)
        await asyncio.to_thread(producer.flush, DEADLINE_S)
        await asyncio.sleep(1)  # as long as it may take to be obeyed
        assert await asyncio.to_thread(resend, bench.config, [f"{bench.connector}0"]) == 1
        async with asyncio.timeout(DEADLINE_S):
            while not (told := [o for o in bench.outcomes() if o.reason == "rejected"]):
                await asyncio.sleep(0.1)
    assert [(o.outcome, o.attempt) for o in told] == [("unknown", 1)]
    found = await asyncio.to_thread(doubts, bench.config)
    assert [d.submit.doubtful for d in found if d.submit.connector == bench.connector] == [True]


async def test_who_died_before_asking_a_person_is_stood_in_for(bench: Bench) -> None:
    await asyncio.to_thread(bench.write, 1, bench.connector, on_ambiguous="ask")
    (message,) = read_to_end(bench.config.kafka, [bench.submits])
    submit = CODEC.decode(message.value(), MtSubmit)
    position = Position(False, message.partition() or 0, message.offset() or 0)
    lease = Lease(OffsetTracker(0, 0, {}), {})
    segment = Segment(submit, position, lease, None, attempt=1)
    outcome = submitted(segment, CRASHED, bench.connector, "binder-9", now_ms())
    producer = make_producer(bench.config.kafka)
    octets = CODEC.encode(outcome, bench.output)
    produce(producer, bench.output, submit.message_id, octets, partition=outcome.submit_partition)
    await asyncio.to_thread(producer.flush, DEADLINE_S)
    async with bench.binder():
        async with asyncio.timeout(DEADLINE_S):
            while not copies_for_the_correlator(bench):
                await asyncio.sleep(0.1)
    found = await asyncio.to_thread(doubts, bench.config)
    own = [d.submit for d in found if d.submit.connector == bench.connector]
    assert [(s.message_id, s.attempts) for s in own] == [(submit.message_id, 1)]
    assert not bench.carrier.accepted


async def test_a_deliver_sm_is_answered_once_kafka_has_it(bench: Bench) -> None:
    async with bench.binder():
        session = await bench.bound()
        pdu = DeliverSm(
            source_addr="46737654321", destination_addr="12345", short_message=b"VOTE A"
        )
        answer = await asyncio.wait_for(session.request(pdu), DEADLINE_S)
    assert answer.command_status == CommandStatus.ESME_ROK
    found = [
        record
        for message in read_to_end(bench.config.kafka, [topics.CORRELATOR_IN])
        if isinstance(
            record := CODEC.decode(message.value(), MtSubmitted, SmscDeliver), SmscDeliver
        )
        and record.connector == bench.connector
    ]
    assert [(r.handset, r.short_message) for r in found] == [("46737654321", b"VOTE A")]


async def test_what_cannot_be_read_goes_to_the_dead_letters_and_stops_nobody(bench: Bench) -> None:
    producer = make_producer(bench.config.kafka)
    for _ in range(20):
        produce(producer, bench.submits, b"k", b"garbage")
    producer.flush(DEADLINE_S)
    await asyncio.to_thread(bench.write, 20)
    async with bench.binder() as process:
        await bench.settled(20)
        process.terminate()
        await process.wait()
    dead = list(read_to_end(bench.config.kafka, [topics.dlq_of(bench.submits)]))
    assert [message.value() for message in dead] == [b"garbage"] * 20


async def test_who_says_stop_gets_nothing_that_is_written_a_second_later(bench: Bench) -> None:
    key = "467099999"
    row = OptOut(recipient=Msisdn(key), action="out", source="mo/1", at_ms=now_ms())
    async with bench.binder():
        await asyncio.to_thread(bench.write, 1)
        await bench.settled(1)
        producer = make_producer(bench.config.kafka)
        produce(producer, topics.CONTROL_OPTOUT, key, CODEC.encode(row, topics.CONTROL_OPTOUT))
        await asyncio.to_thread(producer.flush, DEADLINE_S)
        about = {"recipient": key, "class_": "promotional"}
        await asyncio.sleep(1)  # the promise
        await asyncio.to_thread(bench.write, 5, "advert", **about)
        await asyncio.to_thread(bench.write, 5, "code", **{**about, "class_": "otp"})
        outcomes = await bench.settled(11)
    reasons = Counter((o.outcome, o.reason) for o in outcomes if o.recipient == key)
    assert reasons == {("rejected", "opted_out"): 5, ("accepted", None): 5}
    assert not any(name.startswith("advert") for name in bench.carrier.accepted)


async def test_a_connector_that_stops_says_so_and_so_does_one_that_is_throttled(
    bench: Bench,
) -> None:
    bench.carrier.answer = lambda *_: CommandStatus.ESME_RPROHIBITED
    async with bench.binder():
        await asyncio.to_thread(bench.write, 1)
        stopped = await told(bench, lambda state: state.state == "stopped")
    assert stopped.reason == "ESME_RPROHIBITED"
    bench.carrier.answer = lambda *_: CommandStatus.ESME_RTHROTTLED
    async with bench.binder():
        slower = await told(bench, lambda s: 0 < s.rate_per_s < 0.6 * s.contract_per_s)
    assert slower.contract_per_s == 1000


async def told(bench: Bench, is_it: Callable[[ConnectorState], bool]) -> ConnectorState:
    """The first state that is looked for."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            read = await asyncio.to_thread(
                read_to_end, bench.config.kafka, [topics.CONNECTOR_STATE]
            )
            for message in read:
                state = CODEC.decode(message.value(), ConnectorState)
                if state.connector == bench.connector and is_it(state):
                    return state


async def test_a_handset_that_is_sick_for_long_waits_in_kafka_and_gets_its_message(
    bench: Bench,
) -> None:
    bench.configure("services: {binder: {retry_in_place_s: 0, postpone_s: 1}}")
    async with bench.binder(), bench.scheduler():
        await asyncio.to_thread(bench.write, 1, "warm")
        await bench.settled(1)  # what comes from now on, nobody else can have written
        bench.carrier.answer = lambda *_: CommandStatus.ESME_RMSGQFUL
        await asyncio.to_thread(bench.write, 1)
        first = next(o for o in await bench.settled(2) if o.message_id == "m0")
        bench.carrier.answer = lambda *_: CommandStatus.ESME_ROK
        outcomes = [first]
        async with asyncio.timeout(DEADLINE_S):
            while outcomes[-1].outcome == "postponed":
                found = await asyncio.to_thread(bench.outcomes)
                outcomes = [o for o in found if o.message_id == "m0"]
    assert (first.outcome, first.reason, first.attempt) == ("postponed", "ESME_RMSGQFUL", 1)
    assert first.retry_at_ms is not None
    last = outcomes[-1]
    assert (last.outcome, last.message_id) == ("accepted", first.message_id)
    assert last.attempt > first.attempt
    assert last.submitted_ms is not None
    assert last.submitted_ms >= first.retry_at_ms


async def test_the_window_is_full_whatever_the_round_trip(bench: Bench) -> None:
    loop, open_now, seen = asyncio.get_running_loop(), Counter[SmscSession](), list[int]()

    def answer(session: SmscSession, pdu: SubmitSm) -> None:
        open_now[session] += 1
        seen.append(open_now[session])
        loop.call_later(0.15, respond, session, pdu)

    def respond(session: SmscSession, pdu: SubmitSm) -> None:
        open_now[session] -= 1
        name = dict(pdu.tlvs)[LEDGER_TAG].decode()
        session.respond(pdu, CommandStatus.ESME_ROK, message_id=f"id-{name}")

    bench.carrier.answer = answer
    await asyncio.to_thread(bench.write, 600)
    async with bench.binder():
        await bench.settled(600)
    assert max(seen) == WINDOW
    steady = seen[BINDS * WINDOW : -BINDS * WINDOW]  # it comes in waves, each up to a full window
    assert steady.count(WINDOW) >= 0.8 * len(steady) / WINDOW


async def test_a_flood_of_mo_and_what_is_submitted_pass_side_by_side(bench: Bench) -> None:
    bench.configure("services: {binder: {delivers_unconfirmed_max: 20}}")
    flood = DeliverSm(source_addr="46737654321", destination_addr="12345", short_message=b"VOTE A")
    statuses: Counter[int] = Counter()

    async def pour(session: SmscSession) -> None:
        while not over.is_set():
            answer = await asyncio.wait_for(session.request(flood), DEADLINE_S)
            statuses[answer.command_status] += 1

    async with bench.binder():
        await asyncio.to_thread(bench.write, 1, "warm")
        await bench.settled(1)
        over = asyncio.Event()
        sessions = [s for s in bench.carrier.smsc.sessions if s.room]
        pouring = [asyncio.create_task(pour(s)) for s in sessions for _ in range(min(40, s.room))]
        await asyncio.to_thread(bench.write, 1000)
        outcomes = await bench.settled(1001)
        meanwhile = statuses.total()  # answered while something was still to be submitted
        over.set()
        await asyncio.gather(*pouring)
    assert {outcome.outcome for outcome in outcomes} == {"accepted"}
    assert meanwhile > 1000
    assert statuses.keys() <= {CommandStatus.ESME_ROK, CommandStatus.ESME_RX_T_APPN}
    assert statuses[CommandStatus.ESME_ROK] > 0
    read = read_to_end(bench.config.kafka, [topics.CORRELATOR_IN])
    found = [CODEC.decode(message.value(), MtSubmitted, SmscDeliver) for message in read]
    kept = [r for r in found if isinstance(r, SmscDeliver) and r.connector == bench.connector]
    assert len(kept) == statuses[CommandStatus.ESME_ROK]
