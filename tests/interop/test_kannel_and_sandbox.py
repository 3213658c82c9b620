"""Kannel bound to the sandbox, driven as its users drive it: the loop closed through both."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from services.sandbox import scenario
from services.sandbox.mo import MoOrder
from services.sandbox.smsc import Sandbox
from tests.interop.installation import NotInstalledError
from tests.interop.kannel import (
    DELIVERED,
    EVERYTHING,
    REFUSED,
    UNDELIVERABLE,
    Callbacks,
    Kannel,
    callbacks,
)
from tests.interop.rows import LONG
from tests.interop.sides import DEADLINE_S, PASSWORD, SYSTEM_ID
from tests.services.sandbox.loopback import lines, sandbox

HANDSET = "46701234567"
HEXADECIMAL = "message_ids: {in_response: hexadecimal, in_receipt: hexadecimal}"
OUTCOMES = 'outcomes: [{suffix: "99", state: UNDELIVERABLE}]'
REFUSING = "responses: {statuses: [{status: ESME_RINVDSTADR, share: 1}]}"


@dataclass(frozen=True)
class World:
    """The sandbox, Kannel bound to it, and the web server that Kannel calls."""

    own: Sandbox
    kannel: Kannel
    web: Callbacks

    async def report(self, path: str, **fields: str) -> str:
        """Have Kannel send a message; the first report it makes of it."""
        url = f"http://127.0.0.1:{self.web.port}/{path}?what=%d"
        await self.kannel.send("hello", **{"dlr-mask": EVERYTHING, "dlr-url": url}, **fields)
        while True:
            what = (await self.web.call(f"/{path}"))["what"]
            if what != TAKEN:
                return what


TAKEN = "8"  # what %d says when the SMSC accepted the message


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One Kannel for all tests of this file: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("kannel")
    async with callbacks() as web, sandbox(accounts={SYSTEM_ID: PASSWORD}) as own:
        kannel = Kannel(folder, own.port, PASSWORD, web.port)
        try:
            await kannel.start("bearerbox")
        except NotInstalledError as error:
            pytest.skip(f"kannel is not here: {error}")
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not own.statistics()["binds"]:
                    await asyncio.sleep(0.01)
            await kannel.start("smsbox")
            yield World(own, kannel, web)
        finally:
            await kannel.end()


@pytest.mark.parametrize(
    ("behaviour", "to", "what"),
    [
        ("", HANDSET, DELIVERED),
        (HEXADECIMAL, HANDSET, DELIVERED),
        (OUTCOMES, "46701234599", UNDELIVERABLE),
        (REFUSING, HANDSET, REFUSED),
    ],
    ids=["delivered", "delivered, hexadecimal ids", "undeliverable", "refused"],
)
async def test_they_hear_what_became_of_it(
    world: World, behaviour: str, to: str, what: str, request: pytest.FixtureRequest
) -> None:
    world.own.change(scenario.parse(behaviour, "mine"))
    path = request.node.name.rsplit("[")[-1].rstrip("]").replace(" ", "-").replace(",", "")
    assert await world.report(path, to=to) == what


async def test_they_take_a_message_in_shuffled_parts(world: World) -> None:
    order = {"from": HANDSET, "to": "12345", "text": LONG[:400], "parts_shuffled": True}
    world.own.subscribers.send(MoOrder.model_validate(order))
    call = await world.web.call("/mo")
    assert call["text"] == LONG[:400]
    assert {line["end"] for line in lines(world.own.ledger.mo)} == {"answered"}


async def test_they_bind_again_when_all_binds_are_dropped(world: World) -> None:
    bound_before = world.own.statistics()["binds_ever"]
    world.own.drop()
    async with asyncio.timeout(DEADLINE_S):
        while world.own.statistics()["binds_ever"] == bound_before:
            await asyncio.sleep(0.01)
