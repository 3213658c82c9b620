"""An ESME that says in words, in order, what it saw of a carrier."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

from smpp import receipt, text, tlv
from smpp.client import Esme, EsmeConfig
from smpp.pdu import DataSm, DeliverSm, Pdu, SubmitSm
from smpp.state import Closed
from smpp.values import CommandStatus
from tests.services.sandbox.loopback import PASSWORD, submit_sm

DEADLINE_S = 10.0
PATIENCE_S = 0.25  # how long this ESME waits for a response
WORDS = {CommandStatus.ESME_ROK: "ok"}

Words = Callable[[Pdu], str]


def in_words(pdu: Pdu) -> str:
    """What a response or a deliver_sm says, shortly."""
    if not isinstance(pdu, DeliverSm | DataSm):
        status = CommandStatus(pdu.command_status)
        return WORDS.get(status, status.name.removeprefix("ESME_R"))
    if receipt.is_receipt(pdu, by_text=True):
        state = receipt.read(pdu).state
        return f"receipt {state.name if state else 'unreadable'}"
    octets = pdu.short_message if isinstance(pdu, DeliverSm) else b""
    return f"MO {text.decode(octets, pdu.data_coding)!r}"


def in_full(pdu: Pdu) -> str:
    """A receipt as it is written: # for its id, 9 for the digits of its dates; else in words."""
    if not isinstance(pdu, DeliverSm | DataSm):
        return in_words(pdu)
    octets = (
        pdu.short_message if isinstance(pdu, DeliverSm) else pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""
    )
    written = repr(octets.decode("latin-1"))
    written = re.sub(r"(id:)[^ ,\\']+", r"\1#", written, flags=re.IGNORECASE)
    written = re.sub(r"\d{10,}", lambda found: "9" * len(found[0]), written)
    tags = "".join(f" +{tlv.BY_TAG[tag].name}" for tag, _ in pdu.tlvs)
    return f"{pdu.command_id.name.lower()} {pdu.esm_class:#04x} {written}{tags}"


def ids_in_words(pdu: Pdu) -> str:
    """How the message id is written in a response and in a receipt."""
    if isinstance(pdu, DeliverSm):
        return f"receipt of {_shape(receipt.read(pdu).message_id or '')}"
    return f"ok, {_shape(getattr(pdu, 'message_id', ''))}"


def _shape(message_id: str) -> str:
    if message_id.count("-") == 4:
        return "a UUID"
    zeros = " with zeros before them" if message_id.startswith("0") else ""
    letters = [letter for letter in message_id if letter.isalpha()]
    if not letters:
        return f"{len(message_id)} digits{zeros}"
    case = "lower" if letters[0].islower() else "upper"
    return f"{len(message_id)} hexadecimal digits in {case} case{zeros}"


class Observer:
    """One bound ESME; `log` has one entry for everything that happened to it."""

    def __init__(self, words: Words = in_words) -> None:
        self.log: list[str] = []
        self.esme: Esme
        self._words = words
        self._news = asyncio.Event()

    def __str__(self) -> str:
        """The log, what is repeated counted."""
        session = self.esme.session
        odd = {
            "unreadable": session.counts.unreadable,
            "that answers nothing": session.window.counts.unknown,
        }
        runs = [(words, len(list(run))) for words, run in groupby(self.log)]
        seen = [words if count == 1 else f"{words} x{count}" for words, count in runs]
        return ", ".join(seen + [f"{count} PDU {words}" for words, count in odd.items() if count])

    async def until(self, saw: str) -> None:
        """Wait until this is what was seen, or so long that it never will be."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while str(self) != saw:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass  # what was seen instead is told by whoever compares

    async def submit(self, message: SubmitSm) -> None:
        """Send it and note its response, or that none came."""
        ended = asyncio.Event()
        self.esme.send(message, self._on_answer, ended)
        await asyncio.wait_for(ended.wait(), DEADLINE_S)

    async def submit_all(self, messages: Sequence[SubmitSm], *, at_once: bool) -> None:
        """Send all, one behind the other's response or in one window."""
        if at_once:
            await asyncio.gather(*[self.submit(message) for message in messages])
            return
        for message in messages:
            await self.submit(message)

    def on_request(self, esme: Esme, pdu: Pdu) -> None:
        """Take everything."""
        esme.respond(pdu)
        self._note(self._words(pdu))

    def on_closed(self, _: Esme, closed: Closed) -> None:
        """Note the end."""
        self._note(f"end: {closed.why.value}")

    def _on_answer(self, ended: object, response: Pdu | None) -> None:
        assert isinstance(ended, asyncio.Event)
        ended.set()
        silence = "unanswered" if self.esme.session.is_over else "no response"
        self._note(silence if response is None else self._words(response))

    def on_late(self, _: object, response: Pdu) -> None:
        """Note a response after its time."""
        self._note(f"late {self._words(response)}")

    def _note(self, words: str) -> None:
        self.log.append(words)
        self._news.set()


@asynccontextmanager
async def observing(port: int, words: Words = in_words, **config: Any) -> AsyncIterator[Observer]:
    """An observer bound to the SMSC on `port`."""
    made = Observer(words)
    who: dict[str, Any] = {"system_id": "one", "password": PASSWORD} | config
    made.esme = await Esme.connect(
        EsmeConfig(
            host="127.0.0.1",
            port=port,
            response_timeout_s=PATIENCE_S,
            window_requests_max=1000,
            **who,
        ),
        on_request=made.on_request,
        on_closed=made.on_closed,
    )
    made.esme.on_late = made.on_late
    try:
        yield made
    finally:
        await made.esme.close()


def messages(*destinations: str, **fields: Any) -> list[SubmitSm]:
    """A submit_sm to each."""
    return [
        submit_sm(number, destination_addr=destination, **fields)
        for number, destination in enumerate(destinations, 1)
    ]
