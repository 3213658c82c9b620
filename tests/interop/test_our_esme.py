"""Our ESME against SMSCs of other stacks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from smpp.client import Esme
from smpp.errors import BindRefusedError
from smpp.state import Why
from smpp.values import BindType, CommandId, CommandStatus
from tests.interop import certificate
from tests.interop.conftest import Stage
from tests.interop.messages import differences, message
from tests.interop.peer import Peer
from tests.interop.relay import Relay
from tests.interop.rows import ESME_ASKS, SMSC_ASKS, UNKNOWN_COMMAND, Row, copied
from tests.interop.sides import Heard, bind

PEERS = ["node", "jsmpp", "cloudhopper"]
every_peer = pytest.mark.parametrize("peer_name", PEERS)


@asynccontextmanager
async def bound(
    stage: Stage, peer: Peer, bind_type: BindType = BindType.TRANSCEIVER
) -> AsyncIterator[tuple[Esme, Heard, Relay]]:
    """Our ESME bound to the peer through the relay."""
    listening = await peer.do("listen")
    async with stage.relay(listening["port"]) as relay:
        heard = Heard()
        esme = await bind(relay.port, heard, bind_type=bind_type)
        try:
            yield esme, heard, relay
        finally:
            esme.abort()


@pytest.mark.parametrize("bind_type", BindType, ids=lambda kind: kind.value)
@every_peer
async def test_we_bind_as(stage: Stage, peer: Peer, bind_type: BindType) -> None:
    async with bound(stage, peer, bind_type) as (esme, _, _):
        assert esme.bind_type is bind_type


@every_peer
async def test_we_are_refused_for_a_bad_password(stage: Stage, peer: Peer) -> None:
    listening = await peer.do("listen")
    async with stage.relay(listening["port"]) as relay:
        with pytest.raises(BindRefusedError) as refused:
            await bind(relay.port, Heard(), password="wrong")
        assert refused.value.status is CommandStatus.ESME_RINVPASWD


@every_peer
async def test_we_bind_over_tls(stage: Stage, peer: Peer) -> None:
    tls = {what: str(stage.certificates / f"{what}.pem") for what in ("key", "cert")}
    listening = await peer.do("listen", tls=tls)
    context = certificate.client_context(stage.certificates)
    esme = await bind(listening["port"], Heard(), ssl=context)
    assert esme.bind_type is BindType.TRANSCEIVER
    await esme.close()


@pytest.mark.parametrize("row", ESME_ASKS, ids=lambda row: row.name)
@every_peer
async def test_we_ask(stage: Stage, peer: Peer, row: Row) -> None:
    async with bound(stage, peer) as (esme, _, _):
        answer = await esme.request(copied(row.request))
        assert row.answer is not None
        assert message(answer) == message(row.answer)
        if row.request.command_id is not CommandId.ENQUIRE_LINK:
            heard = await peer.do("heard")
            assert not differences(heard, message(row.request, row.text))


@pytest.mark.parametrize("row", SMSC_ASKS, ids=lambda row: row.name)
@every_peer
async def test_we_answer(stage: Stage, peer: Peer, row: Row) -> None:
    async with bound(stage, peer) as (_, heard, relay):
        action = "tell" if row.answer is None else "ask"
        answer = await peer.do(action, pdu=message(row.request, row.text))
        if row.answer is not None:
            assert not differences(answer, message(row.answer))
        if row.request.command_id is CommandId.ENQUIRE_LINK:
            await relay.sees(CommandId.ENQUIRE_LINK_RESP, from_esme=True)
        else:
            assert message(await heard.request()) == message(row.request)


@every_peer
async def test_we_unbind(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (esme, heard, _):
        await esme.close()
        assert (await heard.end()).why is Why.WE_UNBOUND
        assert await peer.do("ended")


@every_peer
async def test_we_are_unbound(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (_, heard, _):
        answer = await peer.do("unbind")
        assert answer["command_status"] == CommandStatus.ESME_ROK
        assert (await heard.end()).why is Why.PEER_UNBOUND


@every_peer
async def test_our_unknown_command_gets_a_generic_nack(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (esme, _, relay):
        esme.write_raw(UNKNOWN_COMMAND)
        await relay.sees(CommandId.GENERIC_NACK, CommandStatus.ESME_RINVCMDID, from_esme=False)


@every_peer
async def test_we_answer_an_unknown_command_by_a_generic_nack(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (_, _, relay):
        await peer.do("raw", octets=UNKNOWN_COMMAND.hex())
        await relay.sees(CommandId.GENERIC_NACK, CommandStatus.ESME_RINVCMDID, from_esme=True)
