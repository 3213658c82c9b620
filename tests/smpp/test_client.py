import asyncio
import socket
from typing import Any

import pytest

from smpp.client import Esme, EsmeConfig
from smpp.errors import (
    BindRefusedError,
    BindTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    ResponseTimeoutError,
    SessionLostError,
)
from smpp.pdu import (
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from smpp.server import SmscConfig
from smpp.state import Why
from smpp.values import BindType, CommandStatus
from smpp.wire import encode
from tests.smpp.loopback import (
    DEADLINE_S,
    PASSWORD,
    Answers,
    Inbox,
    RawPeer,
    collector,
    connect,
    raw_server,
    world,
)


async def bound_to(
    port: int, peers: "asyncio.Queue[RawPeer]", **fields: object
) -> tuple[Esme, RawPeer, Inbox]:
    """An Esme bound to a raw peer."""
    inbox = Inbox()
    connecting = asyncio.create_task(connect(port, inbox, **fields))
    peer = await peers.get()
    bind = await peer.pdu()
    await peer.write(BindTransceiverResp(sequence_number=bind.sequence_number))
    return await connecting, peer, inbox


async def test_submit_answer_deliver_answer_unbind() -> None:
    async with world() as there:
        esme = await there.bind()
        answer = esme.request(SubmitSm(short_message=b"mt"))
        there.session.respond(await there.at_smsc.request(), message_id="a1")
        assert await answer == SubmitSmResp(sequence_number=2, message_id="a1")

        answer = there.session.request(DeliverSm(short_message=b"mo"))
        esme.respond(await there.at_esme.request(), CommandStatus.ESME_RX_T_APPN)
        assert (await answer).command_status is CommandStatus.ESME_RX_T_APPN

        await esme.close()
        await esme.close()
        assert (await there.at_esme.end()).why is Why.WE_UNBOUND
        assert (await there.at_smsc.end()).why is Why.PEER_UNBOUND


@pytest.mark.parametrize(
    ("bind_type", "record"),
    [
        (BindType.TRANSMITTER, BindTransmitter),
        (BindType.RECEIVER, BindReceiver),
        (BindType.TRANSCEIVER, BindTransceiver),
    ],
)
def test_the_bind_says_everything_of_its_config(bind_type: BindType, record: type[Pdu]) -> None:
    config = EsmeConfig(
        host="h",
        port=1,
        system_id="us",
        password="secret",
        bind_type=bind_type,
        system_type="t",
        addr_ton=1,
        addr_npi=2,
        address_range="^49",
    )
    assert config.bind() == record(
        system_id="us",
        password="secret",
        system_type="t",
        addr_ton=1,
        addr_npi=2,
        address_range="^49",
    )  # type: ignore[call-arg]
    assert "secret" not in repr(config)


async def test_a_bad_password_is_refused_with_its_status_and_the_socket_closed() -> None:
    async with world() as there:
        with pytest.raises(BindRefusedError) as caught:
            await there.bind(password="wrong")
        assert caught.value.status is CommandStatus.ESME_RINVPASWD
    assert there.smsc.sessions == set()


async def test_a_bind_answered_by_generic_nack_is_refused() -> None:
    async with raw_server() as (port, peers):
        connecting = asyncio.create_task(connect(port, Inbox()))
        peer = await peers.get()
        bind = await peer.pdu()
        nack = CommandStatus.ESME_RINVCMDID
        await peer.write(GenericNack(sequence_number=bind.sequence_number, command_status=nack))
        with pytest.raises(BindRefusedError):
            await connecting
        assert await peer.is_hung_up()


async def test_a_bind_that_nobody_answers_times_out_and_hangs_up() -> None:
    async with raw_server() as (port, peers):
        with pytest.raises(BindTimeoutError):
            await connect(port, Inbox(), bind_timeout_s=0.02)
        assert await (await peers.get()).is_hung_up()


async def test_a_link_lost_while_binding_is_a_lost_session() -> None:
    async with raw_server() as (port, peers):
        connecting = asyncio.create_task(connect(port, Inbox()))
        peer = await peers.get()
        await peer.pdu()
        peer.cut()
        with pytest.raises(SessionLostError):
            await connecting


async def test_a_cancelled_connect_leaves_no_socket() -> None:
    async with raw_server() as (port, peers):
        connecting = asyncio.create_task(connect(port, Inbox()))
        peer = await peers.get()
        await peer.pdu()
        connecting.cancel()
        assert await peer.is_hung_up()
        with pytest.raises(asyncio.CancelledError):
            await connecting


async def test_nobody_listening_is_a_connect_error() -> None:
    async with raw_server() as (port, _):
        pass
    with pytest.raises(ConnectError, match="Connect call failed"):
        await connect(port, Inbox())


async def test_a_connection_that_takes_too_long_is_a_timeout() -> None:
    async with raw_server() as (port, _):
        with pytest.raises(ConnectTimeoutError):
            await connect(port, Inbox(), connect_timeout_s=0)


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


async def test_the_smsc_unbinds() -> None:
    async with raw_server() as (port, peers):
        _, peer, inbox = await bound_to(port, peers)
        await peer.write(Unbind(sequence_number=9))
        assert await peer.pdu() == UnbindResp(sequence_number=9)
        assert await peer.is_hung_up()
        assert (await inbox.end()).why is Why.PEER_UNBOUND


async def test_an_unbind_that_nobody_answers_still_ends() -> None:
    async with raw_server() as (port, peers):
        esme, peer, inbox = await bound_to(port, peers, unbind_timeout_s=0.02)
        await asyncio.wait_for(esme.close(), DEADLINE_S)
        assert (await inbox.end()).why is Why.NOT_UNBOUND
        assert isinstance(await peer.pdu(), Unbind)


@pytest.mark.parametrize("length", [0, 15, 0x7FFF_FFFF, 0xFFFF_FFFF])
async def test_a_hostile_command_length_is_nacked_and_ends_the_link(length: int) -> None:
    async with raw_server() as (port, peers):
        _, peer, inbox = await bound_to(port, peers)
        await peer.write(length.to_bytes(4, "big"))
        assert await peer.pdu() == GenericNack(command_status=CommandStatus.ESME_RINVCMDLEN)
        assert await peer.is_hung_up()
        assert (await inbox.end()).why is Why.PROTOCOL_ERROR


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


def config(port: int, **fields: object) -> EsmeConfig:
    who: dict[str, object] = {"system_id": "us", "password": PASSWORD, "host": "127.0.0.1"}
    return EsmeConfig(port=port, **(who | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ask", "request_", "fields", "response"),
    [
        (Esme.submit, SubmitSm(), {"message_id": "1"}, SubmitSmResp(message_id="1")),
        (Esme.data, DataSm(), {"message_id": "2"}, DataSmResp(message_id="2")),
        (Esme.query, QuerySm(message_id="1"), {"message_state": 2}, QuerySmResp(message_state=2)),
        (Esme.cancel, CancelSm(message_id="1"), {}, CancelSmResp()),
        (Esme.replace, ReplaceSm(message_id="1"), {}, ReplaceSmResp()),
    ],
)
async def test_every_kind_of_request_is_a_method_with_its_answer(
    ask: Any, request_: Pdu, fields: dict[str, object], response: Pdu
) -> None:
    async with world() as there, Esme.bound(config(there.smsc.port)) as esme:
        answer = asyncio.create_task(ask(esme, request_))
        there.session.respond(await there.at_smsc.request(), **fields)
        response.sequence_number = request_.sequence_number
        assert await asyncio.wait_for(answer, DEADLINE_S) == response


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


async def test_the_time_of_a_bind_is_the_time_of_its_with() -> None:
    async with world() as there:
        async with Esme.bound(config(there.smsc.port)) as esme:
            assert there.session.bind_type is esme.bind_type is BindType.TRANSCEIVER
        assert (await there.at_smsc.end()).why is Why.PEER_UNBOUND
        assert esme.bind_type is None


async def test_what_the_smsc_asks_waits_in_order_and_ends_with_the_session() -> None:
    async with world() as there:
        esme = await Esme.connect(config(there.smsc.port))
        answers = [there.session.request(DeliverSm(short_message=text)) for text in (b"a", b"b")]
        texts = []
        async with asyncio.timeout(DEADLINE_S):
            async for request in esme:
                assert isinstance(request, DeliverSm)
                texts.append(request.short_message)
                is_taken = request.short_message == b"a"
                esme.respond(request, 0 if is_taken else CommandStatus.ESME_RX_T_APPN)
                if len(texts) == 2:
                    statuses = [(await answer).command_status for answer in answers]
                    there.session.abort()
        assert texts == [b"a", b"b"]
        assert statuses == [CommandStatus.ESME_ROK, CommandStatus.ESME_RX_T_APPN]


async def test_what_nobody_takes_is_left_in_the_peers_tcp() -> None:
    """alert_notification owes no answer, so only the inbox can be full of it."""
    async with world() as there:
        esme = await Esme.connect(config(there.smsc.port, owed_requests_max=10))
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


async def test_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    async with (
        world(SmscConfig(host="::1")) as there,
        Esme.bound(config(there.smsc.port, host="::1")) as esme,
    ):
        assert esme.peer == f"[::1]:{there.smsc.port}"


async def test_a_connection_is_kept_alive_and_given_up_by_the_kernel() -> None:
    async with world() as there, Esme.bound(config(there.smsc.port)) as esme:
        assert esme._transport is not None
        link = esme._transport.get_extra_info("socket")
        assert link.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            assert link.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
