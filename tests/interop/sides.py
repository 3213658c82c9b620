"""Our two roles as the tests play them: an SMSC that keeps messages, and an ESME that listens."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from smpp import receipt
from smpp.client import Esme, EsmeConfig
from smpp.pdu import (
    Bind,
    CancelSm,
    DataSm,
    DeliverSm,
    Pdu,
    QuerySm,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    UnsuccessSme,
)
from smpp.receipt import DeliveryReceipt
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.state import Closed
from smpp.values import CommandStatus, EsmClass, MessageState
from tests.interop.rows import BARRED, KNOWN_ID, MESSAGE_ID, copied

DEADLINE_S = 10.0
SYSTEM_ID, PASSWORD = "esme", "secret08"
SMSC_ID = "smsc"

Answer = tuple[CommandStatus, dict[str, Any]]


class Heard:
    """What a side was told, to be awaited in order."""

    def __init__(self) -> None:
        self.binds: asyncio.Queue[Bind] = asyncio.Queue()
        self.requests: asyncio.Queue[Pdu] = asyncio.Queue()
        self.ends: asyncio.Queue[Closed] = asyncio.Queue()

    async def bind(self) -> Bind:
        return await asyncio.wait_for(self.binds.get(), DEADLINE_S)

    async def request(self) -> Pdu:
        return await asyncio.wait_for(self.requests.get(), DEADLINE_S)

    async def end(self) -> Closed:
        return await asyncio.wait_for(self.ends.get(), DEADLINE_S)


class KeepingSmsc:
    """An Smsc that keeps what is submitted: ids, queries, cancels, replaces, receipts and MO."""

    def __init__(self, config: SmscConfig | None = None) -> None:
        self.heard = Heard()
        self.kept: dict[str, Pdu] = {KNOWN_ID: SubmitSm()}
        self.states = {KNOWN_ID: MessageState.ENROUTE}
        self.smsc = Smsc(
            config or SmscConfig(system_id=SMSC_ID),
            on_bind=self._on_bind,
            on_request=self._on_request,
            on_closed=lambda session, closed: self.heard.ends.put_nowait(closed),
        )

    @property
    def session(self) -> SmscSession:
        """The one session there is."""
        [session] = self.smsc.sessions
        return session

    async def ask(self, pdu: Pdu) -> Pdu:
        """Send a request to the one ESME; its answer."""
        return await asyncio.wait_for(self.session.request(copied(pdu)), DEADLINE_S)

    async def deliver_receipt(self, message_id: str, state: MessageState) -> Pdu:
        """Tell the ESME what became of a message."""
        sent = self.kept[message_id]
        assert isinstance(sent, SubmitSm)
        self.states[message_id] = state
        report = DeliveryReceipt(message_id=message_id, state=state, submitted=1, delivered=1)
        return await self.ask(
            DeliverSm(
                source_addr_ton=sent.dest_addr_ton,
                source_addr_npi=sent.dest_addr_npi,
                source_addr=sent.destination_addr,
                destination_addr=sent.source_addr,
                esm_class=EsmClass.DELIVERY_RECEIPT,
                short_message=receipt.write(report).encode("ascii"),
                tlvs=receipt.tlvs(report),
            )
        )

    def _on_bind(self, session: SmscSession, bind: Bind) -> CommandStatus:
        self.heard.binds.put_nowait(bind)
        is_known = bind.password == PASSWORD
        return CommandStatus.ESME_ROK if is_known else CommandStatus.ESME_RINVPASWD

    def _on_request(self, session: SmscSession, request: Pdu) -> None:
        self.heard.requests.put_nowait(request)
        answer = ANSWERS.get(type(request))
        status, fields = answer(self, request) if answer else (CommandStatus.ESME_RINVCMDID, {})
        session.respond(request, status, **fields)

    def _submit(self, request: SubmitSm) -> Answer:
        if request.destination_addr == BARRED:
            return CommandStatus.ESME_RINVDSTADR, {}
        return self._keep(request)

    def _keep(self, request: Pdu) -> Answer:
        message_id = f"{MESSAGE_ID[:-1]}{len(self.kept)}"
        self.kept[message_id] = request
        self.states[message_id] = MessageState.ENROUTE
        return CommandStatus.ESME_ROK, {"message_id": message_id}

    def _submit_multi(self, request: SubmitMulti) -> Answer:
        barred = tuple(
            UnsuccessSme(
                dest_addr_ton=each.dest_addr_ton,
                dest_addr_npi=each.dest_addr_npi,
                destination_addr=each.destination_addr,
                error_status_code=CommandStatus.ESME_RINVDSTADR,
            )
            for each in request.dest_address
            if isinstance(each, SmeAddress) and each.destination_addr == BARRED
        )
        status, fields = self._keep(request)
        return status, fields | {"unsuccess_sme": barred}

    def _query(self, request: QuerySm) -> Answer:
        state = self.states.get(request.message_id)
        if state is None:
            return CommandStatus.ESME_RQUERYFAIL, {}
        return CommandStatus.ESME_ROK, {"message_id": request.message_id, "message_state": state}

    def _cancel(self, request: CancelSm) -> Answer:
        if request.message_id not in self.kept:
            return CommandStatus.ESME_RCANCELFAIL, {}
        self.states[request.message_id] = MessageState.DELETED
        return CommandStatus.ESME_ROK, {}

    def _replace(self, request: ReplaceSm) -> Answer:
        kept = self.kept.get(request.message_id)
        if not isinstance(kept, SubmitSm):
            return CommandStatus.ESME_RREPLACEFAIL, {}
        kept.short_message = request.short_message
        return CommandStatus.ESME_ROK, {}


ANSWERS: dict[type[Pdu], Callable[[KeepingSmsc, Any], Answer]] = {
    SubmitSm: KeepingSmsc._submit,
    SubmitMulti: KeepingSmsc._submit_multi,
    DataSm: KeepingSmsc._keep,
    QuerySm: KeepingSmsc._query,
    CancelSm: KeepingSmsc._cancel,
    ReplaceSm: KeepingSmsc._replace,
}


@asynccontextmanager
async def keeping_smsc(**config: Any) -> AsyncIterator[KeepingSmsc]:
    """Our SMSC, listening."""
    side = KeepingSmsc(SmscConfig(system_id=SMSC_ID, **config))
    async with side.smsc:
        yield side


async def bind(port: int, heard: Heard, **config: Any) -> Esme:
    """Our ESME, bound; it answers what the SMSC sends."""

    def on_request(esme: Esme, request: Pdu) -> None:
        heard.requests.put_nowait(request)
        fields: dict[str, Any] = {"message_id": MESSAGE_ID} if isinstance(request, DataSm) else {}
        esme.respond(request, **fields)

    who: dict[str, Any] = {"system_id": SYSTEM_ID, "password": PASSWORD} | config
    connecting = Esme.connect(
        EsmeConfig(host="127.0.0.1", port=port, **who),
        on_request=on_request,
        on_closed=lambda esme, closed: heard.ends.put_nowait(closed),
    )
    return await asyncio.wait_for(connecting, DEADLINE_S)
