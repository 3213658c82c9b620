"""Kannel against our SMSC, driven as its users drive it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from smpp import segments, text
from smpp.pdu import DeliverSm, EnquireLink, SubmitSm
from smpp.state import Why
from smpp.udh import Concatenation, user_data
from smpp.values import CommandId, CommandStatus, EsmClass, MessageState
from tests.interop.conftest import Stage
from tests.interop.installation import NotInstalledError
from tests.interop.kannel import (
    DELIVERED,
    EVERYTHING,
    REFUSED,
    Callbacks,
    Kannel,
    callbacks,
)
from tests.interop.relay import Relay
from tests.interop.rows import (
    BARRED,
    EXTENSION,
    HANDSET,
    LATIN,
    LONG,
    MESSAGE_ID,
    TO_US,
    UNICODE,
    UNKNOWN_COMMAND,
)
from tests.interop.sides import PASSWORD, SYSTEM_ID, KeepingSmsc, keeping_smsc

LONG_TEXTS = [LONG[:400], "Ж" * 150]


@dataclass(frozen=True)
class World:
    """Our SMSC, Kannel bound to it through the relay, and the web server that Kannel calls."""

    side: KeepingSmsc
    relay: Relay
    kannel: Kannel
    web: Callbacks

    async def submitted(self) -> SubmitSm:
        """The next message of Kannel's."""
        request = await self.side.heard.request()
        assert isinstance(request, SubmitSm)
        return request


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def world(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One Kannel for all tests of this file: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("kannel")
    async with (
        callbacks() as web,
        keeping_smsc() as side,
        stage.relay(side.smsc.port) as relay,
    ):
        kannel = Kannel(folder, relay.port, PASSWORD, web.port)
        try:
            await kannel.start("bearerbox")
        except NotInstalledError as error:
            pytest.skip(f"kannel is not here: {error}")
        try:
            bind = await side.heard.bind()
            assert bind.system_id == SYSTEM_ID
            await kannel.start("smsbox")
            yield World(side, relay, kannel, web)
        finally:
            await kannel.end()


async def test_they_bind_as_transceiver(world: World) -> None:
    await world.relay.sees(CommandId.BIND_TRANSCEIVER, from_esme=True)
    await world.relay.sees(CommandId.BIND_TRANSCEIVER_RESP, from_esme=False)


@pytest.mark.parametrize(
    ("words", "coding"),
    [(LATIN, "0"), (EXTENSION, "0"), (UNICODE, "2")],
    ids=["latin", "GSM extension", "UCS-2 with surrogates"],
)
async def test_they_ask_submit_sm(world: World, words: str, coding: str) -> None:
    await world.kannel.send(words, coding=coding)
    request = await world.submitted()
    assert text.decode(request.short_message, request.data_coding) == words
    assert request.destination_addr == "4915112345678"


@pytest.mark.parametrize("words", LONG_TEXTS, ids=["GSM 7-bit", "UCS-2"])
async def test_they_ask_submit_sm_in_parts(world: World, words: str) -> None:
    await world.kannel.send(words, coding="0" if words.isascii() else "2")
    parts: list[tuple[Concatenation, bytes]] = []
    total = 1
    while len(parts) < total:
        request = await world.submitted()
        part = segments.concatenation(request)
        assert part is not None
        total = part.total
        parts.append((part, user_data(request)[1]))
    assert text.decode(segments.join(parts), request.data_coding) == words


async def test_they_take_a_receipt(world: World) -> None:
    report = f"http://127.0.0.1:{world.web.port}/receipt?what=%d"
    await world.kannel.send("report on this", **{"dlr-mask": "3", "dlr-url": report})
    request = await world.submitted()
    assert request.registered_delivery & 1
    [message_id] = [key for key, kept in world.side.kept.items() if kept is request]
    assert message_id.startswith(MESSAGE_ID[:-1])
    await world.side.deliver_receipt(message_id, MessageState.DELIVERED)
    assert (await world.web.call("/receipt"))["what"] == DELIVERED


async def test_they_hear_that_a_message_is_refused(world: World) -> None:
    report = f"http://127.0.0.1:{world.web.port}/refused?what=%d"
    await world.kannel.send("no", to=BARRED, **{"dlr-mask": EVERYTHING, "dlr-url": report})
    assert (await world.submitted()).destination_addr == BARRED
    assert (await world.web.call("/refused"))["what"] == REFUSED


@pytest.mark.parametrize(
    "words",
    [LATIN, EXTENSION, UNICODE, LONG[:400], "Ж" * 150],
    ids=["latin", "GSM extension", "UCS-2 with surrogates", "in parts", "in parts, UCS-2"],
)
async def test_they_take_a_message(world: World, words: str) -> None:
    encoded = text.encode(words)
    for part in segments.split(encoded, reference=7):
        await world.side.ask(
            DeliverSm(
                **HANDSET,
                **TO_US,
                esm_class=part.esm_class | EsmClass.DEFAULT,
                data_coding=encoded.data_coding,
                short_message=part.short_message,
            )
        )
    call = await world.web.call("/mo")
    assert call["text"] == words
    assert call["from"].endswith(HANDSET["source_addr"])


async def test_they_answer_and_ask_enquire_link(world: World) -> None:
    await world.side.ask(EnquireLink())
    await world.relay.sees(CommandId.ENQUIRE_LINK, from_esme=True)
    await world.relay.sees(CommandId.ENQUIRE_LINK_RESP, from_esme=False)


async def test_they_answer_an_unknown_command_by_a_generic_nack(world: World) -> None:
    world.side.session.write_raw(UNKNOWN_COMMAND)
    status = CommandStatus.ESME_RINVCMDLEN  # Kannel's word for all that it cannot read
    await world.relay.sees(CommandId.GENERIC_NACK, status, from_esme=True)


async def test_they_are_unbound_and_bind_again(world: World) -> None:
    await world.side.session.close()
    assert (await world.side.heard.end()).why is Why.WE_UNBOUND
    assert (await world.side.heard.bind()).system_id == SYSTEM_ID


async def test_they_unbind(world: World) -> None:
    await world.kannel.end()
    assert (await world.side.heard.end()).why is Why.PEER_UNBOUND


async def test_they_are_refused_for_a_bad_password(
    stage: Stage, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with keeping_smsc() as side, stage.relay(side.smsc.port) as relay:
        folder = tmp_path_factory.mktemp("refused")
        kannel = Kannel(folder, relay.port, "wrong", world.web.port)
        await kannel.start("bearerbox")
        try:
            await relay.sees(
                CommandId.BIND_TRANSCEIVER_RESP,
                CommandStatus.ESME_RINVPASWD,
                from_esme=False,
            )
        finally:
            await kannel.end()
