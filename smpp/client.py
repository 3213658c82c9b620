"""An ESME on asyncio: connect, bind, send, answer, unbind.

    config = EsmeConfig(host="127.0.0.1", port=2775, system_id="us", password="secret")
    async with Esme.bound(config) as esme:
        answer = await esme.submit(SubmitSm(destination_addr="49151123", short_message=b"hi"))
        async for request in esme:  # every deliver_sm, in order
            esme.respond(request)

`submit` and its like wait for room in the window and for the answer, whatever its status: a "no" is
an answer, not an exception. `request` does so for any PDU and gives a future. `send` waits for
neither: ask `room` first, and hear of the answer by a callback; it costs no future. Every request
is told once: its response, or none, and then its fate is unknown. A response after that goes to
`on_late`.

What the SMSC asks waits in the Esme for `async for`, or goes to `on_request` at once; either way it
is answered when the application says so, with the status it chooses, and while too many are
unanswered nothing more is read. An Esme does not reconnect: `smpp.keeper` makes a new one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext, cert_time_to_seconds
from typing import cast

from smpp.errors import BindRefusedError, BindTimeoutError, SessionLostError
from smpp.link import Link, as_response, connected
from smpp.pdu import (
    Bind,
    BindReceiver,
    BindResp,
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
    SubmitSmResp,
)
from smpp.session import SessionConfig
from smpp.state import Closed, Role, Why
from smpp.timers import TimerConfig
from smpp.values import BindType

OnRequest = Callable[["Esme", Pdu], None]
OnClosed = Callable[["Esme", Closed], None]
BINDS: dict[BindType, type[Bind]] = {
    BindType.TRANSMITTER: BindTransmitter,
    BindType.RECEIVER: BindReceiver,
    BindType.TRANSCEIVER: BindTransceiver,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmeConfig:
    """Where to bind, as whom, and the limits; `smpp.tls` makes the context for `ssl`."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    bind_type: BindType = BindType.TRANSCEIVER
    system_type: str = ""
    interface_version: int = 0x34
    addr_ton: int = 0
    addr_npi: int = 0
    address_range: str = ""
    window_requests_max: int = 10
    owed_requests_max: int = 1000
    connect_timeout_s: float = 10.0
    bind_timeout_s: float = 10.0
    enquire_link_interval_s: float = 60.0
    enquire_link_timeout_s: float = 10.0
    response_timeout_s: float = 120.0
    unbind_timeout_s: float = 5.0
    local_address: str | None = None
    ssl: SSLContext | None = None
    server_hostname: str | None = None

    def session(self) -> SessionConfig:
        """The part that is the session's."""
        return SessionConfig(
            window_requests_max=self.window_requests_max,
            owed_requests_max=self.owed_requests_max,
            response_timeout_s=self.response_timeout_s,
            timers=TimerConfig(
                session_init_s=self.bind_timeout_s,
                enquire_link_interval_s=self.enquire_link_interval_s,
                enquire_link_timeout_s=self.enquire_link_timeout_s,
                unbind_s=self.unbind_timeout_s,
            ),
        )

    def bind(self) -> Bind:
        """The request to bind."""
        return BINDS[self.bind_type](
            system_id=self.system_id,
            password=self.password,
            system_type=self.system_type,
            interface_version=self.interface_version,
            addr_ton=self.addr_ton,
            addr_npi=self.addr_npi,
            address_range=self.address_range,
        )


