from itertools import product

import pytest

from smpp import tlv
from smpp.errors import LocalProtocolError, SessionLostError
from smpp.pdu import (
    RECORDS,
    RESPONSES,
    AlertNotification,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from smpp.session import Session, SessionConfig
from smpp.state import RECEIVES, SENDS, BindState, Closed, Role, Why
from smpp.timers import TimerConfig
from smpp.values import RESPONSE_BIT, SEQUENCE_NUMBER_MAX, BindType, CommandId, CommandStatus
from smpp.window import Exchange
from smpp.wire import HEADER, decode, encode
from tests.smpp.pair import Pair

CONFIG = SessionConfig(window_requests_max=3, owed_requests_max=2, response_timeout_s=30.0)


def written(session: Session) -> list[Pdu]:
    """What a session has to write, decoded."""
    pdus = [decode(octets) for octets in session.outgoing]
    session.outgoing.clear()
    return pdus


def fed(session: Session, pdu: Pdu, now: float = 0.0) -> list[object]:
    return [*session.receive(encode(pdu), now)]


@pytest.mark.parametrize(
    ("bind", "bind_type"),
    [
        (BindTransmitter(), BindType.TRANSMITTER),
        (BindReceiver(), BindType.RECEIVER),
        (BindTransceiver(), BindType.TRANSCEIVER),
    ],
)
def test_both_sides_agree_on_the_bind(bind: Pdu, bind_type: BindType) -> None:
    pair = Pair.bound(bind=bind)  # type: ignore[arg-type]
    assert pair.esme.bind_type is pair.smsc.bind_type is bind_type


def test_a_request_and_its_answer_travel_both_ways() -> None:
    pair = Pair.bound()
    pair.esme.send(SubmitSm(short_message=b"mt"), pair.now, "ours")
    pair.smsc.send(DeliverSm(short_message=b"mo"), pair.now, "theirs")
    pair.flow()
    for session, message_id in ((pair.smsc, "a1"), (pair.esme, "")):
        for request in pair.requests(session):
            session.respond(request, pair.now, message_id=message_id)
    pair.flow()
    [submitted], [delivered] = pair.events(pair.esme), pair.events(pair.smsc)
    assert isinstance(submitted, Exchange)
    assert isinstance(delivered, Exchange)
    assert (submitted.context, delivered.context) == ("ours", "theirs")
    assert submitted.response == SubmitSmResp(sequence_number=2, message_id="a1")
    assert delivered.response == DeliverSmResp(sequence_number=1)


def test_a_refused_bind_leaves_both_open_for_another() -> None:
    pair = Pair()
    pair.esme.send(BindTransceiver(), pair.now)
    pair.flow()
    [bind] = pair.requests(pair.smsc)
    pair.smsc.respond(bind, pair.now, CommandStatus.ESME_RINVPASWD)
    pair.flow()
    [exchange] = pair.events(pair.esme)
    assert isinstance(exchange, Exchange)
    assert exchange.response is not None
    assert exchange.response.command_status is CommandStatus.ESME_RINVPASWD
    assert pair.esme.state is pair.smsc.state is BindState.OPEN


@pytest.mark.parametrize("bad", [0, 15, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_a_command_length_that_cannot_be_is_nacked_and_ends_the_session(bad: int) -> None:
    pair = Pair.bound(CONFIG)
    pair.esme.send(SubmitSm(), pair.now, "in flight")
    pair.esme.outgoing.clear()
    events = pair.esme.receive(bad.to_bytes(4, "big"), pair.now)
    [exchange, closed] = events
    assert isinstance(exchange, Exchange)
    assert exchange.response is None
    assert closed == Closed(Why.PROTOCOL_ERROR, f"command_length 0x{bad:08X}")
    assert written(pair.esme) == [GenericNack(command_status=CommandStatus.ESME_RINVCMDLEN)]


def test_what_came_before_the_broken_length_is_still_told() -> None:
    pair = Pair.bound()
    events = pair.esme.receive(encode(DeliverSm(sequence_number=1)) + bytes(4), pair.now)
    assert [type(event) for event in events] == [DeliverSm, Closed]


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (
            HEADER.pack(16, 0x0000_7777, 0, 5),
            GenericNack(sequence_number=5, command_status=CommandStatus.ESME_RINVCMDID),
        ),
        (
            HEADER.pack(17, CommandId.DELIVER_SM, 0, 6) + b"\0",
            GenericNack(sequence_number=6, command_status=CommandStatus.ESME_RINVCMDLEN),
        ),
        (
            HEADER.pack(26, CommandId.DELIVER_SM, 0, 7) + b"toolong \0\0",
            DeliverSmResp(sequence_number=7, command_status=CommandStatus.ESME_RINVSERTYP),
        ),
        (HEADER.pack(16, 0x8000_7777, 0, 8), None),  # a response is never nacked
    ],
)
def test_what_cannot_be_read_is_answered_and_the_session_lives(
    octets: bytes, answer: Pdu | None
) -> None:
    pair = Pair.bound()
    assert pair.esme.receive(octets, pair.now) == []
    assert written(pair.esme) == ([answer] if answer else [])
    assert pair.esme.counts.unreadable == 1
    assert pair.esme.is_bound


STATES = [state for state in BindState if state not in (BindState.UNBOUND, BindState.CLOSED)]


def session_in(role: Role, state: BindState) -> Session:
    """A session brought into a state by what is sent and received."""
    binds = {
        BindState.BOUND_TX: BindTransmitter(),
        BindState.BOUND_RX: BindReceiver(),
        BindState.BOUND_TRX: BindTransceiver(),
        BindState.UNBINDING: BindTransceiver(),
    }
    pair = Pair.bound(bind=binds[state]) if state in binds else Pair()
    session = pair.esme if role is Role.ESME else pair.smsc
    if state is BindState.UNBINDING:
        session.unbind(0.0)
    if state is BindState.BINDING:
        pair.esme.send(BindTransceiver(), 0.0)
        pair.flow()
    session.outgoing.clear()
    assert session.state is state
    return session


@pytest.mark.parametrize(("role", "state"), list(product(Role, STATES)))
def test_a_request_the_state_forbids_is_refused_by_its_own_response(
    role: Role, state: BindState
) -> None:
    for command_id, record in RECORDS.items():
        is_request = not command_id & RESPONSE_BIT
        if not is_request or command_id in RECEIVES[role][state]:
            continue
        session = session_in(role, state)
        assert fed(session, record(sequence_number=9)) == []
        is_rebind = session.is_bound and record in (BindTransmitter, BindReceiver, BindTransceiver)
        status = CommandStatus.ESME_RALYBND if is_rebind else CommandStatus.ESME_RINVBNDSTS
        answers = (
            [RESPONSES[record](sequence_number=9, command_status=status)]
            if record in RESPONSES
            else []
        )
        assert written(session) == answers
        assert (session.state, session.counts.forbidden) == (state, 1)


@pytest.mark.parametrize(("role", "state"), list(product(Role, STATES)))
def test_what_the_state_forbids_is_never_sent(role: Role, state: BindState) -> None:
    error = SessionLostError if state is BindState.UNBINDING else LocalProtocolError
    for command_id, record in RECORDS.items():
        if not command_id & RESPONSE_BIT and command_id not in SENDS[role][state]:
            session = session_in(role, state)
            with pytest.raises(error):
                session.send(record(), 0.0)
            assert session.outgoing == []


@pytest.mark.parametrize(("role", "state"), list(product(Role, STATES)))
def test_a_response_nobody_asked_for_is_counted_and_harms_nothing(
    role: Role, state: BindState
) -> None:
    for command_id, record in RECORDS.items():
        if command_id & RESPONSE_BIT:
            session = session_in(role, state)
            assert fed(session, record(sequence_number=4242)) == []
            assert written(session) == []
            assert (session.state, session.window.counts.unknown) == (state, 1)


def test_a_full_window_refuses_more_but_lets_enquire_link_and_unbind_pass() -> None:
    pair = Pair.bound(CONFIG)
    for _ in range(3):
        pair.esme.send(SubmitSm(), pair.now)
    assert pair.esme.room == 0
    with pytest.raises(LocalProtocolError, match="window is full"):
        pair.esme.send(SubmitSm(), pair.now)
    pair.esme.outgoing.clear()
    pair.tick(60.0 + 30.0)
    pair.esme.unbind(pair.now)
    assert [type(pdu) for pdu in written(pair.esme)] == [EnquireLink, Unbind]


def test_what_cannot_be_written_takes_no_slot() -> None:
    pair = Pair.bound(CONFIG)
    with pytest.raises(LocalProtocolError, match="short_message"):
        pair.esme.send(SubmitSm(short_message=bytes(256)), pair.now)
    assert pair.esme.room == 3


def test_sequence_numbers_wrap_under_traffic() -> None:
    pair = Pair.bound(CONFIG, last_number=SEQUENCE_NUMBER_MAX - 3)
    numbers = []
    for _ in range(4):
        numbers.append(pair.esme.send(SubmitSm(), pair.now))
        pair.flow()
        for request in pair.requests(pair.smsc):
            pair.smsc.respond(request, pair.now)
        pair.flow()
    assert numbers == [SEQUENCE_NUMBER_MAX - 1, SEQUENCE_NUMBER_MAX, 1, 2]
    assert len(pair.events(pair.esme)) == 4


def test_answers_out_of_order_find_their_requests() -> None:
    pair = Pair.bound(CONFIG)
    for name in "abc":
        pair.esme.send(SubmitSm(), pair.now, name)
    pair.flow()
    for request in reversed(pair.requests(pair.smsc)):
        pair.smsc.respond(request, pair.now, message_id=str(request.sequence_number))
    pair.flow()
    told = [event for event in pair.events(pair.esme) if isinstance(event, Exchange)]
    assert [exchange.context for exchange in told] == ["c", "b", "a"]


def test_an_unanswered_request_is_told_and_its_late_response_again() -> None:
    pair = Pair.bound(CONFIG)
    pair.esme.send(SubmitSm(), 0.0, "m1")
    pair.flow()
    [request] = pair.requests(pair.smsc)
    pair.tick(30.0)
    [timed_out] = pair.events(pair.esme)
    assert isinstance(timed_out, Exchange)
    assert (timed_out.context, timed_out.response, timed_out.is_late) == ("m1", None, False)
    pair.smsc.respond(request, 31.0, message_id="a1")
    pair.flow()
    [late] = pair.events(pair.esme)
    assert isinstance(late, Exchange)
    assert (late.context, late.is_late) == ("m1", True)
    assert late.response == SubmitSmResp(sequence_number=request.sequence_number, message_id="a1")


def test_silence_is_asked_and_then_is_the_end_with_every_request_told() -> None:
    pair = Pair.bound(SessionConfig(response_timeout_s=600.0))
    for name in "ab":
        pair.esme.send(SubmitSm(), pair.now, name)
    pair.esme.outgoing.clear()
    assert pair.esme.deadline == 60.0
    assert pair.esme.tick(60.0) == []
    assert [type(pdu) for pdu in written(pair.esme)] == [EnquireLink]
    *exchanges, closed = pair.esme.tick(70.0)
    told = [(e.context, e.response) for e in exchanges if isinstance(e, Exchange)]
    assert told == [("a", None), ("b", None)]
    assert closed == Closed(Why.LINK_SILENT)
    assert pair.esme.tick(71.0) == []


def test_enquire_link_is_answered_and_keeps_a_quiet_link() -> None:
    pair = Pair.bound()
    for minute in range(1, 10):
        pair.tick(60.0 * minute)
        pair.flow()
    assert pair.events(pair.esme) == []
    assert pair.esme.is_bound
    assert fed(pair.esme, EnquireLink(sequence_number=77)) == []
    assert written(pair.esme) == [EnquireLinkResp(sequence_number=77)]


def test_we_unbind_and_what_crosses_is_still_answered() -> None:
    pair = Pair.bound()
    pair.smsc.send(DeliverSm(), pair.now, "crossing")
    pair.esme.unbind(pair.now)
    [deliver] = pair.esme.receive(pair.smsc.take_outgoing(), pair.now)
    assert isinstance(deliver, DeliverSm)
    pair.esme.respond(deliver, pair.now)
    pair.flow()
    assert pair.events(pair.esme) == [Closed(Why.WE_UNBOUND)]
    assert [type(event) for event in pair.events(pair.smsc)] == [Exchange, Closed]


def test_the_peer_unbinds_and_every_request_in_flight_is_told() -> None:
    pair = Pair.bound()
    pair.esme.send(SubmitSm(), pair.now, "m1")
    exchange, closed = fed(pair.esme, Unbind(sequence_number=5))
    assert isinstance(exchange, Exchange)
    assert (exchange.context, exchange.response) == ("m1", None)
    assert closed == Closed(Why.PEER_UNBOUND)
    assert written(pair.esme)[-1] == UnbindResp(sequence_number=5)


def test_both_unbind_at_once() -> None:
    pair = Pair.bound()
    pair.esme.unbind(pair.now)
    pair.smsc.unbind(pair.now)
    pair.flow()
    assert pair.esme.is_over
    assert pair.smsc.is_over


def test_an_unbind_without_answer_ends_in_time() -> None:
    pair = Pair.bound()
    pair.esme.unbind(10.0)
    assert pair.esme.deadline == 15.0
    assert pair.esme.tick(15.0) == [Closed(Why.NOT_UNBOUND)]


def test_a_bind_without_answer_ends_in_time() -> None:
    pair = Pair(SessionConfig(timers=TimerConfig(session_init_s=5.0)))
    pair.esme.send(BindTransceiver(), 0.0, "bind")
    exchange, closed = pair.esme.tick(5.0)
    assert isinstance(exchange, Exchange)
    assert (exchange.context, exchange.response) == ("bind", None)
    assert closed == Closed(Why.NOT_BOUND)


def test_half_a_pdu_then_silence_ends_the_session() -> None:
    pair = Pair.bound()
    pair.esme.receive(encode(DeliverSm())[:20], 5.0)
    assert pair.esme.tick(15.0) == [Closed(Why.PDU_UNFINISHED)]


def test_a_lagging_session_does_not_take_its_own_silence_for_the_peers() -> None:
    pair = Pair.bound(CONFIG)
    delivers = [DeliverSm(sequence_number=number) for number in (1, 2)]
    told = [event for deliver in delivers for event in fed(pair.esme, deliver)]
    assert told == delivers
    assert pair.esme.is_lagging
    for now in (60.0, 70.0, 130.0):
        assert pair.esme.tick(now) == []
    pair.esme.respond(delivers[0], 130.0)
    assert not pair.esme.is_lagging


def test_an_answer_to_a_peer_that_left_goes_nowhere() -> None:
    pair = Pair.bound()
    [deliver] = fed(pair.esme, DeliverSm(sequence_number=1))
    assert isinstance(deliver, DeliverSm)
    pair.esme.lose()
    pair.esme.respond(deliver, pair.now)
    assert pair.esme.outgoing == []


def test_a_request_without_response_is_told_and_owes_nothing() -> None:
    pair = Pair.bound()
    [alert] = fed(pair.esme, AlertNotification(sequence_number=1))
    assert isinstance(alert, AlertNotification)
    pair.esme.respond(alert, pair.now)
    assert pair.esme.outgoing == []
    pair.smsc.send(AlertNotification(), pair.now)
    assert pair.smsc.window.in_flight == {}


def test_a_lost_connection_is_told_once() -> None:
    pair = Pair.bound()
    pair.esme.send(SubmitSm(), pair.now, "m1")
    assert [type(event) for event in pair.esme.lose(detail="reset")] == [Exchange, Closed]
    assert pair.esme.lose() == []
    assert fed(pair.esme, DeliverSm(sequence_number=1)) == []
    with pytest.raises(SessionLostError):
        pair.esme.send(SubmitSm(), pair.now)


def test_a_broken_trailing_tlv_is_counted_and_the_message_arrives() -> None:
    pair = Pair.bound()
    [deliver] = fed(pair.esme, DeliverSm(sequence_number=1, unread=b"\x14\x02\0"))
    assert isinstance(deliver, DeliverSm)
    assert pair.esme.counts.broken_tlvs == 1


@pytest.mark.parametrize(("asked", "tlvs"), [(0x33, 0), (0x34, 1), (0x50, 1)])
def test_tlvs_go_only_to_peers_that_know_them(asked: int, tlvs: int) -> None:
    pair = Pair()
    pair.esme.send(BindTransceiver(interface_version=asked), pair.now)
    pair.flow()
    [bind] = pair.requests(pair.smsc)
    pair.smsc.respond(bind, pair.now, tlvs=(tlv.SC_INTERFACE_VERSION.make(0x50),))
    pair.flow()
    assert pair.esme.interface_version == pair.smsc.interface_version == asked
    reference = (tlv.USER_MESSAGE_REFERENCE.make(7),)
    pair.esme.send(SubmitSm(tlvs=reference), pair.now)
    pair.smsc.send(DeliverSm(tlvs=reference), pair.now)
    pair.flow()
    for session in (pair.smsc, pair.esme):
        assert [len(request.tlvs) for request in pair.requests(session)] == [tlvs]


def test_a_congested_peer_narrows_the_window() -> None:
    pair = Pair.bound(CONFIG, BindTransceiver(interface_version=0x50))
    for _ in range(3):
        pair.esme.send(SubmitSm(), pair.now)
    pair.flow()
    for request in pair.requests(pair.smsc):
        pair.smsc.respond(request, pair.now, tlvs=(tlv.CONGESTION_STATE.make(100),))
    pair.flow()
    assert pair.esme.room == 1
