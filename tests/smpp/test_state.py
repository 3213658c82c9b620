"""The tables over the whole product, against the specification's own table 2-1 row by row."""

from itertools import product

import pytest

from smpp.state import (
    ALIVE,
    BOUND,
    RECEIVES,
    SENDS,
    BindState,
    Closed,
    Role,
    Why,
    settled,
)
from smpp.values import RESPONSE_BIT, CommandId, CommandStatus

C, S, E, M = CommandId, BindState, Role.ESME, Role.SMSC
TX, RX, TRX = {S.BOUND_TX}, {S.BOUND_RX}, {S.BOUND_TRX}
ANY = TX | RX | TRX
EVER: set[BindState] = set(ALIVE)
LEAVING = {S.UNBINDING}
NEVER: set[BindState] = set()

# Table 2-1 of SMPP 3.4 and of 5.0: states in which the ESME, and in which the SMSC, may send it.
TABLE: dict[CommandId, tuple[set[BindState], set[BindState]]] = {
    C.BIND_TRANSMITTER: ({S.OPEN}, NEVER),
    C.BIND_TRANSMITTER_RESP: (NEVER, {S.BINDING}),
    C.BIND_RECEIVER: ({S.OPEN}, NEVER),
    C.BIND_RECEIVER_RESP: (NEVER, {S.BINDING}),
    C.BIND_TRANSCEIVER: ({S.OPEN}, NEVER),
    C.BIND_TRANSCEIVER_RESP: (NEVER, {S.BINDING}),
    C.OUTBIND: (NEVER, {S.OPEN}),
    C.UNBIND: (ANY, ANY),
    C.UNBIND_RESP: (LEAVING | {S.UNBOUND}, LEAVING | {S.UNBOUND}),
    C.SUBMIT_SM: (TX | TRX, NEVER),
    C.SUBMIT_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.SUBMIT_MULTI: (TX | TRX, NEVER),
    C.SUBMIT_MULTI_RESP: (NEVER, TX | TRX | LEAVING),
    C.DATA_SM: (ANY, ANY),
    C.DATA_SM_RESP: (ANY | LEAVING, ANY | LEAVING),
    C.DELIVER_SM: (NEVER, RX | TRX),
    C.DELIVER_SM_RESP: (RX | TRX | LEAVING, NEVER),
    C.QUERY_SM: (TX | TRX, NEVER),
    C.QUERY_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.CANCEL_SM: (TX | TRX, NEVER),
    C.CANCEL_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.REPLACE_SM: (TX | TRX, NEVER),
    C.REPLACE_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.BROADCAST_SM: (TX | TRX, NEVER),
    C.BROADCAST_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.QUERY_BROADCAST_SM: (TX | TRX, NEVER),
    C.QUERY_BROADCAST_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.CANCEL_BROADCAST_SM: (TX | TRX, NEVER),
    C.CANCEL_BROADCAST_SM_RESP: (NEVER, TX | TRX | LEAVING),
    C.ENQUIRE_LINK: (EVER, EVER),
    C.ENQUIRE_LINK_RESP: (EVER, EVER),
    C.ALERT_NOTIFICATION: (NEVER, RX | TRX),
    C.GENERIC_NACK: (EVER, EVER),
}
PRODUCT = list(product(BindState, CommandId))


@pytest.mark.parametrize("role", Role)
def test_each_role_may_send_what_the_specification_says_and_nothing_else(role: Role) -> None:
    for state, command in PRODUCT:
        allowed = TABLE[command][role is Role.SMSC]
        assert (command in SENDS[role][state]) == (state in allowed), (state, command)


@pytest.mark.parametrize(("role", "other"), [(E, M), (M, E)])
def test_one_receives_what_the_other_sends_into_the_same_state(role: Role, other: Role) -> None:
    for state, command in PRODUCT:
        if state is not S.UNBINDING:
            assert RECEIVES[role][state].get(command) == SENDS[other][state].get(command)


@pytest.mark.parametrize(("role", "other"), [(E, M), (M, E)])
def test_what_was_sent_while_bound_may_still_cross_an_unbind(role: Role, other: Role) -> None:
    may_cross = {command for bound in BOUND for command in SENDS[other][bound]}
    may_cross |= set(SENDS[other][S.UNBINDING])
    assert set(RECEIVES[role][S.UNBINDING]) == may_cross


def test_nothing_is_ever_sent_or_received_when_closed() -> None:
    for tables, role in product((SENDS, RECEIVES), Role):
        assert tables[role][S.CLOSED] == {}


@pytest.mark.parametrize(
    "bind", [C.BIND_RECEIVER, C.BIND_TRANSCEIVER, C.BIND_TRANSMITTER], ids=lambda bind: bind.name
)
def test_after_an_outbind_the_esme_may_bind_on_the_same_link(bind: CommandId) -> None:
    after = RECEIVES[E][S.OPEN][C.OUTBIND]
    assert SENDS[E][after][bind] is S.BINDING
    assert RECEIVES[M][SENDS[M][S.OPEN][C.OUTBIND]][bind] is S.BINDING


def test_only_bind_and_unbind_move_a_session() -> None:
    moving = {
        (state, command)
        for state, command in PRODUCT
        for role in Role
        if SENDS[role][state].get(command, state) is not state
    }
    assert {command & ~RESPONSE_BIT for _, command in moving} == {
        C.BIND_RECEIVER,
        C.BIND_TRANSMITTER,
        C.BIND_TRANSCEIVER,
        C.UNBIND,
    }


@pytest.mark.parametrize(
    ("command", "status", "after"),
    [
        (C.BIND_TRANSCEIVER_RESP, CommandStatus.ESME_ROK, S.BOUND_TRX),
        (C.BIND_TRANSCEIVER_RESP, CommandStatus.ESME_RBINDFAIL, S.OPEN),
        (C.UNBIND_RESP, CommandStatus.ESME_RSYSERR, S.BOUND_TRX),
    ],
)
def test_a_refused_bind_leaves_the_session_open(
    command: CommandId, status: CommandStatus, after: BindState
) -> None:
    assert settled(S.BOUND_TRX, command, status) is after


def test_the_end_reads_as_a_sentence() -> None:
    assert str(Closed(Why.PEER_UNBOUND)) == "the peer unbound"
    assert str(Closed(Why.CONNECTION_LOST, "reset")) == "the connection was lost: reset"
