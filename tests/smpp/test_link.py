"""What client and server share: batching, the same over uvloop, and laws of the shell."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from smpp.errors import EncodeError, LocalProtocolError, SessionLostError
from smpp.pdu import Pdu, SubmitSm, SubmitSmResp
from smpp.server import Smsc, SmscSession
from smpp.state import Why
from smpp.values import CommandStatus
from tests.smpp.loopback import DEADLINE_S, PASSWORD, Answers, Inbox, collector, connect, world

MESSAGES = 5_000
Run = Callable[[Coroutine[None, None, None]], None]


def respond(session: SmscSession, request: Pdu) -> None:
    assert isinstance(request, SubmitSm)
    session.respond(request, message_id=request.short_message.decode())


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_thousands_of_messages_each_get_their_own_answer(run: Run) -> None:
    async def exchange() -> None:
        batches: list[SmscSession] = []
        smsc = Smsc(
            on_bind=lambda session, bind: CommandStatus.ESME_ROK,
            on_request=respond,
            on_batch=batches.append,
        )
        async with smsc:
            esme = await connect(smsc.port, Inbox(), window_requests_max=100)
            answers: Answers = []
            on_answer, done = collector(answers, MESSAGES)
            sent = iter(range(MESSAGES))

            def pump() -> None:
                while esme.room and (number := next(sent, None)) is not None:
                    text = str(number).encode()
                    esme.send(SubmitSm(short_message=text), on_answer, str(number))

            esme.on_room = pump
            pump()
            await asyncio.wait_for(done, DEADLINE_S)
            assert len(batches) < MESSAGES / 4  # many PDUs a read, and so a write
            for context, response in answers:
                assert isinstance(response, SubmitSmResp)
                assert response.message_id == context
            await esme.close()

    run(exchange())


async def test_a_lost_link_is_aborted_from_our_side_too() -> None:
    inbox = Inbox()
    smsc = Smsc(
        on_bind=lambda session, bind: CommandStatus(0 if bind.password == PASSWORD else 0x0E),
        on_request=respond,
    )
    async with smsc:
        esme = await connect(smsc.port, inbox)
        answers: Answers = []
        on_answer, _ = collector(answers, 1)
        esme.send(SubmitSm(), on_answer, "m1")
        esme.abort(detail="drill")
        assert answers == [("m1", None)]
        closed = await inbox.end()
        assert (closed.why, closed.detail) == (Why.ABORTED, "drill")
        await asyncio.wait_for(esme.close(), DEADLINE_S)


async def test_a_cancelled_request_frees_its_slot_when_its_answer_comes() -> None:
    held: asyncio.Queue[tuple[SmscSession, Pdu]] = asyncio.Queue()
    smsc = Smsc(
        on_bind=lambda session, bind: CommandStatus.ESME_ROK,
        on_request=lambda session, pdu: held.put_nowait((session, pdu)),
    )
    async with smsc:
        esme = await connect(smsc.port, Inbox(), window_requests_max=1)
        first = esme.request(SubmitSm())
        second = esme.request(SubmitSm())
        third = esme.request(SubmitSm())
        session, request = await held.get()
        first.cancel()
        second.cancel()
        session.respond(request, message_id="1")
        session, request = await asyncio.wait_for(held.get(), DEADLINE_S)
        session.respond(request, message_id="3")
        answer = await asyncio.wait_for(third, DEADLINE_S)
        assert isinstance(answer, SubmitSmResp)
        assert answer.message_id == "3"


async def test_whoever_waits_for_room_is_served_in_order_but_for_the_cancelled() -> None:
    async with world() as there:
        esme = await there.bind(window_requests_max=1)
        first, second, third = [esme.request(SubmitSm()) for _ in range(3)]
        second.cancel()
        there.session.respond(await there.at_smsc.request(), message_id="1")
        there.session.respond(await there.at_smsc.request(), message_id="3")
        answers = await asyncio.wait_for(asyncio.gather(first, third), DEADLINE_S)
        assert [answer.message_id for answer in answers if isinstance(answer, SubmitSmResp)] == [
            "1",
            "3",
        ]


async def test_what_waits_for_room_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smpp.link.WAITING_REQUESTS_MAX", 1)
    async with world() as there:
        esme = await there.bind(window_requests_max=1)
        waiting = [esme.request(SubmitSm()) for _ in range(2)]
        with pytest.raises(LocalProtocolError, match="wait for room already"):
            esme.request(SubmitSm())
        esme.abort()
        for answer in waiting:
            with pytest.raises(SessionLostError):
                await answer


async def test_what_cannot_be_written_is_told_to_whoever_asked_now_or_later() -> None:
    async with world() as there:
        esme = await there.bind(window_requests_max=1)
        unwritable = SubmitSm(destination_addr="4" * 21)
        with pytest.raises(EncodeError):
            esme.request(unwritable)
        first, second = esme.request(SubmitSm()), esme.request(unwritable)
        there.session.respond(await there.at_smsc.request(), message_id="1")
        await asyncio.wait_for(first, DEADLINE_S)
        with pytest.raises(EncodeError):
            await second
