"""Pumps one socket through one Session: the asyncio shell that client and server share.

Whatever one turn of the event loop asks to be written leaves in one write; nothing here makes a
task or takes a lock for a message. One timer waits for the session's next deadline. `room` is 0
while the transport's buffer is full, and reading stops while the application owes too many answers,
so a flood stays in the peer's TCP buffers. A peer that takes no answers at all is cut off.

The life of a link: connected, bound, `Closed` from the session (every request in flight is told),
socket closed, and only then `on_closed`.
"""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Any, cast

from smpp.errors import ResponseTimeoutError, SessionLostError
from smpp.pdu import Pdu
from smpp.session import Event, Session, SessionConfig
from smpp.state import Closed, Role, Why
from smpp.values import BindType, CommandStatus
from smpp.window import Exchange

WRITE_BUFFER_OCTETS_MAX = 1 << 20  # beyond it the peer is not reading
LINGER_S = 2.0  # for the last octets to leave when the link is closed

OnAnswer = Callable[[object, Pdu | None], None]


class Link(asyncio.Protocol):
    """One SMPP session on one connection; made when the connection stands."""

    def __init__(self, role: Role, config: SessionConfig) -> None:
        self.on_room: Callable[[], None] | None = None
        self.on_late: Callable[[object, Pdu], None] | None = None
        self.closed: Closed | None = None
        self._loop = asyncio.get_running_loop()
        self.session = Session(role, config, self._loop.time())
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._is_writable = True
        self._is_reading = True
        self._is_flush_due = False

    # --- what the application does --------------------------------------------------------------

    @property
    def room(self) -> int:
        """Requests that may be sent now: free window slots, 0 when not bound or not writable."""
        return self.session.room if self._is_writable else 0

    @property
    def bind_type(self) -> BindType | None:
        """As what the link is bound, None when it is not."""
        return self.session.bind_type

    @property
    def peer(self) -> str:
        """The address of the other end, as host:port."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return f"{name[0]}:{name[1]}" if name else ""

    def send(self, pdu: Pdu, on_answer: OnAnswer, context: object) -> int:
        """Send a request when there is `room`; returns its sequence_number.

        `on_answer(context, response)` is called once, with None when the request stays unanswered;
        it belongs to this event loop turn and must not wait.
        """
        number = self.session.send(pdu, self._loop.time(), (on_answer, context))
        if not self._is_flush_due:
            self._flush_soon()
        return number

    async def request(self, pdu: Pdu) -> Pdu:
        """Wait for room, send a request and wait for its response, whatever its status."""
        while not self.room:
            if not self.session.is_bound:
                raise SessionLostError(str(self.closed or "not bound"))
            waiter = self._loop.create_future()
            self._waiting.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._offer_room()  # if it was woken, somebody else may go
                raise
        answer: asyncio.Future[Pdu] = self._loop.create_future()
        self.send(pdu, self._settle, answer)
        return await answer

    def respond(
        self, request: Pdu, command_status: int = CommandStatus.ESME_ROK, **fields: Any
    ) -> None:
        """Answer a request of the peer, once; `fields` are those of the response."""
        self.session.respond(request, self._loop.time(), command_status, **fields)
        if not self._is_flush_due:
            self._flush_soon()

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

    def abort(self, why: Why = Why.ABORTED, detail: str = "") -> None:
        """Cut the connection; requests in flight stay unanswered."""
        self._perform(self.session.lose(why, detail))
        if self._transport is not None:
            self._transport.abort()

    # --- what the subclass decides --------------------------------------------------------------

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
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arm()

    def data_received(self, octets: bytes) -> None:
        self._is_flush_due = True  # this turn flushes below, whatever is sent on the way
        self._perform(self.session.receive(octets, self._loop.time()))
        self.take_batch()
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
        self.take_end(self.closed or Closed(Why.CONNECTION_LOST))

    # --- how ------------------------------------------------------------------------------------

    def _perform(self, events: list[Event]) -> None:
        has_room = False
        for event in events:
            try:
                if type(event) is Exchange:
                    has_room = True
                    self._tell(event)
                elif type(event) is Closed:
                    self.closed = event
                    has_room = True  # nobody may go on waiting for it
                else:
                    self.take_request(cast(Pdu, event))
            except Exception as error:
                self._fail(error)
        if has_room:
            self._offer_room()

    def _tell(self, exchange: Exchange) -> None:
        on_answer, context = cast(tuple[OnAnswer, object], exchange.context)
        if not exchange.is_late:
            on_answer(context, exchange.response)
        elif self.on_late is not None and exchange.response is not None:
            self.on_late(context, exchange.response)

    def _settle(self, context: object, response: Pdu | None) -> None:
        answer = cast("asyncio.Future[Pdu]", context)
        if answer.done():  # whoever asked was cancelled
            return
        if response is not None:
            answer.set_result(response)
        elif self.session.is_over:
            answer.set_exception(SessionLostError("unanswered when the session ended"))
        else:
            answer.set_exception(ResponseTimeoutError("no response in time"))

    def _fail(self, error: Exception) -> None:
        """The application's own bug: say so aloud, and end the link it happened on."""
        self._loop.call_exception_handler(
            {"message": "SMPP callback failed", "exception": error, "protocol": self}
        )
        self._loop.call_soon(self.abort, Why.APPLICATION_ERROR, repr(error))

    def _offer_room(self) -> None:
        """Wake those who wait for room, all of them when there will never be any."""
        free = len(self._waiting) if self.session.is_over else self.room
        while free > 0 and self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                free -= 1
        if self.on_room is not None and self.room:
            try:
                self.on_room()
            except Exception as error:
                self._fail(error)

    def _flush_soon(self) -> None:
        self._is_flush_due = True
        self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Write what is outgoing, then see to reading, the end, and the timer."""
        self._is_flush_due = False
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self.session.outgoing:
            transport.write(self.session.take_outgoing())
        if not self._is_writable and transport.get_write_buffer_size() > WRITE_BUFFER_OCTETS_MAX:
            self.abort(Why.PEER_NOT_READING)
        elif self.session.is_over:
            self._hang_up(transport)
        else:
            self._read_or_pause(transport)
            self._arm()

    def _read_or_pause(self, transport: asyncio.Transport) -> None:
        if self.session.is_lagging and self._is_reading:
            self._is_reading = False
            transport.pause_reading()
        elif not self._is_reading and not self.session.is_lagging:
            self._is_reading = True
            transport.resume_reading()

    def _hang_up(self, transport: asyncio.Transport) -> None:
        if self._timer is not None:
            self._timer.cancel()
        transport.close()
        self._timer = self._loop.call_later(LINGER_S, transport.abort)

    def _arm(self) -> None:
        """One timer, moved only when something is due earlier than it."""
        deadline = self.session.deadline
        if self._timer is not None:
            if self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._tick) if deadline < inf else None

    def _tick(self) -> None:
        self._timer = None
        self._perform(self.session.tick(self._loop.time()))
        self._flush()
