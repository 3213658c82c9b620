"""ESMEs of other stacks against our SMSC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from smpp.pdu import AlertNotification
from smpp.state import Why
from smpp.values import CommandId, CommandStatus
from tests.interop import certificate
from tests.interop.conftest import Stage
from tests.interop.messages import differences, message
from tests.interop.peer import Peer
from tests.interop.relay import Relay
from tests.interop.rows import ESME_ASKS, SMSC_ASKS, UNKNOWN_COMMAND, Row, copied
from tests.interop.sides import PASSWORD, SMSC_ID, SYSTEM_ID, KeepingSmsc, keeping_smsc

PEERS = ["node", "jsmpp", "cloudhopper", "smpplib"]
every_peer = pytest.mark.parametrize("peer_name", PEERS)


def bind_of(kind: str, password: str = PASSWORD) -> dict[str, Any]:
    """A bind as the peers are told it."""
    return {
        "command": f"bind_{kind}",
        "system_id": SYSTEM_ID,
        "password": password,
        "system_type": "VMS",
        "interface_version": 0x34,
    }


@asynccontextmanager
async def bound(
    stage: Stage, peer: Peer, kind: str = "transceiver"
) -> AsyncIterator[tuple[KeepingSmsc, Relay]]:
    """Our SMSC with the peer bound to it through the relay."""
    async with keeping_smsc() as side, stage.relay(side.smsc.port) as relay:
        answer = await peer.do("connect", port=relay.port, **bind_of(kind))
        assert answer["command_status"] == CommandStatus.ESME_ROK
        yield side, relay


@pytest.mark.parametrize("kind", ["transmitter", "receiver", "transceiver"])
@every_peer
async def test_they_bind_as(stage: Stage, peer: Peer, kind: str) -> None:
    async with keeping_smsc() as side, stage.relay(side.smsc.port) as relay:
        answer = await peer.do("connect", port=relay.port, **bind_of(kind))
        asked = message(await side.heard.bind())
        assert not differences(bind_of(kind), asked)
        assert answer["command_status"] == CommandStatus.ESME_ROK
        assert answer.get("system_id", SMSC_ID) == SMSC_ID
        assert side.session.bind_type is not None
        assert side.session.bind_type.value == kind


@every_peer
async def test_they_are_refused_for_a_bad_password(stage: Stage, peer: Peer) -> None:
    async with keeping_smsc() as side, stage.relay(side.smsc.port) as relay:
        answer = await peer.do("connect", port=relay.port, **bind_of("transceiver", "wrong"))
        assert answer["command_status"] == CommandStatus.ESME_RINVPASWD


@every_peer
async def test_they_bind_over_tls(stage: Stage, peer: Peer) -> None:
    tls = {"cert": str(stage.certificates / "cert.pem")}
    async with keeping_smsc(ssl=certificate.server_context(stage.certificates)) as side:
        answer = await peer.do("connect", port=side.smsc.port, tls=tls, **bind_of("transceiver"))
        assert answer["command_status"] == CommandStatus.ESME_ROK
        assert side.session.bind_type is not None


@pytest.mark.parametrize("row", ESME_ASKS, ids=lambda row: row.name)
@every_peer
async def test_they_ask(stage: Stage, peer: Peer, row: Row) -> None:
    async with bound(stage, peer) as (side, relay):
        answer = await peer.do("ask", pdu=message(row.request, row.text))
        assert row.answer is not None
        assert not differences(answer, message(row.answer))
        if row.request.command_id is CommandId.ENQUIRE_LINK:
            await relay.sees(CommandId.ENQUIRE_LINK, from_esme=True)
        else:
            assert message(await side.heard.request()) == message(row.request)


@pytest.mark.parametrize("row", SMSC_ASKS, ids=lambda row: row.name)
@every_peer
async def test_they_answer(stage: Stage, peer: Peer, row: Row) -> None:
    async with bound(stage, peer) as (side, _):
        if isinstance(row.request, AlertNotification):
            side.session.send(copied(row.request), lambda context, response: None, None)
        else:
            assert row.answer is not None
            assert message(await side.ask(row.request)) == message(row.answer)
        if row.request.command_id is not CommandId.ENQUIRE_LINK:
            heard = await peer.do("heard")
            assert not differences(heard, message(row.request, row.text))


@every_peer
async def test_they_unbind(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (side, _):
        answer = await peer.do("unbind")
        assert answer["command_status"] == CommandStatus.ESME_ROK
        assert (await side.heard.end()).why is Why.PEER_UNBOUND


@every_peer
async def test_they_are_unbound(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (side, relay):
        await side.session.close()
        assert (await side.heard.end()).why is Why.WE_UNBOUND
        await relay.sees(CommandId.UNBIND_RESP, from_esme=True)
        assert await peer.do("ended")


@every_peer
async def test_their_unknown_command_gets_a_generic_nack(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (_, relay):
        await peer.do("raw", octets=UNKNOWN_COMMAND.hex())
        await relay.sees(CommandId.GENERIC_NACK, CommandStatus.ESME_RINVCMDID, from_esme=False)


@every_peer
async def test_they_answer_an_unknown_command_by_a_generic_nack(stage: Stage, peer: Peer) -> None:
    async with bound(stage, peer) as (side, relay):
        side.session.write_raw(UNKNOWN_COMMAND)
        await relay.sees(CommandId.GENERIC_NACK, CommandStatus.ESME_RINVCMDID, from_esme=True)
