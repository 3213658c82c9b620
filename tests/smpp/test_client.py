import asyncio
from typing import Any

import pytest

from smpp.client import Esme, EsmeConfig
from smpp.errors import (
    BindRefusedError,
    BindTimeoutError,
    SessionLostError,
)
from smpp.pdu import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    DeliverSm,
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
from smpp.state import Why
from smpp.values import BindType, CommandStatus
from tests.smpp.loopback import (
    DEADLINE_S,
    Inbox,
    bound_to,
    config_of,
    connect,
    raw_server,
    world,
)


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


async def test_the_smsc_unbinds() -> None:
    async with raw_server() as (port, peers):
        _, peer, inbox = await bound_to(port, peers)
        await peer.write(Unbind(sequence_number=9))
        assert await peer.pdu() == UnbindResp(sequence_number=9)
        assert await peer.is_hung_up()
        assert (await inbox.end()).why is Why.PEER_UNBOUND


@pytest.mark.parametrize("length", [0, 15, 0x7FFF_FFFF, 0xFFFF_FFFF])
async def test_a_hostile_command_length_is_nacked_and_ends_the_link(length: int) -> None:
    async with raw_server() as (port, peers):
        _, peer, inbox = await bound_to(port, peers)
        await peer.write(length.to_bytes(4, "big"))
        assert await peer.pdu() == GenericNack(command_status=CommandStatus.ESME_RINVCMDLEN)
        assert await peer.is_hung_up()
        assert (await inbox.end()).why is Why.PROTOCOL_ERROR


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
    async with world() as there, Esme.bound(config_of(there.smsc.port)) as esme:
        answer = asyncio.create_task(ask(esme, request_))
        there.session.respond(await there.at_smsc.request(), **fields)
        response.sequence_number = request_.sequence_number
        assert await asyncio.wait_for(answer, DEADLINE_S) == response


async def test_the_time_of_a_bind_is_the_time_of_its_with() -> None:
    async with world() as there:
        async with Esme.bound(config_of(there.smsc.port)) as esme:
            assert there.session.bind_type is esme.bind_type is BindType.TRANSCEIVER
        assert (await there.at_smsc.end()).why is Why.PEER_UNBOUND
        assert esme.bind_type is None


async def test_what_the_smsc_asks_waits_in_order_and_ends_with_the_session() -> None:
    async with world() as there:
        esme = await Esme.connect(config_of(there.smsc.port))
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
