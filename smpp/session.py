"""One SMPP session, either role, without I/O and without a clock: octets and `now` come in, events
and octets to write come out.

    for event in session.receive(octets, now): ...     and session.tick(now) at session.deadline
    transport.write(session.take_outgoing())           after anything that may have written

An event is one of three: a `Pdu`, a request of the peer that the application answers with
`respond`; an `Exchange`, a request of ours with its response, or without one when it stays
unanswered; `Closed`, the last one, after every request in flight was told. The session itself
answers enquire_link, unbind, what the state forbids and what cannot be read. A response that nobody
asked for is counted, never fatal: links die of pedantry more often than of wrong numbers.

Backpressure is left to the caller by two numbers: `room`, requests that may be sent, and
`is_lagging`, the peer's unanswered requests have reached their limit, so stop reading. What the
peer says of its own load narrows `room`, and its version decides whether it is sent TLVs.
"""

from dataclasses import dataclass, field
from typing import Any

from smpp import tlv, version
from smpp.errors import FramingError, LocalProtocolError, PduError, SessionLostError
from smpp.framing import Framer
from smpp.pdu import (
    RECORDS,
    RESPONSES,
    Bind,
    BindReceiverResp,
    BindTransceiverResp,
    BindTransmitterResp,
    EnquireLink,
    GenericNack,
    Pdu,
    Unbind,
    UnbindResp,
)
from smpp.state import BIND_TYPES, RECEIVES, SENDS, BindState, Closed, Role, Why, settled
from smpp.timers import TimerConfig, Timers
from smpp.values import PDU_OCTETS_MAX, RESPONSE_BIT, BindType, CommandId, CommandStatus
from smpp.window import Exchange, Window
from smpp.wire import WRITERS, decode

Event = Pdu | Exchange | Closed
OVER = (BindState.UNBOUND, BindState.CLOSED)
LEAVING = (BindState.UNBINDING, *OVER)
HEADER_FAULTS = (CommandStatus.ESME_RINVCMDLEN, CommandStatus.ESME_RINVCMDID)
OURS_TO_ANSWER = {CommandId.ENQUIRE_LINK, CommandId.UNBIND}
TURNING = {BindTransmitterResp, BindReceiverResp, BindTransceiverResp, UnbindResp}
ESME_ROK = CommandStatus.ESME_ROK
RESPONSE_OCTET = 0x80  # of RESPONSE_BIT, in the first octet of a command_id
OUR_OWN = object()  # the context of what the session asks for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """The limits of a session. `owed_requests_max` bounds the peer's unanswered requests."""

    window_requests_max: int = 10
    owed_requests_max: int = 1000
    pdu_octets_max: int = PDU_OCTETS_MAX
    response_timeout_s: float = 120.0
    timers: TimerConfig = field(default_factory=TimerConfig)

    @property
    def shortest_s(self) -> float:
        """No deadline that is set at some moment comes sooner after it."""
        return min(self.response_timeout_s, self.timers.shortest_s)


@dataclass(slots=True)
class SessionCounts:
    """What a peer did that it should not, for the metrics."""

    unreadable: int = 0
    forbidden: int = 0
    broken_tlvs: int = 0


