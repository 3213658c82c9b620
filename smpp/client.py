"""An ESME on asyncio: connect, bind, send, answer, unbind.

    esme = await Esme.connect(
        EsmeConfig(host="smsc.example", port=2775, system_id="us", password="..."),
        on_request=lambda esme, pdu: esme.respond(pdu),
        on_closed=lambda esme, closed: print(closed),
    )
    answer = await esme.request(SubmitSm(destination_addr="4915112345678", short_message=b"hi"))
    await esme.close()

`request` waits for room and for the answer. `send` does neither: ask `room` first, and hear of the
answer by a callback; it costs no future and no task. Every request is told once: its response,
or None when it stays unanswered, whose fate is then unknown. A response after that goes to
`on_late`. What the SMSC asks goes to `on_request` and is answered when the application says so.

`room` counts the requests that may be sent now, and `on_room`, when set, is called once a read
batch that freed some. An Esme does not reconnect: a lost link tells `on_closed`, and the
application makes a new one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import cast

from smpp.errors import (
    BindRefusedError,
    BindTimeoutError,
    ConnectError,
    ConnectTimeoutError,
    SessionLostError,
)
from smpp.link import Link
from smpp.pdu import Bind, BindReceiver, BindResp, BindTransceiver, BindTransmitter, Pdu
from smpp.session import SessionConfig
from smpp.state import Closed, Role, Why
from smpp.timers import TimerConfig
from smpp.values import BindType

BINDS: dict[BindType, type[Bind]] = {
    BindType.TRANSMITTER: BindTransmitter,
    BindType.RECEIVER: BindReceiver,
    BindType.TRANSCEIVER: BindTransceiver,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmeConfig:
    """Where to bind, as whom, and the limits. `ssl` is a context that the application made."""

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
    connect_timeout_s: float = 10.0
    bind_timeout_s: float = 10.0
    enquire_link_interval_s: float = 60.0
    enquire_link_timeout_s: float = 10.0
    response_timeout_s: float = 120.0
    unbind_timeout_s: float = 5.0
    ssl: SSLContext | None = None
    server_hostname: str | None = None

    def session(self) -> SessionConfig:
        """The part that is the session's."""
        return SessionConfig(
            window_requests_max=self.window_requests_max,
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
    """A bound ESME; `connect` makes it."""

    def __init__(
        self,
        config: EsmeConfig,
        on_request: Callable[["Esme", Pdu], None],
        on_closed: Callable[["Esme", Closed], None],
    ) -> None:
        super().__init__(Role.ESME, config.session())
        self._on_request = on_request
        self._on_closed = on_closed
        self._was_given_out = False

    @classmethod
    async def connect(
        cls,
        config: EsmeConfig,
        *,
        on_request: Callable[["Esme", Pdu], None],
        on_closed: Callable[["Esme", Closed], None],
    ) -> "Esme":
        """Connect and bind. When this raises a LinkError, the socket is closed.

        `on_closed` is called once the socket of a bind that came to be is closed, whoever began.
        """
        esme = await cls._open(config, on_request, on_closed)
        try:
            await esme._bind(config.bind())
        except BaseException:
            esme.abort()
            await asyncio.shield(esme._gone)
            raise
        esme._was_given_out = True
        return esme

    def take_request(self, request: Pdu) -> None:
        self._on_request(self, request)

    def take_end(self, closed: Closed) -> None:
        if self._was_given_out:
            self._on_closed(self, closed)

    @classmethod
    async def _open(
        cls,
        config: EsmeConfig,
        on_request: Callable[["Esme", Pdu], None],
        on_closed: Callable[["Esme", Closed], None],
    ) -> "Esme":
        where = f"{config.host}:{config.port}"
        hostname = (config.server_hostname or config.host) if config.ssl else None
        try:
            async with asyncio.timeout(config.connect_timeout_s):
                _, esme = await asyncio.get_running_loop().create_connection(
                    lambda: cls(config, on_request, on_closed),
                    config.host,
                    config.port,
                    ssl=config.ssl,
                    server_hostname=hostname,
                )
        except TimeoutError as error:
            raise ConnectTimeoutError(f"{where}: no connection in time") from error
        except OSError as error:
            raise ConnectError(f"{where}: {error}") from error
        return esme

    async def _bind(self, request: Bind) -> None:
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


def _settle_bind(context: object, response: Pdu | None) -> None:
    answer = cast("asyncio.Future[Pdu | None]", context)
    if not answer.done():
        answer.set_result(response)
