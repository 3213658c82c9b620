"""What client and server share: batching, the same over uvloop, and laws of the shell."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress

import pytest
import uvloop

from smpp.client import Esme
from smpp.errors import (
    ConnectError,
    ConnectTimeoutError,
    EncodeError,
    LocalProtocolError,
    ResponseTimeoutError,
    SessionLostError,
)
from smpp.pdu import (
    AlertNotification,
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.session import SessionConfig
from smpp.state import Why
from smpp.values import CommandStatus
from smpp.wire import encode
from tests.smpp.loopback import (
    DEADLINE_S,
    PASSWORD,
    Answers,
    Inbox,
    bound_to,
    collector,
    config_of,
    connect,
    raw_server,
    world,
)

BIND = BindTransceiver(sequence_number=1, system_id="us", password=PASSWORD)
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


async def test_a_connection_lost_with_a_full_window_tells_every_request_once() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(port, peers, window_requests_max=20)
        answers: Answers = []
        on_answer, done = collector(answers, 20)
        while esme.room:
            esme.send(SubmitSm(), on_answer, esme.room)
        waiting = esme.request(SubmitSm())
        numbers = [(await peer.pdu()).sequence_number for _ in range(20)]
        await peer.write(SubmitSmResp(sequence_number=numbers[7], message_id="a1"))
        await peer.pdu()  # the slot it freed is used by the one that waited
        peer.cut()
        await asyncio.wait_for(done, DEADLINE_S)
        with pytest.raises(SessionLostError):
            await waiting
        assert (await inbox.end()).why is Why.CONNECTION_LOST
        assert sorted(context for context, _ in answers if isinstance(context, int)) == [
            *range(1, 21)
        ]
        assert [response is not None for _, response in answers].count(True) in (0, 1)
        assert esme.room == 0
        esme.respond(DeliverSm(sequence_number=1))  # goes nowhere, harms nothing
        with pytest.raises(SessionLostError):
            await esme.request(SubmitSm())


async def test_a_response_after_the_timeout_goes_to_on_late() -> None:
    async with raw_server() as (port, peers):
        esme, peer, _ = await bound_to(port, peers, response_timeout_s=0.02)
        late: asyncio.Future[tuple[object, Pdu]] = asyncio.get_running_loop().create_future()
        esme.on_late = lambda context, pdu: late.set_result((context, pdu))
        answers: Answers = []
        on_answer, done = collector(answers, 1)
        number = esme.send(SubmitSm(), on_answer, "m1")
        await asyncio.wait_for(done, DEADLINE_S)
        assert answers == [("m1", None)]
        response = SubmitSmResp(sequence_number=number, message_id="a1")
        await peer.write(response)
        assert await asyncio.wait_for(late, DEADLINE_S) == ("m1", response)
        assert answers == [("m1", None)]


async def test_a_request_that_stays_unanswered_is_a_response_timeout() -> None:
    async with raw_server() as (port, peers):
        esme, _, _ = await bound_to(port, peers, response_timeout_s=0.02)
        with pytest.raises(ResponseTimeoutError):
            await esme.request(SubmitSm())
        assert esme.room == 10


async def test_a_stalled_smsc_is_found_out_by_enquire_link() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(
            port, peers, enquire_link_interval_s=0.02, enquire_link_timeout_s=0.02
        )
        answers: Answers = []
        on_answer, done = collector(answers, 1)
        esme.send(SubmitSm(), on_answer, "m1")
        assert (await inbox.end()).why is Why.LINK_SILENT
        assert done.done()
        assert answers == [("m1", None)]
        assert await peer.is_hung_up()


async def test_an_unbind_that_nobody_answers_still_ends() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(port, peers, unbind_timeout_s=0.02)
        await asyncio.wait_for(esme.close(), DEADLINE_S)
        assert (await inbox.end()).why is Why.NOT_UNBOUND
        assert isinstance(await peer.pdu(), Unbind)


async def test_octet_by_octet_an_answer_still_arrives() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(port, peers)
        deliver = DeliverSm(sequence_number=4, short_message=b"mo")
        for octet in encode(deliver):
            await peer.write(bytes([octet]))
        assert await inbox.request() == deliver
        esme.respond(deliver)
        assert await peer.pdu() == DeliverSmResp(sequence_number=4)


async def test_room_is_offered_once_a_batch_and_waiting_requests_are_served() -> None:
    async with raw_server() as (port, peers):
        esme, peer, _ = await bound_to(port, peers, window_requests_max=2)
        offers: list[int] = []
        esme.on_room = lambda: offers.append(esme.room)
        tasks = [esme.request(SubmitSm()) for _ in range(6)]
        for _ in range(3):
            pair = [await peer.pdu(), await peer.pdu()]
            await peer.write(*[SubmitSmResp(sequence_number=pdu.sequence_number) for pdu in pair])
        await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE_S)
        assert len(offers) <= 6
        assert max(offers) <= 2


async def test_a_callback_that_fails_ends_the_link_after_every_answer_was_told() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(port, peers)
        reported: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))
        answers: Answers = []
        on_answer, done = collector(answers, 2)

        def fail(context: object, response: Pdu | None) -> None:
            raise RuntimeError(context)

        numbers = [
            esme.send(SubmitSm(), on_answer, "a"),
            esme.send(SubmitSm(), fail, "bug"),
            esme.send(SubmitSm(), on_answer, "c"),
        ]
        await peer.write(*[SubmitSmResp(sequence_number=number) for number in numbers])
        await asyncio.wait_for(done, DEADLINE_S)
        closed = await inbox.end()
        assert (closed.why, closed.detail) == (Why.APPLICATION_ERROR, "RuntimeError('bug')")
        assert [repr(error) for error in reported] == ["RuntimeError('bug')"]


async def test_a_generic_nack_is_an_answer_too() -> None:
    async with raw_server() as (port, peers):
        esme, peer, _ = await bound_to(port, peers)
        answer = asyncio.create_task(esme.submit(SubmitSm()))
        request = await peer.pdu()
        nack = GenericNack(
            sequence_number=request.sequence_number,
            command_status=CommandStatus.ESME_RINVCMDID,
        )
        await peer.write(nack)
        assert await asyncio.wait_for(answer, DEADLINE_S) == SubmitSmResp(
            sequence_number=request.sequence_number,
            command_status=CommandStatus.ESME_RINVCMDID,
        )


async def test_nobody_listening_is_a_connect_error() -> None:
    async with raw_server() as (port, _):
        pass
    with pytest.raises(ConnectError, match="Connect call failed"):
        await connect(port, Inbox())


async def test_a_connection_that_takes_too_long_is_a_timeout() -> None:
    async with raw_server() as (port, _):
        with pytest.raises(ConnectTimeoutError):
            await connect(port, Inbox(), connect_timeout_s=0)


async def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    async with (
        world(SmscConfig(host="::1")) as there,
        Esme.bound(config_of(there.smsc.port, host="::1")) as esme,
    ):
        assert esme.peer == f"[::1]:{there.smsc.port}"


async def test_a_connection_is_kept_alive_and_given_up_by_the_kernel() -> None:
    async with world() as there, Esme.bound(config_of(there.smsc.port)) as esme:
        assert esme._transport is not None
        link = esme._transport.get_extra_info("socket")
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


async def test_what_nobody_takes_is_left_in_the_peers_tcp() -> None:
    """alert_notification owes no answer, so only the inbox can be full of it."""
    async with world() as there:
        esme = await Esme.connect(config_of(there.smsc.port, owed_requests_max=10))
        for number in range(20_000):
            there.session.notify(AlertNotification(source_addr=str(number)))
        last, seen = "", 0
        async with asyncio.timeout(DEADLINE_S):
            async for request in esme:
                assert isinstance(request, AlertNotification)
                assert len(esme._inbox) < 15_000  # one read of 256 KiB, never all
                last, seen = request.source_addr, seen + 1
                if seen == 20_000:
                    break
        assert last == "19999"
        await esme.close()


async def test_a_flood_is_left_in_the_peers_tcp_while_answers_are_owed() -> None:
    config = SmscConfig(session=SessionConfig(owed_requests_max=50))
    async with world(config) as there:
        peer = await there.raw()
        await peer.write(BIND)
        await peer.pdu()
        one = encode(SubmitSm(sequence_number=5, short_message=bytes(200)))
        flood = 5_000
        writing = asyncio.create_task(peer.write(one * flood))
        answered = most = 0
        while answered < flood:
            request = await there.at_smsc.request()
            most = max(most, there.at_smsc.requests.qsize())
            there.session.respond(request, message_id="1")
            answered += 1
        await writing
        assert most < 50 + (256 * 1024) // len(one)  # the limit, and what one read had in it


async def test_a_peer_that_takes_no_answers_is_cut_off() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BIND)
        enquiries = encode(EnquireLink(sequence_number=1)) * 4096
        with suppress(ConnectionError):
            while True:
                await asyncio.wait_for(peer.write(enquiries), DEADLINE_S)
        assert (await there.at_smsc.end()).why is Why.PEER_NOT_READING


async def test_raw_octets_go_out_as_they_are() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BIND)
        await peer.pdu()
        there.session.write_raw(encode(EnquireLink(sequence_number=0xFFFF_FFFF)))
        assert await peer.pdu() == EnquireLink(sequence_number=0xFFFF_FFFF)