class Session:
    """The state machine of one connection. `sequence_number` is the one before our first."""

    def __init__(
        self, role: Role, config: SessionConfig, now: float, *, sequence_number: int = 0
    ) -> None:
        self.window = Window(config.window_requests_max, config.response_timeout_s, sequence_number)
        self.timers = Timers(config.timers, now)
        self.counts = SessionCounts()
        self.outgoing: list[bytes] = []
        self.interface_version = version.VERSION_3_4  # what both speak, once bound
        self._config = config
        self._framer = Framer(config.pdu_octets_max)
        self._owed = 0
        self._role = role
        self._set(BindState.OPEN)

    # --- what it is: `state`, `is_bound`, and `is_over`: `Closed` was told, so write what is
    #     outgoing and close the socket ------------------------------------------------------------

    @property
    def bind_type(self) -> BindType | None:
        """As what the session is bound, None when it is not."""
        return BIND_TYPES.get(self.state)

    @property
    def is_lagging(self) -> bool:
        """Whether the peer asked so much that no more should be read before some is answered."""
        return self._owed >= self._config.owed_requests_max

    @property
    def room(self) -> int:
        """Requests that may be sent now."""
        return self.window.room if self.is_bound else 0

    @property
    def deadline(self) -> float:
        """When to call `tick`."""
        return min(self.timers.deadline, self.window.deadline)

    # --- what the peer and the clock do ---------------------------------------------------------

    def receive(self, octets: bytes, now: float) -> list[Event]:
        """Take octets off the wire, in any chunks."""
        events: list[Event] = []
        try:
            for whole in self._framer.feed(octets):
                if self.is_over:
                    break
                try:
                    pdu = decode(whole)
                except PduError as error:
                    self._refuse(error)
                    continue
                if pdu.unread:
                    self.counts.broken_tlvs += 1
                if whole[4] & RESPONSE_OCTET:
                    self._take_response(pdu, now, events)
                else:
                    self._take_request(pdu, events)
        except FramingError as error:
            self._write(GenericNack(command_status=error.nack))
            events += self._end(BindState.CLOSED, Why.PROTOCOL_ERROR, str(error))
        self.timers.heard(now, is_partial=self._framer.is_partial)
        if events:
            self.timers.spoke(now)
        return events

    def tick(self, now: float) -> list[Event]:
        """Do what is due: time requests out, ask for a sign of life, give the link up."""
        if self.is_over:
            return []
        events: list[Event] = [*_asked_for(self.window.expire(now))]
        if self.is_lagging:  # we do not read, so silence says nothing about the peer
            self.timers.heard(now, is_partial=False)
        why = self.timers.expired(now)
        if why is not None:
            events += self._end(BindState.CLOSED, why)
        elif self.timers.enquire_at <= now:
            self.send(EnquireLink(), now, OUR_OWN)
            self.timers.asked(now)
        return events

    def lose(self, why: Why = Why.CONNECTION_LOST, detail: str = "") -> list[Event]:
        """The connection is gone, or is to be cut: every request in flight stays unanswered."""
        return [] if self.is_over else self._end(BindState.CLOSED, why, detail)

    # --- what we do -----------------------------------------------------------------------------

    def send(self, request: Pdu, now: float, context: object = None) -> int:
        """Write a request, giving it its sequence number; its `Exchange` will carry `context`."""
        after = self._sends.get(request.command_id)
        if after is None:
            raise self._refusal(request)
        window = self.window
        if len(window.in_flight) >= window.congestion.allowed and context is not OUR_OWN:
            raise LocalProtocolError("the window is full")
        number = window.open(request, RESPONSES.get(type(request)), now, context)
        try:
            self._write(request)
        except LocalProtocolError:
            window.withdraw(number)
            raise
        if after is not self.state:
            self._begin(request, after)
        return number

    def respond(
        self,
        request: Pdu,
        now: float,
        command_status: int = ESME_ROK,
        **fields: Any,
    ) -> None:
        """Answer a request of the peer; nobody is told when the session is over meanwhile."""
        response_type = RESPONSES.get(type(request))
        if self.is_over or response_type is None:
            return
        status = CommandStatus(command_status) if command_status else ESME_ROK
        response = response_type(
            sequence_number=request.sequence_number, command_status=status, **fields
        )
        after = self._sends.get(response.command_id)
        if after is None:
            raise self._refusal(response)
        assert self._owed > 0  # each request is answered once
        self._write(response)
        self._owed -= 1
        if after is not self.state:
            self._turn(settled(after, response.command_id, status), response, now)

    def unbind(self, now: float) -> list[Event]:
        """Leave politely; `Closed` comes with the answer, or when none comes in time."""
        if not self.is_bound:
            return self.lose(Why.ABORTED)
        self.send(Unbind(), now, OUR_OWN)
        self.timers.unbinding(now)
        return []

    def take_outgoing(self) -> bytes:
        """The octets to write now; whoever takes them writes them."""
        octets = b"".join(self.outgoing)
        self.outgoing.clear()
        return octets

    # --- how ------------------------------------------------------------------------------------

    def _take_response(self, response: Pdu, now: float, events: list[Event]) -> None:
        exchange = self.window.close(response)
        if exchange is None:
            return
        if exchange.context is not OUR_OWN:
            events.append(exchange)
        if response.tlvs:
            self._hear_congestion(response)
        if exchange.answered_by not in TURNING:
            return
        after = self._receives.get(response.command_id)
        if exchange.answered_by is UnbindResp:  # a generic_nack ends us too
            events += self._end(BindState.UNBOUND, Why.WE_UNBOUND)
        elif after is not None and after is not self.state:
            state = settled(after, response.command_id, response.command_status)
            self._turn(state, response, now)

    def _hear_congestion(self, response: Pdu) -> None:
        congestion_state = response.tlv(tlv.CONGESTION_STATE)
        if congestion_state is not None:
            self.window.congestion.hear(congestion_state)

    def _take_request(self, request: Pdu, events: list[Event]) -> None:
        after = self._receives.get(request.command_id)
        if after is None:
            self._forbid(request)
        elif request.command_id in OURS_TO_ANSWER:
            self._answer(request, ESME_ROK)
            if request.command_id == CommandId.UNBIND:
                events += self._end(BindState.UNBOUND, Why.PEER_UNBOUND)
        else:
            if type(request) in RESPONSES:
                self._owed += 1
            if after is not self.state:
                self._begin(request, after)
            events.append(request)

    def _forbid(self, request: Pdu) -> None:
        """Not in this state: the request's own response says so."""
        self.counts.forbidden += 1
        is_rebind = self.is_bound and isinstance(request, Bind)
        self._answer(
            request, CommandStatus.ESME_RALYBND if is_rebind else CommandStatus.ESME_RINVBNDSTS
        )

    def _refuse(self, error: PduError) -> None:
        """A broken header gets a generic_nack, a broken body its own response."""
        self.counts.unreadable += 1
        if error.command_id & RESPONSE_BIT:
            return
        record = RECORDS.get(error.command_id)
        response_type = RESPONSES.get(record) if record else None
        if response_type is None or error.nack in HEADER_FAULTS:
            response_type = GenericNack
        self._write(response_type(sequence_number=error.sequence_number, command_status=error.nack))

    def _answer(self, request: Pdu, status: CommandStatus) -> None:
        response_type = RESPONSES.get(type(request))
        if response_type is not None:
            self._write(
                response_type(sequence_number=request.sequence_number, command_status=status)
            )

    def _write(self, pdu: Pdu) -> None:
        if pdu.tlvs and self.interface_version < version.VERSION_3_4:
            pdu = version.without_tlvs(pdu)
        self.outgoing.append(WRITERS[pdu.command_id](pdu))

    def _refusal(self, pdu: Pdu) -> LocalProtocolError | SessionLostError:
        if self.state in LEAVING:
            return SessionLostError(f"the session is {self.state.value}")
        command = pdu.command_id.name.lower()
        return LocalProtocolError(f"{command} from {self._role.value} while {self.state.value}")

    def _begin(self, request: Pdu, state: BindState) -> None:
        """A request that changes the state came or went."""
        if isinstance(request, Bind):
            self.interface_version = request.interface_version
        self._set(state)

    def _turn(self, state: BindState, response: Pdu, now: float) -> None:
        """The answer to a bind came or went."""
        self._set(state)
        if self.is_bound:
            self.interface_version = version.agreed(self.interface_version, response)
            self.timers.bound(now)

    def _set(self, state: BindState) -> None:
        self.state = state
        self.is_bound = state in BIND_TYPES
        self.is_over = state in OVER
        self._sends = SENDS[self._role][state]
        self._receives = RECEIVES[self._role][state]

    def _end(self, state: BindState, why: Why, detail: str = "") -> list[Event]:
        self._set(state)
        return [*_asked_for(self.window.abandon()), Closed(why, detail)]


def _asked_for(exchanges: list[Exchange]) -> list[Exchange]:
    return [exchange for exchange in exchanges if exchange.context is not OUR_OWN]
