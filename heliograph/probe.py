"""Learns how a carrier behaves: sends a few messages slowly, waits for what comes, writes a draft.

Never a flood: one segment at a time, so many a minute, half as many after each ESME_RTHROTTLED.
What comes from another number than the one that is sent to is somebody else's and is refused for
now (ESME_RX_T_APPN), so that the carrier brings it again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from heliograph.draft import Learned, Sent
from pipeline.connectors import ConnectorConfig
from pipeline.errors import HeliographError
from services.binder.accounts import ways
from smpp import text, tlv
from smpp.client import Esme, EsmeConfig
from smpp.errors import LinkError, SessionLostError, SmppError, TlsError
from smpp.pdu import DataSm, DeliverSm, EnquireLink, Pdu, QuerySm, SubmitSm
from smpp.segments import SplitBy, split
from smpp.statuses import Disposition, disposition
from smpp.values import BindType, CommandStatus, Npi, Ton

ANSWER_S = 30.0
RECEIPTS_S = 120.0  # from the last segment
REBINDS_MAX = 5
RECEIPT_WANTED = 1
WORDS = "Heliograph learns how this carrier works. Please reply with one @ sign. "
LONG = WORDS * 3
BINDS = {
    "transceiver": (BindType.TRANSCEIVER,),
    "transmitter": (BindType.TRANSMITTER, BindType.RECEIVER),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """To whom and how fast; `wait_s` is how long receipts may take."""

    to: str | None
    sender: str
    per_minute: float
    wait_s: float = RECEIPTS_S
    reference: int = 1
    """Of the first message of several parts; those behind it count on."""


Made = Callable[[Plan], list[Pdu]]


def _address(plan: Plan) -> dict[str, object]:
    assert plan.to is not None
    digits = plan.sender.removeprefix("+")
    is_number = digits.isdecimal()
    return {
        "source_addr_ton": Ton.UNKNOWN if is_number else Ton.ALPHANUMERIC,
        "source_addr_npi": Npi.ISDN if is_number else Npi.UNKNOWN,
        "source_addr": digits,
        "dest_addr_ton": Ton.INTERNATIONAL,
        "dest_addr_npi": Npi.ISDN,
        "destination_addr": plan.to.removeprefix("+"),
        "registered_delivery": RECEIPT_WANTED,
    }


def _submits(words: str, by: SplitBy = SplitBy.UDH_8) -> Made:
    def made(plan: Plan) -> list[Pdu]:
        content = text.encode(words)
        return [
            SubmitSm(
                **_address(plan),  # type: ignore[arg-type]
                esm_class=segment.esm_class,
                data_coding=content.data_coding,
                short_message=segment.short_message,
                tlvs=segment.tlvs,
            )
            for segment in split(content, plan.reference + list(SplitBy).index(by), by=by)
        ]

    return made


def _data_sm(plan: Plan) -> list[Pdu]:
    payload = (tlv.MESSAGE_PAYLOAD.make(text.encode(WORDS).octets),)
    return [DataSm(**_address(plan), tlvs=payload)]  # type: ignore[arg-type]


PROBES: dict[str, Made] = {
    "text in GSM 7-bit": _submits(WORDS),
    "text in UCS-2": _submits("Привет. " + WORDS[:50]),
    "parts by UDH, 8 bits": _submits(LONG, SplitBy.UDH_8),
    "parts by UDH, 16 bits": _submits(LONG, SplitBy.UDH_16),
    "parts by sar TLVs": _submits(LONG, SplitBy.SAR),
    "message_payload": _submits(WORDS, SplitBy.PAYLOAD),
    "data_sm": _data_sm,
}


def segments_of(plan: Plan) -> int:
    """How many segments will be sent, each of which may cost money."""
    return sum(len(made(plan)) for made in PROBES.values()) if plan.to else 0


@dataclass(slots=True)
class Probe:
    """One run against one connector."""

    connector: ConnectorConfig
    plan: Plan
    learned: Learned = field(default_factory=Learned)
    pause_s: float = 0.0
    _binds: list[Esme] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> Learned:
        """Bind, measure, unbind. Raises LinkError when the carrier does not let us bind."""
        self.pause_s = 60 / self.plan.per_minute
        try:
            await self._ask_the_link()
            if self.plan.to is not None:
                await self._send_all()
                await self._wait_for_receipts()
        finally:
            await asyncio.gather(*[esme.close() for esme in self._binds])
        return self.learned

    async def _bound(self) -> Esme:
        """The bind to send on; bound anew when it was lost."""
        if any(esme.closed for esme in self._binds):
            self.learned.lost += 1
            for esme in self._binds:
                esme.abort()
            self._binds.clear()
        if self.learned.lost > REBINDS_MAX:
            raise SessionLostError(f"the connection was lost {self.learned.lost} times")
        for kind in BINDS[self.connector.bind_type][len(self._binds) :]:
            self._binds.append(await self._bind(kind))
        self.learned.interface_version = self._binds[0].session.interface_version
        return self._binds[0]

    async def _bind(self, kind: BindType) -> Esme:
        """Only a first bind may fail: what was let in once is worth another try."""
        while True:
            try:
                return await Esme.connect(self._config(kind), on_request=self._take)
            except LinkError:
                self.learned.lost += 1
                if not self.learned.sent or self.learned.lost > REBINDS_MAX:
                    raise
            await asyncio.sleep(self.pause_s)

    def _config(self, kind: BindType) -> EsmeConfig:
        return replace(
            ways(self.connector)[False].configs[0],
            bind_type=kind,
            window_requests_max=1,
            response_timeout_s=min(self.connector.response_timeout_s, ANSWER_S),
        )

    async def _ask_the_link(self) -> None:
        answer = await self._asked(EnquireLink())
        self.learned.enquire_link = "not answered" if answer is None else "answered"

    async def _send_all(self) -> None:
        for name, made in PROBES.items():
            pdus = made(self.plan)
            for number, pdu in enumerate(pdus, 1):
                sent = Sent(name, number, len(pdus))
                self.learned.sent.append(sent)
                if not await self._send(pdu, sent):
                    return
                await asyncio.sleep(self.pause_s)
        first = next((sent for sent in self.learned.sent if sent.is_taken), None)
        if first is not None:
            await self._query(first)

    async def _send(self, pdu: Pdu, sent: Sent) -> bool:
        """Whether to go on after it."""
        answer = await self._asked(pdu)
        if answer is None:
            return True
        status = answer.command_status
        sent.status = "taken" if status is CommandStatus.ESME_ROK else f"refused, {status.name}"
        sent.message_id = "" if status else getattr(answer, "message_id", "")
        what = disposition(status)
        if what is Disposition.RETRY_SLOWER:
            self.learned.throttled += 1
            self.pause_s *= 2
        return what not in (Disposition.STOP_CONNECTOR, Disposition.REBIND)

    async def _query(self, sent: Sent) -> None:
        address = _address(self.plan)
        query = QuerySm(message_id=sent.message_id, source_addr=str(address["source_addr"]))
        answer = await self._asked(query)
        status = None if answer is None else answer.command_status
        self.learned.query_sm = "no answer" if status is None else f"answered {status.name}"

    async def _asked(self, pdu: Pdu) -> Pdu | None:
        """The answer, None when none came in time or the bind was lost."""
        esme = await self._bound()
        with suppress(SmppError, TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                return await esme.request(pdu)
        return None

    async def _wait_for_receipts(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.plan.wait_s):
                while not self.learned.is_settled():
                    self._news.clear()
                    await self._news.wait()

    def _take(self, esme: Esme, pdu: Pdu) -> None:
        is_ours = isinstance(pdu, DeliverSm | DataSm) and self._is_ours(pdu)
        esme.respond(pdu, CommandStatus.ESME_ROK if is_ours else CommandStatus.ESME_RX_T_APPN)
        if is_ours and isinstance(pdu, DeliverSm | DataSm):
            self.learned.received.append(pdu)
            self._news.set()

    def _is_ours(self, pdu: DeliverSm | DataSm) -> bool:
        to = self.plan.to
        return to is not None and pdu.source_addr.removeprefix("+") == to.removeprefix("+")


def learn(connector: ConnectorConfig, plan: Plan) -> Learned:
    """Run a probe; raises HeliographError when the carrier does not let us bind."""
    try:
        return asyncio.run(Probe(connector, plan).run())
    except (LinkError, TlsError) as error:
        raise HeliographError(f"{connector.hosts[0]}: {error}") from error


def announcement(name: str, connector: ConnectorConfig, plan: Plan) -> str:
    """What will be done, for the operator to agree to."""
    where = f"{connector.hosts[0]} as {connector.system_id}"
    count = segments_of(plan)
    if not count:
        return f"Binds to {where} (connector {name}) and sends no message: there is no --to."
    return (
        f"Sends {count} segments from {plan.sender} to {plan.to} through connector {name}"
        f" ({where}), {plan.per_minute:g} a minute. They cost what this carrier charges. Stop its"
        f" binder first: an account may not have binds to spare."
    )
