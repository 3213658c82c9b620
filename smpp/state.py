"""Who may send what in which state: SMPP 3.4 table 2-1 and 5.0 section 2.4, as data.

A row names the sender, so the same rows serve both roles: what the ESME sends, the SMSC receives.
`SENDS[role][state]` gives each allowed command the state after it, and `RECEIVES` likewise. Absent
means forbidden.

    OPEN ──bind──▶ BINDING ──bind_resp──▶ BOUND_TX, BOUND_RX, BOUND_TRX ──unbind──▶ UNBINDING
      ▲               │ refused                                                        │
      └───────────────┘                                       UNBOUND ◀──unbind_resp───┘

BINDING and UNBINDING name what the specification leaves unnamed, the time between request and
response. Nobody sends messages in UNBINDING, but what the peer sent while bound may still cross our
unbind on the wire, so it may still be received and answered.
"""

from dataclasses import dataclass
from enum import Enum

from smpp.values import RESPONSE_BIT, BindType, CommandId, CommandStatus


class Role(Enum):
    """Which end of the link we are."""

    ESME = "ESME"
    SMSC = "SMSC"


class BindState(Enum):
    """The state of a session."""

    OPEN = "open"
    BINDING = "binding"
    BOUND_TX = "bound as transmitter"
    BOUND_RX = "bound as receiver"
    BOUND_TRX = "bound as transceiver"
    UNBINDING = "unbinding"
    UNBOUND = "unbound"
    CLOSED = "closed"


class Why(Enum):
    """Why a session ended."""

    WE_UNBOUND = "we unbound"
    PEER_UNBOUND = "the peer unbound"
    CONNECTION_LOST = "the connection was lost"
    NOT_BOUND = "not bound in time"
    NOT_UNBOUND = "unbind was not answered in time"
    LINK_SILENT = "enquire_link was not answered in time"
    PDU_UNFINISHED = "half a PDU, then silence"
    INACTIVE = "no message for too long"
    BIND_REFUSED = "the bind was refused"
    PROTOCOL_ERROR = "the peer broke the protocol"
    PEER_NOT_READING = "the peer does not read what we write"
    APPLICATION_ERROR = "the application failed"
    ABORTED = "we cut the connection"


@dataclass(frozen=True, slots=True)
class Closed:
    """The end of a session."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.why.value}: {self.detail}" if self.detail else self.why.value


Table = dict[BindState, dict[int, BindState]]
C, S = CommandId, BindState

BIND_TYPES = {
    S.BOUND_TX: BindType.TRANSMITTER,
    S.BOUND_RX: BindType.RECEIVER,
    S.BOUND_TRX: BindType.TRANSCEIVER,
}
BIND_RESPONSES = {C.BIND_TRANSMITTER_RESP, C.BIND_RECEIVER_RESP, C.BIND_TRANSCEIVER_RESP}

ESME, SMSC, BOTH = (Role.ESME,), (Role.SMSC,), (Role.ESME, Role.SMSC)
SENDING = (S.BOUND_TX, S.BOUND_TRX)
RECEIVING = (S.BOUND_RX, S.BOUND_TRX)
BOUND = (S.BOUND_TX, S.BOUND_RX, S.BOUND_TRX)
ALIVE = tuple(state for state in S if state is not S.CLOSED)

# Who sends it, what, in which states, and the state after it.
MOVES: tuple[tuple[tuple[Role, ...], CommandId, tuple[BindState, ...], BindState], ...] = (
    (ESME, C.BIND_TRANSMITTER, (S.OPEN,), S.BINDING),
    (ESME, C.BIND_RECEIVER, (S.OPEN,), S.BINDING),
    (ESME, C.BIND_TRANSCEIVER, (S.OPEN,), S.BINDING),
    (SMSC, C.BIND_TRANSMITTER_RESP, (S.BINDING,), S.BOUND_TX),
    (SMSC, C.BIND_RECEIVER_RESP, (S.BINDING,), S.BOUND_RX),
    (SMSC, C.BIND_TRANSCEIVER_RESP, (S.BINDING,), S.BOUND_TRX),
    (BOTH, C.UNBIND, BOUND, S.UNBINDING),
    (BOTH, C.UNBIND_RESP, (S.UNBINDING, S.UNBOUND), S.UNBOUND),
)
# Requests that change no state; their responses go the other way in the same states.
EXCHANGES: tuple[tuple[tuple[Role, ...], CommandId, tuple[BindState, ...]], ...] = (
    (ESME, C.SUBMIT_SM, SENDING),
    (ESME, C.SUBMIT_MULTI, SENDING),
    (ESME, C.QUERY_SM, SENDING),
    (ESME, C.CANCEL_SM, SENDING),
    (ESME, C.REPLACE_SM, SENDING),  # 3.4 forgets the transceiver, 5.0 does not
    (ESME, C.BROADCAST_SM, SENDING),
    (ESME, C.QUERY_BROADCAST_SM, SENDING),
    (ESME, C.CANCEL_BROADCAST_SM, SENDING),
    (SMSC, C.DELIVER_SM, RECEIVING),
    (BOTH, C.DATA_SM, BOUND),
    (BOTH, C.ENQUIRE_LINK, ALIVE),  # 3.4 says bound, 5.0 section 2.4 says always
)
ONE_WAY: tuple[tuple[tuple[Role, ...], CommandId, tuple[BindState, ...]], ...] = (
    (SMSC, C.OUTBIND, (S.OPEN,)),  # the session stays open: the ESME binds on the same link
    (SMSC, C.ALERT_NOTIFICATION, RECEIVING),
    (BOTH, C.GENERIC_NACK, ALIVE),
)
OTHER = {Role.ESME: Role.SMSC, Role.SMSC: Role.ESME}


def _sends() -> dict[Role, Table]:
    tables: dict[Role, Table] = {role: {state: {} for state in S} for role in Role}
    for roles, command, states, after in MOVES:
        for role in roles:
            for state in states:
                tables[role][state][command] = after
    for roles, command, states in EXCHANGES + ONE_WAY:
        for role in roles:
            for state in states:
                tables[role][state][command] = state
    for roles, command, states in EXCHANGES:
        for role in roles:
            for state in (*states, S.UNBINDING):
                tables[OTHER[role]][state][command | RESPONSE_BIT] = state
    return tables


def _receives(sends: dict[Role, Table]) -> dict[Role, Table]:
    tables = {role: {state: dict(sends[OTHER[role]][state]) for state in S} for role in Role}
    for table in tables.values():
        for bound in BOUND:
            for command in table[bound]:
                table[S.UNBINDING].setdefault(command, S.UNBINDING)
    return tables


SENDS = _sends()
RECEIVES = _receives(SENDS)


def settled(after: BindState, command_id: int, status: CommandStatus) -> BindState:
    """The state after a PDU of this status: a refused bind leaves the session open."""
    return S.OPEN if status and command_id in BIND_RESPONSES else after