class Esme(Link):
    """A bound ESME; `connect` and `bound` make it."""

    def __init__(
        self, config: EsmeConfig, on_request: OnRequest | None, on_closed: OnClosed | None
    ) -> None:
        super().__init__(Role.ESME, config.session())
        self._on_request = on_request
        self._on_closed = on_closed
        self._was_given_out = False
        self._inbox: deque[Pdu] = deque()
        self._inbox_requests_max = config.owed_requests_max
        self._inbox_changed = asyncio.Event()

    @classmethod
    async def connect(
        cls,
        config: EsmeConfig,
        *,
        on_request: OnRequest | None = None,
        on_closed: OnClosed | None = None,
    ) -> "Esme":
        """Connect and bind. When this raises a LinkError, the socket is closed.

        `on_closed` is called once the socket of a bind that came to be is closed, whoever began.
        """
        esme = await connected(
            lambda: cls(config, on_request, on_closed),
            config.host,
            config.port,
            config.connect_timeout_s,
            config.ssl,
            config.server_hostname,
            config.local_address,
        )
        try:
            await esme.bind(config.bind())
        except BaseException:
            esme.abort()
            await asyncio.shield(esme._gone)
            raise
        return esme

    @classmethod
    @asynccontextmanager
    async def bound(
        cls,
        config: EsmeConfig,
        *,
        on_request: OnRequest | None = None,
        on_closed: OnClosed | None = None,
    ) -> AsyncIterator["Esme"]:
        """`connect` for the time of an `async with`, which ends with a polite unbind."""
        esme = await cls.connect(config, on_request=on_request, on_closed=on_closed)
        try:
            yield esme
        finally:
            await esme.close()

    @property
    def certificate_expires_s(self) -> float | None:
        """When the certificate ends that the SMSC has shown, in seconds since 1970 UTC."""
        shown = self._transport.get_extra_info("peercert") if self._transport else None
        return float(cert_time_to_seconds(shown["notAfter"])) if shown else None

    async def submit(self, pdu: SubmitSm) -> SubmitSmResp:
        """Submit one short message; the answer tells its command_status and message_id."""
        return as_response(SubmitSmResp, await self.request(pdu))

    async def data(self, pdu: DataSm) -> DataSmResp:
        """Send one message by data_sm."""
        return as_response(DataSmResp, await self.request(pdu))

    async def query(self, pdu: QuerySm) -> QuerySmResp:
        """Ask for the state of a message."""
        return as_response(QuerySmResp, await self.request(pdu))

    async def cancel(self, pdu: CancelSm) -> CancelSmResp:
        """Cancel a message, or all that match when its message_id is empty."""
        return as_response(CancelSmResp, await self.request(pdu))

    async def replace(self, pdu: ReplaceSm) -> ReplaceSmResp:
        """Replace a message that is still pending."""
        return as_response(ReplaceSmResp, await self.request(pdu))

    async def __aiter__(self) -> AsyncIterator[Pdu]:
        """What the SMSC asks, in order, until the session is over; for an Esme without
        `on_request`. Each is answered by `respond`."""
        while self._inbox or self.closed is None:
            if self._inbox:
                yield self._inbox.popleft()
                self._flush_soon()  # there may be room to read on
            else:
                self._inbox_changed.clear()
                await self._inbox_changed.wait()

    async def bind(self, request: Bind) -> None:
        """Bind a connection that is open: after `connect` has refused, or for an outbind."""
        answer: asyncio.Future[Pdu | None] = self._loop.create_future()
        self.send(request, _settle_bind, answer)
        response = await answer
        if response is None and self.closed is not None and self.closed.why is Why.NOT_BOUND:
            raise BindTimeoutError("bind was not answered in time")
        if response is None:
            raise SessionLostError(f"bind was not answered: {self.closed}")
        if response.command_status or not isinstance(response, BindResp):
            raise BindRefusedError(response.command_status)
        if not self.session.is_bound:
            raise SessionLostError(f"bound, then lost: {self.closed}")
        self._was_given_out = True

    # --- what Link asks -------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        return len(self._inbox) >= self._inbox_requests_max

    def take_request(self, request: Pdu) -> None:
        if self._on_request is not None:
            self._on_request(self, request)
        else:
            self._inbox.append(request)
            self._inbox_changed.set()

    def take_end(self, closed: Closed) -> None:
        self._inbox_changed.set()
        if self._was_given_out and self._on_closed is not None:
            self._on_closed(self, closed)


def _settle_bind(context: object, response: Pdu | None) -> None:
    answer = cast("asyncio.Future[Pdu | None]", context)
    if not answer.done():
        answer.set_result(response)
