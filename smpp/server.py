"""An SMSC on asyncio: listens, lets ESMEs bind, takes what they send and delivers to them.

    smsc = Smsc(
        on_bind=lambda session, bind: CommandStatus.ESME_ROK,
        on_request=lambda session, pdu: session.respond(pdu, message_id="1"),
    )
    async with smsc:
        print("listening on", smsc.port)

Who may bind, message ids and receipts are the application's: this file only keeps the sessions. An
`on_bind` that has to ask somebody returns None, and `answer_bind` says later what came of it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from types import TracebackType
from typing import Self

from smpp import tlv
from smpp.link import Link, as_response, connected
from smpp.pdu import Bind, DataSm, DataSmResp, DeliverSm, DeliverSmResp, Outbind, Pdu
from smpp.session import SessionConfig
from smpp.state import Closed, Role, Why
from smpp.values import CommandStatus

CONNECT_TIMEOUT_S = 10.0  # to an ESME that is to be asked to bind


@dataclass(frozen=True, slots=True, kw_only=True)
class SmscConfig:
    """Where to listen and the limits; port 0 takes a free one. `session` holds for every bind."""

    host: str = "127.0.0.1"
    port: int = 0
    system_id: str = "heliograph"
    interface_version: int = 0x34
    sessions_max: int = 1000
    session: SessionConfig = field(default_factory=SessionConfig)
    ssl: SSLContext | None = None


class SmscSession(Link):
    """One ESME on its connection. `system_id` is the one it bound with, or asked to."""

    patience_s = 0.5  # jSMPP loses an answer when the connection ends right behind it

    def __init__(self, smsc: "Smsc") -> None:
        super().__init__(Role.SMSC, smsc.config.session)
        self.system_id = ""
        self._smsc = smsc
        self._was_bound = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._smsc.sessions) >= self._smsc.config.sessions_max:
            self.abort(Why.ABORTED, "too many sessions")
        elif self._smsc.is_stopped:  # its TLS handshake was under way then
            self.abort(Why.ABORTED, "no longer listening")
        self._smsc.sessions.add(self)

    @property
    def certificate_names(self) -> frozenset[str]:
        """Common name and subjectAltNames of the certificate that the other end showed and we
        verified; none without one."""
        found = self._transport.get_extra_info("peercert") if self._transport else None
        shown = found or {}
        pairs = [pair for names in shown.get("subject", ()) for pair in names]
        common = {value for key, value in pairs if key == "commonName"}
        return frozenset(common | {value for _, value in shown.get("subjectAltName", ())})

    async def deliver(self, pdu: DeliverSm) -> DeliverSmResp:
        """Deliver an MO or a receipt; the answer tells its command_status."""
        return as_response(DeliverSmResp, await self.request(pdu))

    async def data(self, pdu: DataSm) -> DataSmResp:
        """Deliver by data_sm."""
        return as_response(DataSmResp, await self.request(pdu))

    def answer_bind(self, bind: Bind, status: CommandStatus) -> None:
        """Let it bind with ESME_ROK; any other status refuses it and closes the connection."""
        config = self._smsc.config
        if status:
            self.respond(bind, status)
            self._perform(self.session.lose(Why.BIND_REFUSED, CommandStatus(status).name))
            self._flush_soon()
            return
        self._was_bound = True
        version = (tlv.SC_INTERFACE_VERSION.make(config.interface_version),)
        self.respond(bind, system_id=config.system_id, tlvs=version)

    def take_request(self, request: Pdu) -> None:
        if isinstance(request, Bind):
            self._take_bind(request)
        else:
            self._smsc.on_request(self, request)

    def take_batch(self) -> None:
        if self._smsc.on_batch is not None:
            self._smsc.on_batch(self)

    def take_end(self, closed: Closed) -> None:
        self._smsc.sessions.discard(self)
        if self._was_bound and self._smsc.on_closed is not None:
            self._smsc.on_closed(self, closed)

    def _take_bind(self, bind: Bind) -> None:
        self.system_id = bind.system_id
        status = self._smsc.on_bind(self, bind)
        if status is not None:
            self.answer_bind(bind, status)


class Smsc:
    """The listener and its sessions; a subclass may have sessions of a kind of its own."""

    session_type: type[SmscSession] = SmscSession

    def __init__(
        self,
        config: SmscConfig | None = None,
        *,
        on_bind: Callable[[SmscSession, Bind], CommandStatus | None],
        on_request: Callable[[SmscSession, Pdu], None],
        on_closed: Callable[[SmscSession, Closed], None] | None = None,
        on_batch: Callable[[SmscSession], None] | None = None,
    ) -> None:
        """`on_batch` is called after each read; `on_closed` for sessions that were bound."""
        self.config = config or SmscConfig()
        self.on_bind = on_bind
        self.on_request = on_request
        self.on_closed = on_closed
        self.on_batch = on_batch
        self.sessions: set[SmscSession] = set()
        self.is_stopped = False
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen."""
        self.is_stopped = False
        self._server = await asyncio.get_running_loop().create_server(
            lambda: self.session_type(self), self.config.host, self.config.port, ssl=self.config.ssl
        )

    async def outbind(self, host: str, port: int, system_id: str, password: str) -> SmscSession:
        """Ask an ESME that listens there to bind; raises ConnectError when nobody does.

        What it then binds as goes to `on_bind`, like any bind.
        """
        session = await connected(lambda: self.session_type(self), host, port, CONNECT_TIMEOUT_S)
        session.notify(Outbind(system_id=system_id, password=password))
        return session

    async def stop(self) -> None:
        """Stop listening and unbind every session."""
        if self._server is None:
            return
        self.is_stopped = True
        self._server.close()
        await asyncio.gather(*[session.close() for session in self.sessions])
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()
