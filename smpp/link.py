"""Pumps one socket through one Session: the asyncio shell that client and server share.

Whatever one turn of the event loop asks to be written leaves in one write; nothing here makes a
task or takes a lock for a message, and an awaited request costs one future. One timer waits for the
session's next deadline, or for as long as no new one can be due. `room` is 0 while the transport's
buffer is full, and reading stops while the application owes too many answers, so a flood stays in
the peer's TCP buffers. A peer that takes no answers is cut off: by us when it does not read, by the
kernel when it does not acknowledge.

The life of a link: connected, bound, `Closed` from the session (every request in flight is told),
socket closed, and only then `on_closed`.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from ssl import SSLContext
from typing import Any, TypeVar, cast

from smpp.errors import (
    ConnectError,
    ConnectTimeoutError,
    LocalProtocolError,
    ResponseTimeoutError,
    SessionLostError,
    SmppError,
)
from smpp.pdu import Pdu
from smpp.session import Event, Session, SessionConfig
from smpp.state import Closed, Role, Why
from smpp.values import BindType, CommandStatus
from smpp.window import Exchange

WRITE_BUFFER_OCTETS_MAX = 1 << 20  # beyond it the peer is not reading
WAITING_REQUESTS_MAX = 100_000  # that wait for room
# A window of requests that leaves as one batch comes back as one, and every round trip is longer by
# the time that it takes to handle it. A write out of turn now and then parts them for good.
WRITE_EVERY = 256  # requests
LINGER_S = 2.0  # for the last octets to leave when the link is closed
TCP_USER_TIMEOUT_S = 30.0  # unacknowledged for so long, and the kernel gives the connection up
TCP_OPTIONS = (  # by name, for not every system has them; the last three find a dead silent peer
    (socket.IPPROTO_TCP, "TCP_NODELAY", 1),
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT", int(TCP_USER_TIMEOUT_S * 1000)),
    (socket.SOL_SOCKET, "SO_KEEPALIVE", 1),
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE", 60),
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL", 10),
)

ANSWERED_LAST = (Why.BIND_REFUSED, Why.PEER_UNBOUND)  # our answer was the last word

OnAnswer = Callable[[object, Pdu | None], None]
Response = TypeVar("Response", bound=Pdu)
SomeLink = TypeVar("SomeLink", bound="Link")


class Link(asyncio.Protocol):
    """One SMPP session on one connection; made when the connection stands.

    After an answer that ends the session the other end has `patience_s` to hang up first.
    """

    patience_s = 0.0

    def __init__(self, role: Role, config: SessionConfig) -> None:
        self.on_room: Callable[[], None] | None = None
        self.on_late: Callable[[object, Pdu], None] | None = None
        self.closed: Closed | None = None
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time()
        self.session = Session(role, config, self._now)
        self._window = self.session.window
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._waiting: deque[tuple[Pdu, asyncio.Future[Pdu]]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._shortest_s = config.shortest_s
        self._transport: asyncio.Transport | None = None
        self._is_writable = True
        self._is_reading = True
        self._is_hanging_up = False
        self._is_flush_due = False

    # --- what the application does --------------------------------------------------------------

    @property
    def room(self) -> int:
        """Requests that may be sent now: free window slots, 0 when not bound or not writable."""
        session = self.session
        return session.window.room if session.is_bound and self._is_writable else 0

    @property
    def bind_type(self) -> BindType | None:
        """As what the link is bound, None when it is not."""
        return self.session.bind_type

    @property
    def peer(self) -> str:
        """The address of the other end, as host:port, or [host]:port in IPv6."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        if not name:
            return ""
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"

    def send(self, pdu: Pdu, on_answer: OnAnswer, context: object) -> int:
        """Send a request when there is `room`; returns its sequence_number.

        `on_answer(context, response)` is called once, with None when the request stays unanswered;
        it belongs to this event loop turn and must not wait.
        """
        return self._send(pdu, (on_answer, context))

    def request(self, pdu: Pdu) -> "asyncio.Future[Pdu]":
        """Send a request as soon as there is room; await its response, whatever its status.

        The future ends with ResponseTimeoutError or SessionLostError when none comes: the fate of
        the request is then unknown, unless it never had room. Cancelling it forgets the answer;
        what was written stays written.
        """
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        window = self._window  # `room` and `_send` in place: what they cost is paid a message
        is_open = len(window.in_flight) < window.congestion.allowed and self._is_writable
        if is_open and not self._waiting:
            if not self._is_flush_due:
                self._flush_soon()
            if not self.session.send(pdu, self._now, answer) % WRITE_EVERY:
                self._write()
        else:
            self._wait_for_room(pdu, answer)
        return answer

    def respond(
        self, request: Pdu, command_status: int = CommandStatus.ESME_ROK, **fields: Any
    ) -> None:
        """Answer a request of the peer, once; `fields` are those of the response."""
        if not self._is_flush_due:
            self._flush_soon()
        self.session.respond(request, self._now, command_status, **fields)

    def notify(self, pdu: Pdu) -> None:
        """Send what has no response: alert_notification, outbind."""
        self._flush_soon()
        self.session.send(pdu, self._now)

    def write_raw(self, octets: bytes) -> None:
        """Write octets past the session, for the injection of faults."""
        self.session.outgoing.append(octets)
        self._flush_soon()

    async def close(self) -> None:
        """Unbind politely, with a deadline, and close the socket; may be called again."""
        if not self.session.is_over:
            self._perform(self.session.unbind(self._loop.time()))
            self._flush()
        await asyncio.shield(self._gone)

    async def ended(self) -> Closed:
        """Wait until the socket is closed, whoever began; why."""
        await asyncio.shield(self._gone)
        assert self.closed is not None
        return self.closed

    def abort(self, why: Why = Why.ABORTED, detail: str = "") -> None:
        """Cut the connection; requests in flight stay unanswered."""
        self._perform(self.session.lose(why, detail))
        if self._transport is not None:
            self._transport.abort()

    # --- what the subclass decides --------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether no more should be read before the application took some of what came."""
        return False

    def take_request(self, request: Pdu) -> None:
        """The peer asks."""
        raise NotImplementedError

    def take_batch(self) -> None:
        """Everything of one read was told."""

    def take_end(self, closed: Closed) -> None:
        """The socket is closed."""
        raise NotImplementedError

    # --- what asyncio calls ---------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        link = transport.get_extra_info("socket")
        if link is not None and link.family in (socket.AF_INET, socket.AF_INET6):
            for level, name, value in TCP_OPTIONS:
                if hasattr(socket, name):
                    link.setsockopt(level, getattr(socket, name), value)
        self._arm()

    def data_received(self, octets: bytes) -> None:
        self._is_flush_due = True  # this turn flushes below, whatever is sent on the way
        self._now = self._loop.time()
        has_woken = self._perform(self.session.receive(octets, self._now))
        self.take_batch()
        if has_woken:  # whoever awaited an answer may ask again, and all that leaves in one write
            self._loop.call_soon(self._flush)
        else:
            self._flush()

    def pause_writing(self) -> None:
        self._is_writable = False

    def resume_writing(self) -> None:
        self._is_writable = True
        self._offer_room()

    def connection_lost(self, error: Exception | None) -> None:
        self._perform(self.session.lose(Why.CONNECTION_LOST, str(error or "")))
        if self._timer is not None:
            self._timer.cancel()
        if not self._gone.done():
            self._gone.set_result(None)
        assert self.closed is not None
        self.take_end(self.closed)

    # --- how ------------------------------------------------------------------------------------

    def _send(self, pdu: Pdu, awaits: object) -> int:
        if not self._is_flush_due:
            self._flush_soon()
        return self.session.send(pdu, self._now, awaits)

    def _perform(self, events: list[Event]) -> bool:
        """Tell the application. What awaits an answer is the future of a `request`, or the
        `on_answer` and context of a `send`. Returns whether a future was settled."""
        has_room = has_woken = False
        for event in events:
            try:
                if type(event) is Exchange:
                    has_room = True
                    awaits, response = event.context, event.response
                    if event.is_late:
                        self._tell_late(event)
                    elif type(awaits) is tuple:
                        awaits[0](awaits[1], response)
                    elif response is not None and not awaits.done():
                        awaits.set_result(response)
                        has_woken = True
                    else:
                        self._disappoint(awaits)
                elif type(event) is Closed:
                    self.closed = event
                    has_room = True  # nobody may go on waiting for it
                else:
                    self.take_request(cast(Pdu, event))
            except Exception as error:
                self._fail(error)
        if has_room:
            self._offer_room()
        return has_woken

    def _tell_late(self, exchange: Exchange) -> None:
        if self.on_late is not None and exchange.response is not None:
            awaits = exchange.context
            self.on_late(awaits[1] if type(awaits) is tuple else None, exchange.response)

    def _disappoint(self, answer: "asyncio.Future[Pdu]") -> None:
        if answer.done():  # whoever asked was cancelled
            return
        if self.session.is_over:
            answer.set_exception(SessionLostError("unanswered when the session ended"))
        else:
            answer.set_exception(ResponseTimeoutError("no response in time"))

    def _wait_for_room(self, pdu: Pdu, answer: "asyncio.Future[Pdu]") -> None:
        if not self.session.is_bound:
            raise SessionLostError(str(self.closed or "not bound"))
        if len(self._waiting) >= WAITING_REQUESTS_MAX:
            raise LocalProtocolError(f"{WAITING_REQUESTS_MAX} requests wait for room already")
        self._waiting.append((pdu, answer))

    def _fail(self, error: Exception) -> None:
        """The application's own bug: say so aloud, and end the link it happened on."""
        self._loop.call_exception_handler(
            {"message": "SMPP callback failed", "exception": error, "protocol": self}
        )
        self._loop.call_soon(self.abort, Why.APPLICATION_ERROR, repr(error))

    def _offer_room(self) -> None:
        """Room goes to those who wait, in their order, and then to `on_room`."""
        waiting = self._waiting
        while waiting and (self.room or self.session.is_over):
            pdu, answer = waiting.popleft()
            if not answer.done():
                self._send_waiting(pdu, answer)
        if self.on_room is not None and self.room:
            try:
                self.on_room()
            except Exception as error:
                self._fail(error)

    def _send_waiting(self, pdu: Pdu, answer: "asyncio.Future[Pdu]") -> None:
        try:
            self._send(pdu, answer)
        except SmppError as error:  # the session is over, or the PDU cannot be written
            answer.set_exception(error)

    def _flush_soon(self) -> None:
        self._is_flush_due = True
        self._now = self._loop.time()  # of this turn: whoever writes in it need not ask again
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Write what is outgoing, then see to reading, the end, and the timer."""
        self._is_flush_due = False
        transport, session = self._transport, self.session
        if transport is None or transport.is_closing():
            return
        if session.outgoing:
            self._write()
        if not self._is_writable and transport.get_write_buffer_size() > WRITE_BUFFER_OCTETS_MAX:
            self.abort(Why.PEER_NOT_READING)
        elif session.is_over:
            self._hang_up(transport)
        else:
            if (session.is_lagging or self.is_full) is self._is_reading:
                self._read_or_pause(transport)
            if self._timer is None:
                self._arm()

    def _write(self) -> None:
        if self._transport is not None:
            self._transport.write(self.session.take_outgoing())

    def _read_or_pause(self, transport: asyncio.Transport) -> None:
        self._is_reading = not self._is_reading
        if self._is_reading:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def _hang_up(self, transport: asyncio.Transport) -> None:
        if self._is_hanging_up:
            return
        self._is_hanging_up = True
        if self._timer is not None:
            self._timer.cancel()
        closed = self.closed
        delay_s = self.patience_s if closed is not None and closed.why in ANSWERED_LAST else 0.0
        self._timer = self._loop.call_later(delay_s, self._close, transport)

    def _close(self, transport: asyncio.Transport) -> None:
        transport.close()
        self._timer = self._loop.call_later(LINGER_S, transport.abort)

    def _arm(self) -> None:
        """One timer, never moved: nothing that comes up later can be due before it."""
        wakes_at = min(self.session.deadline, self._now + self._shortest_s)
        self._timer = self._loop.call_at(wakes_at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._now = self._loop.time()
        if self.is_full:  # we do not read, so silence says nothing about the peer
            self.session.timers.heard(self._now, is_partial=False)
        self._perform(self.session.tick(self._now))
        self._flush()


async def connected(
    make: Callable[[], SomeLink],
    host: str,
    port: int,
    timeout_s: float,
    ssl: SSLContext | None = None,
    server_hostname: str | None = None,
    local_address: str | None = None,
) -> SomeLink:
    """A link on a new connection, not bound yet; raises ConnectError when there is none in time."""
    try:
        async with asyncio.timeout(timeout_s):
            _, link = await asyncio.get_running_loop().create_connection(
                make,
                host,
                port,
                ssl=ssl,
                server_hostname=(server_hostname or host) if ssl else None,
                local_addr=None if local_address is None else (local_address, 0),
            )
    except TimeoutError as error:
        raise ConnectTimeoutError(f"{host}:{port}: no connection in time") from error
    except OSError as error:  # TLS errors are
        raise ConnectError(f"{host}:{port}: {error}") from error
    return link


def as_response(kind: type[Response], response: Pdu) -> Response:
    """A generic_nack is an answer too: the same "no" as the response that was due."""
    if isinstance(response, kind):
        return response
    return kind(command_status=response.command_status, sequence_number=response.sequence_number)
