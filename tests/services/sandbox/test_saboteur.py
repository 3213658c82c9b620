"""Every fault as it is seen from the other end: by an ESME, and by whoever reads octets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from services.sandbox.faults import COMMAND_LENGTHS, UNKNOWN_COMMAND_ID
from services.sandbox.smsc import Sandbox
from services.sandbox.troubles import Fault
from smpp import pdu
from smpp.client import Esme, EsmeConfig
from smpp.errors import PduError, ResponseTimeoutError, SessionLostError, SmppError
from smpp.state import Why
from smpp.values import CommandStatus
from tests.services.sandbox.loopback import (
    DEADLINE_S,
    PASSWORD,
    bound,
    lines,
    sandbox,
    submit_sm,
)
from tests.smpp.loopback import RawPeer

OK = CommandStatus.ESME_ROK
LATE = (Fault(fault="late_response", share=1, after_ms=60),)


@asynccontextmanager
async def octets(own: Sandbox) -> AsyncIterator[tuple[asyncio.StreamReader, RawPeer]]:
    """A peer of octets, bound as `one`, and what it reads; cut before the sandbox stops."""
    reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
    peer = RawPeer(reader, writer)
    await peer.write(pdu.BindTransceiver(sequence_number=1, system_id="one", password=PASSWORD))
    assert (await peer.pdu()).command_status is OK
    try:
        yield reader, peer
    finally:
        peer.cut()


@asynccontextmanager
async def raw(own: Sandbox) -> AsyncIterator[RawPeer]:
    """A peer of octets, bound as `one`."""
    async with octets(own) as (_, peer):
        yield peer


def numbered(number: int) -> pdu.SubmitSm:
    return replace(submit_sm(number, registered_delivery=0), sequence_number=number)


def counted(own: Sandbox) -> dict[str, int]:
    found: dict[str, int] = own.statistics()["misbehaved"]
    return found


async def test_a_bind_that_is_never_answered_ends_in_time() -> None:
    config = {"system_id": "one", "password": PASSWORD, "host": "127.0.0.1"}
    async with sandbox("faults: [{fault: never_answer_bind, share: 1}]") as own:
        with pytest.raises(SmppError):
            await Esme.connect(EsmeConfig(port=own.port, bind_timeout_s=0.05, **config))  # type: ignore[arg-type]
        assert counted(own) == {"never_answer_bind": 1}
        assert own.statistics()["binds"] == 0


async def test_an_answer_that_never_comes_was_yet_a_message_taken() -> None:
    async with sandbox("faults: [{fault: never_answer_submit, after: 2}]") as own, raw(own) as peer:
        await peer.write(numbered(2), numbered(3), numbered(4))
        assert [(await peer.pdu()).sequence_number for _ in range(2)] == [2, 4]
        assert [e["command_status"] for e in lines(own.ledger.segments)] == [0, 0, 0]


async def test_a_late_answer_comes_after_the_next_one() -> None:
    text = "faults: [{fault: late_response, after: 1, after_ms: 30}]"
    async with sandbox(text) as own, raw(own) as peer:
        await peer.write(numbered(2), numbered(3))
        assert [(await peer.pdu()).sequence_number for _ in range(2)] == [3, 2]


async def test_an_esme_gives_up_a_late_answer_and_goes_on() -> None:
    text = "faults: [{fault: late_response, after: 1, after_ms: 100}]"
    config = EsmeConfig(
        host="127.0.0.1",
        port=0,
        system_id="one",
        password=PASSWORD,
        response_timeout_s=0.03,
    )
    late = asyncio.Event()
    async with sandbox(text) as own:
        esme = await Esme.connect(replace(config, port=own.port))
        esme.on_late = lambda context, response: late.set()
        with pytest.raises(ResponseTimeoutError):
            await esme.request(submit_sm(1, registered_delivery=0))
        await asyncio.wait_for(late.wait(), DEADLINE_S)
        assert (await esme.request(submit_sm(2, registered_delivery=0))).command_status is OK
        await esme.close()


async def test_an_answer_comes_twice() -> None:
    async with sandbox("faults: [{fault: repeated_response, after: 1}]") as own, raw(own) as peer:
        await peer.write(numbered(2), numbered(3))
        assert [(await peer.pdu()).sequence_number for _ in range(3)] == [2, 2, 3]


async def test_an_answer_comes_under_a_number_that_nobody_used() -> None:
    async with sandbox("faults: [{fault: wrong_sequence, after: 1}]") as own, raw(own) as peer:
        await peer.write(numbered(2), numbered(3))
        assert (await peer.pdu()).sequence_number > 3
        assert (await peer.pdu()).sequence_number == 3


async def test_after_half_a_pdu_there_is_silence() -> None:
    text = "faults: [{fault: half_pdu, after: 1}]"
    async with sandbox(text) as own, octets(own) as (reader, peer):
        await peer.write(numbered(2))
        command_length = int.from_bytes(await reader.readexactly(4), "big")
        await reader.readexactly(command_length // 2 - 4)
        await peer.write(numbered(3), pdu.EnquireLink(sequence_number=4))
        await peer.write(pdu.Unbind(sequence_number=5))  # nor is this answered, but it ends
        assert await asyncio.wait_for(reader.read(), DEADLINE_S) == b""


async def test_a_dribbled_answer_is_whole_and_nothing_overtakes_it() -> None:
    text = "faults: [{fault: dribble, after: 1}, {fault: garbage, after: 2}]"
    async with sandbox(text) as own, octets(own) as (reader, peer):
        await peer.write(numbered(2))
        length = await reader.readexactly(1)
        await peer.write(numbered(3), pdu.EnquireLink(sequence_number=4))
        length += await reader.readexactly(3)
        rest = await reader.readexactly(int.from_bytes(length, "big") - 4)
        assert int.from_bytes(rest[8:12], "big") == 2
        assert {(await peer.pdu()).sequence_number for _ in range(2)} == {3, 4}
        await peer.write(numbered(5))
        assert (await peer.pdu()).sequence_number == 5
        assert counted(own) == {"dribble": 1}


async def test_an_esme_reads_what_is_dribbled() -> None:
    async with sandbox("faults: [{fault: dribble, share: 1}]") as own, bound(own) as handset:
        answers = await asyncio.gather(*[handset.submit(n) for n in range(20)])
        assert {answer.command_status for answer in answers} == {OK}
        await handset.receive(20)


async def test_an_unknown_command_is_nacked_and_harms_nothing() -> None:
    async with sandbox("faults: [{fault: unknown_command, share: 1}]") as own:
        async with bound(own) as handset:
            assert [(await handset.submit(n)).command_status for n in (1, 2)] == [OK, OK]
            assert handset.esme.session.counts.unreadable == 2
        async with raw(own) as peer:
            await peer.write(numbered(2))
            with pytest.raises(PduError) as error:
                await peer.pdu()
            assert error.value.command_id == UNKNOWN_COMMAND_ID


@pytest.mark.parametrize("claimed", COMMAND_LENGTHS)
async def test_a_command_length_that_hurts_ends_the_session_of_an_esme(claimed: int) -> None:
    text = f"faults: [{{fault: command_length, after: 2, command_length: {claimed}}}]"
    async with sandbox(text) as own, bound(own) as handset:
        await handset.submit(1)
        with pytest.raises(SessionLostError):
            await handset.submit(2)
        assert (await handset.esme.ended()).why is Why.PROTOCOL_ERROR
        async with bound(own) as other:
            assert (await other.submit(3)).command_status is OK


async def test_garbage_ends_the_session_of_an_esme() -> None:
    async with sandbox("faults: [{fault: garbage, share: 1}]") as own, bound(own) as handset:
        with pytest.raises(SessionLostError):
            await handset.submit()
        assert (await handset.esme.ended()).why is Why.PROTOCOL_ERROR


async def test_a_flood_of_enquire_link_is_answered_and_the_bind_lives() -> None:
    text = "faults: [{fault: enquire_flood, after: 1, count: 500}]"
    async with sandbox(text) as own, bound(own) as handset:
        assert [(await handset.submit(n)).command_status for n in (1, 2)] == [OK, OK]
    async with sandbox(text) as own, raw(own) as peer:
        await peer.write(numbered(2))
        found = [type(await peer.pdu()) for _ in range(501)]
        assert found == [pdu.EnquireLink] * 500 + [pdu.SubmitSmResp]


async def test_a_reset_leaves_a_window_unanswered_that_was_taken() -> None:
    async with sandbox("faults: [{fault: reset, after: 3}]") as own, bound(own) as handset:
        ends = await asyncio.gather(
            *[handset.submit(n, registered_delivery=0) for n in range(5)], return_exceptions=True
        )
        assert [type(end) for end in ends] == [SessionLostError] * 5
        assert (await handset.esme.ended()).why is Why.CONNECTION_LOST
        assert len(lines(own.ledger.segments)) == 5


async def test_an_unbind_comes_with_an_answer() -> None:
    async with sandbox("faults: [{fault: unbind, after: 2}]") as own, bound(own) as handset:
        assert [(await handset.submit(n)).command_status for n in (1, 2)] == [OK, OK]
        async with asyncio.timeout(DEADLINE_S):
            assert (await handset.esme.ended()).why is Why.PEER_UNBOUND


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("fault: garbage", Why.PROTOCOL_ERROR),
        ("fault: command_length", Why.PROTOCOL_ERROR),
        ("fault: reset", Why.CONNECTION_LOST),
        ("fault: unbind", Why.PEER_UNBOUND),
    ],
)
async def test_a_periodic_fault_needs_no_traffic(row: str, why: Why) -> None:
    async with sandbox(f"faults: [{{{row}, every_s: 0.02}}]") as own, bound(own) as handset:
        async with asyncio.timeout(DEADLINE_S):
            assert (await handset.esme.ended()).why is why


async def test_a_periodic_fault_comes_again_until_the_scenario_changes() -> None:
    text = "faults: [{fault: enquire_flood, every_s: 0.02, count: 2}]"
    async with sandbox(text) as own, raw(own) as peer:
        assert [type(await peer.pdu()) for _ in range(6)] == [pdu.EnquireLink] * 6
        own.change(own.scenario.model_copy(update={"faults": LATE}))
        count = counted(own)["enquire_flood"]
        await peer.write(numbered(2))
        while not isinstance(await peer.pdu(), pdu.SubmitSmResp):
            pass
        assert counted(own)["enquire_flood"] == count
