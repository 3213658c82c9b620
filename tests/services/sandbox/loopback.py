"""A sandbox and ESMEs on loopback, in one event loop, for tests that wait on events only."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from services.sandbox import scenario
from services.sandbox.config import SandboxConfig
from services.sandbox.ledger import Journal
from services.sandbox.smsc import Sandbox
from smpp.client import Esme, EsmeConfig
from smpp.pdu import DeliverSm, Pdu, SubmitSm
from smpp.state import Closed
from smpp.values import BindType, CommandStatus

DEADLINE_S = 10
RECEIVED_PER_S = 2000  # on a machine that others use too
PASSWORD = "secret"
LEDGER_TLV = 0x1501

Answer = Callable[["Handset", DeliverSm], CommandStatus | None]  # None: say nothing


def ok(_: "Handset", __: DeliverSm) -> CommandStatus | None:
    return CommandStatus.ESME_ROK


class Handset:
    """An ESME that remembers what came and answers as it is told."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.came: list[DeliverSm] = []
        self.closed = asyncio.Event()
        self._news = asyncio.Event()
        self.esme: Esme

    async def until(self, is_so: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
        """Wait until what came, or the end of the bind, makes it so."""
        async with asyncio.timeout(deadline_s):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def receive(self, count: int) -> list[DeliverSm]:
        """Wait until `count` deliver_sm came."""
        await self.until(lambda: len(self.came) >= count, DEADLINE_S + count / RECEIVED_PER_S)
        return self.came

    async def submit(self, number: int = 1, **fields: Any) -> Pdu:
        """Send a submit_sm and wait for its response."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.esme.request(submit_sm(number, **fields))

    def on_request(self, esme: Esme, pdu: Pdu) -> None:
        assert isinstance(pdu, DeliverSm)
        self.esme = esme
        self.came.append(pdu)
        status = self.answer(self, pdu)
        if status is not None:
            esme.respond(pdu, status)
        self._news.set()

    def on_closed(self, _: Esme, __: Closed) -> None:
        self.closed.set()
        self._news.set()


def submit_sm(number: int = 1, **fields: Any) -> SubmitSm:
    """A segment under our own id m<number>, which asks for a receipt."""
    given: dict[str, Any] = {
        "source_addr": "ACME",
        "destination_addr": f"4670{number:07}",
        "registered_delivery": 1,
        "short_message": b"hello",
        "tlvs": ((LEDGER_TLV, f"m{number}|1".encode()),),
    }
    return SubmitSm(**(given | fields))


@asynccontextmanager
async def sandbox(text: str = "", **settings: Any) -> AsyncIterator[Sandbox]:
    """A sandbox that behaves like the scenario `text`, with the accounts `one` and `two`."""
    accounts = {"one": PASSWORD, "two": PASSWORD}
    config = SandboxConfig.model_validate({"port": 0, "accounts": accounts} | settings)
    own = Sandbox(config, scenario.parse(text, "mine"))
    await own.start()
    try:
        yield own
    finally:
        await own.stop()


@asynccontextmanager
async def bound(
    own: Sandbox,
    *,
    system_id: str = "one",
    password: str = PASSWORD,
    bind_type: BindType = BindType.TRANSCEIVER,
    window: int = 1000,
    answer: Answer = ok,
) -> AsyncIterator[Handset]:
    """An ESME bound to `own`."""
    handset = Handset(answer)
    handset.esme = await Esme.connect(
        EsmeConfig(
            host="127.0.0.1",
            port=own.port,
            system_id=system_id,
            password=password,
            bind_type=bind_type,
            window_requests_max=window,
        ),
        on_request=handset.on_request,
        on_closed=handset.on_closed,
    )
    try:
        yield handset
    finally:
        await handset.esme.close()


def lines(journal: Journal, after: int = 0) -> list[dict[str, Any]]:
    """The entries of a journal as whoever reads it sees them."""
    return [json.loads(line) for line in b"".join(journal.chunks(after)).splitlines()]
