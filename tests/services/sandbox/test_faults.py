"""The faults of a carrier, without one: whose turn it is, and what the octets become."""

from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sandbox import faults, scenario
from services.sandbox.faults import NS_PER_S, SPOILT, Faults, bind_refusal, delay_ns
from services.sandbox.scenario import Scenario
from services.sandbox.troubles import Fault, FaultName, Maintenance
from smpp.errors import FramingError, PduError
from smpp.framing import Framer
from smpp.pdu import EnquireLink, SubmitSmResp
from smpp.values import CommandStatus
from smpp.wire import decode, encode

ANSWER = encode(SubmitSmResp(sequence_number=7, message_id="42"))
OWN = {"late_response": {"after_ms": 5}, "enquire_flood": {"count": 3}}
DONE_BY_THE_SHELL = {"never_answer_bind", "late_response", "dribble", "unbind"}


def fault(name: str, **fields: Any) -> Fault:
    return Fault.model_validate({"fault": name, "share": 1} | OWN.get(name, {}) | fields)


def faults_of(*rows: Fault, seed: int = 1) -> Faults:
    return Faults(Scenario(faults=rows), Random(seed))


def spoilt(name: str, **fields: Any) -> bytes:
    row = fault(name, **fields)
    return faults_of(row).spoil(row, ANSWER)


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("never_answer_submit", b""),
        ("reset", b""),
        ("late_response", ANSWER),
        ("dribble", ANSWER),
        ("unbind", ANSWER),
        ("repeated_response", ANSWER + ANSWER),
        ("half_pdu", ANSWER[: len(ANSWER) // 2]),
    ],
)
def test_a_good_answer_becomes(name: str, octets: bytes) -> None:
    assert spoilt(name) == octets


def test_every_fault_of_a_scenario_has_its_octets_or_is_done_by_the_shell() -> None:
    assert set(get_args(FaultName)) == SPOILT.keys() | DONE_BY_THE_SHELL


def test_a_wrong_sequence_is_the_only_thing_wrong_with_that_answer() -> None:
    found = decode(spoilt("wrong_sequence"))
    assert isinstance(found, SubmitSmResp)
    assert (found.sequence_number != 7, found.message_id) == (True, "42")


@pytest.mark.parametrize("claimed", faults.COMMAND_LENGTHS)
def test_a_command_length_that_hurts_is_no_frame(claimed: int) -> None:
    octets = spoilt("command_length", command_length=claimed)
    assert (int.from_bytes(octets[:4], "big"), octets[4:]) == (claimed, ANSWER[4:])
    with pytest.raises(FramingError):
        list(Framer().feed(octets))


@given(st.integers(0, 1 << 32))
def test_a_command_length_that_is_left_out_is_one_that_hurts(seed: int) -> None:
    row = fault("command_length")
    octets = faults_of(row, seed=seed).spoil(row, ANSWER)
    assert int.from_bytes(octets[:4], "big") in faults.COMMAND_LENGTHS


def test_garbage_goes_before_the_answer_and_is_the_same_for_the_same_seed() -> None:
    octets = spoilt("garbage")
    assert octets.endswith(ANSWER)
    assert len(octets) == len(ANSWER) + faults.GARBAGE_OCTETS
    assert octets == spoilt("garbage")


def test_an_unknown_command_is_a_good_frame_that_nobody_can_read() -> None:
    unknown, answer = Framer().feed(spoilt("unknown_command"))
    assert answer == ANSWER
    with pytest.raises(PduError) as error:
        decode(unknown)
    assert error.value.nack is CommandStatus.ESME_RINVCMDID


def test_a_flood_is_so_many_enquire_link_and_the_answer() -> None:
    *flood, answer = Framer().feed(spoilt("enquire_flood", count=3))
    assert answer == ANSWER
    assert [type(decode(octets)) for octets in flood] == [EnquireLink] * 3


def test_only_a_late_answer_is_late() -> None:
    assert delay_ns(fault("late_response", after_ms=5)) == 5_000_000
    assert delay_ns(fault("reset")) == 0


def test_a_numbered_fault_happens_once_and_the_first_row_decides() -> None:
    rows = [fault("reset", share=None, after=3), fault("garbage", share=None, after=3)]
    found = [faults_of(*rows).on_submit(number) for number in range(1, 6)]
    assert found == [None, None, rows[0], None, None]


def test_binds_and_submits_have_their_own_rows_and_periodic_ones_neither() -> None:
    of_bind, of_submit = fault("never_answer_bind"), fault("reset")
    periodic = fault("garbage", share=None, every_s=1)
    found = faults_of(periodic, of_bind, of_submit)
    assert (found.on_bind(), found.on_submit(1), found.periodic) == (
        of_bind,
        of_submit,
        [periodic],
    )
    assert faults_of(periodic).on_bind() is faults_of(periodic).on_submit(1) is None


@given(st.integers(0, 1 << 32))
def test_a_share_is_thrown_and_the_same_seed_throws_the_same(seed: int) -> None:
    row = fault("reset", share=0.5)
    first, second = faults_of(row, seed=seed), faults_of(row, seed=seed)
    turns = [first.on_submit(n) for n in range(64)]
    assert turns == [second.on_submit(n) for n in range(64)]
    assert set(turns) == {None, row}


def test_binds_are_refused_during_maintenance_only() -> None:
    status = CommandStatus.ESME_RSYSERR
    windows = (
        Maintenance(from_s=1, for_s=2, status=status),
        Maintenance(from_s=10, for_s=1),
    )
    at_s = (0, 1, 2.999, 3, 9, 10, 11)
    expected = [None, status, status, None, None, CommandStatus.ESME_RBINDFAIL, None]
    assert [bind_refusal(windows, int(s * NS_PER_S)) for s in at_s] == expected


def test_hostile_has_a_bit_of_everything() -> None:
    assert {row.fault for row in scenario.find("hostile").faults} == set(get_args(FaultName))
