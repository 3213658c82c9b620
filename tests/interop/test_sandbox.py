"""ESMEs of other stacks bound to the sandbox: a carrier in use, from the bind to the ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from services.sandbox.mo import MoOrder
from services.sandbox.smsc import Sandbox
from smpp import receipt, text
from smpp.pdu import CancelSm, DeliverSm, QuerySm, ReplaceSm, SubmitSm
from smpp.values import CommandStatus, EsmClass, MessageState
from tests.interop.messages import message
from tests.interop.peer import Peer
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, lines, sandbox

PEERS = ["node", "jsmpp", "cloudhopper", "smpplib"]
every_peer = pytest.mark.parametrize("peer_name", PEERS)
HANDSET = "46701234567"
ECHOED = "Vote A, please"


def bind_of(kind: str, system_id: str = "one", password: str = PASSWORD) -> dict[str, Any]:
    """A bind as the peers are told it."""
    return {
        "command": f"bind_{kind}",
        "system_id": system_id,
        "password": password,
        "system_type": "",
        "interface_version": 0x34,
    }


@asynccontextmanager
async def bound(
    peer: Peer, scenario: str = "", kind: str = "transceiver"
) -> AsyncIterator[Sandbox]:
    """A sandbox with the peer bound to it."""
    async with sandbox(scenario) as own:
        answer = await peer.do("connect", port=own.port, **bind_of(kind))
        assert answer["command_status"] == CommandStatus.ESME_ROK
        yield own


async def submit(peer: Peer, **fields: Any) -> dict[str, Any]:
    """Have the peer send a submit_sm that asks for a receipt; the answer."""
    asked = SubmitSm(
        source_addr_ton=5,
        source_addr="ACME",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=HANDSET,
        registered_delivery=1,
        short_message=b"hello",
        **fields,
    )
    answer: dict[str, Any] = await peer.do("ask", pdu=message(asked))
    return answer


def read(heard: dict[str, Any]) -> receipt.DeliveryReceipt:
    """The receipt in what a peer heard."""
    assert heard["esm_class"] == EsmClass.DELIVERY_RECEIPT
    return receipt.read(DeliverSm(short_message=bytes.fromhex(heard["short_message"])))


@pytest.mark.parametrize("kind", ["transmitter", "receiver", "transceiver"])
@every_peer
async def test_they_bind_as(peer: Peer, kind: str) -> None:
    async with bound(peer, kind=kind) as own:
        [bind] = own.statistics()["accounts"]["one"]["binds"]
        assert bind["bind_type"] == kind


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        ("nobody", PASSWORD, CommandStatus.ESME_RINVSYSID),
        ("one", "wrong", CommandStatus.ESME_RINVPASWD),
    ],
    ids=["unknown", "bad password"],
)
@every_peer
async def test_they_are_refused(
    peer: Peer, system_id: str, password: str, status: CommandStatus
) -> None:
    async with sandbox() as own:
        bind = bind_of("transceiver", system_id, password)
        answer = await peer.do("connect", port=own.port, **bind)
        assert answer["command_status"] == status


@pytest.mark.parametrize("notation", ["decimal", "hexadecimal", "uuid"])
@every_peer
async def test_they_get_a_receipt_for_their_message(peer: Peer, notation: str) -> None:
    ids = f"message_ids: {{in_response: {notation}, in_receipt: {notation}}}"
    async with bound(peer, ids) as own:
        answer = await submit(peer)
        assert answer["command_status"] == CommandStatus.ESME_ROK
        reported = read(await peer.do("heard"))
        assert (reported.message_id, reported.state) == (
            answer["message_id"],
            MessageState.DELIVERED,
        )
        [segment] = lines(own.ledger.segments)
        assert segment["smsc_message_id"] == answer["message_id"]


COMMANDS = [
    ("query_sm", QuerySm(source_addr_ton=5, source_addr="ACME")),
    ("replace_sm", ReplaceSm(source_addr_ton=5, source_addr="ACME", short_message=b"rather this")),
    ("cancel_sm", CancelSm(source_addr_ton=5, source_addr="ACME")),
]


@pytest.mark.parametrize(("name", "request_pdu"), COMMANDS, ids=[name for name, _ in COMMANDS])
@every_peer
async def test_they_ask_of_their_message(peer: Peer, name: str, request_pdu: Any) -> None:
    async with bound(peer, "receipts: {delay_ms: {min: 60000, max: 60000}}"):
        sent = await submit(peer)
        asked = replace(request_pdu, message_id=sent["message_id"])
        answer = await peer.do("ask", pdu=message(asked))
        assert answer["command_status"] == CommandStatus.ESME_ROK
        if name == "query_sm":
            assert answer["message_state"] == MessageState.ENROUTE
        asked = replace(request_pdu, message_id="unknown")
        refused = await peer.do("ask", pdu=message(asked))
        assert refused["command_status"] != CommandStatus.ESME_ROK


@every_peer
async def test_they_are_throttled(peer: Peer) -> None:
    async with bound(peer, "limits: {rate_per_s: 1}"):
        answers = [(await submit(peer))["command_status"] for _ in range(2)]
        assert answers == [CommandStatus.ESME_ROK, CommandStatus.ESME_RTHROTTLED]


@every_peer
async def test_they_take_a_message_of_a_subscriber(peer: Peer) -> None:
    async with bound(peer) as own:
        own.subscribers.send(
            MoOrder.model_validate({"from": HANDSET, "to": "12345", "text": ECHOED})
        )
        heard = await peer.do("heard")
        assert heard["source_addr"] == HANDSET
        octets = bytes.fromhex(heard["short_message"])
        assert text.decode(octets, heard["data_coding"]) == ECHOED


@every_peer
async def test_they_unbind(peer: Peer) -> None:
    async with bound(peer) as own:
        answer = await peer.do("unbind")
        assert answer["command_status"] == CommandStatus.ESME_ROK
        async with asyncio.timeout(DEADLINE_S):
            while own.statistics()["binds"]:
                await asyncio.sleep(0)
