from math import inf

import pytest

from smpp.state import Why
from smpp.timers import TimerConfig, Timers

CONFIG = TimerConfig(
    session_init_s=10,
    enquire_link_interval_s=60,
    enquire_link_timeout_s=10,
    inactivity_s=300,
    pdu_read_s=10,
    unbind_s=5,
)


def bound_at(now: float) -> Timers:
    timers = Timers(CONFIG, now)
    timers.bound(now)
    return timers


def test_a_session_that_is_not_bound_in_time_is_over() -> None:
    timers = Timers(CONFIG, 100.0)
    timers.heard(105.0, is_partial=False)  # talking does not help
    assert timers.deadline == 110.0
    assert timers.expired(109.9) is None
    assert timers.expired(110.0) is Why.NOT_BOUND


def test_a_bound_session_is_asked_after_silence_only() -> None:
    timers = bound_at(0.0)
    assert timers.enquire_at == 60.0
    timers.heard(50.0, is_partial=False)
    assert timers.enquire_at == 110.0


def test_any_octet_is_a_sign_of_life_and_silence_is_none() -> None:
    timers = bound_at(0.0)
    timers.asked(60.0)
    assert (timers.enquire_at, timers.deadline) == (inf, 70.0)
    assert timers.expired(70.0) is Why.LINK_SILENT
    timers.heard(69.0, is_partial=False)
    assert timers.expired(70.0) is None


def test_half_a_pdu_then_silence_is_the_end_but_a_dribble_is_not() -> None:
    timers = bound_at(0.0)
    for second in range(1, 30):
        timers.heard(float(second), is_partial=True)
        assert timers.expired(float(second) + 9.9) is None
    assert timers.expired(39.0) is Why.PDU_UNFINISHED


def test_messages_keep_a_session_active_and_octets_do_not() -> None:
    timers = bound_at(0.0)
    timers.spoke(100.0)
    timers.heard(399.0, is_partial=False)
    assert timers.expired(399.9) is None
    assert timers.expired(400.0) is Why.INACTIVE


def test_an_unbinding_session_waits_for_its_answer_only() -> None:
    timers = bound_at(0.0)
    timers.unbinding(50.0)
    timers.heard(54.0, is_partial=False)
    timers.spoke(54.0)
    assert timers.deadline == 55.0
    assert timers.expired(55.0) is Why.NOT_UNBOUND


@pytest.mark.parametrize("now", [0.0, 1e9])
def test_by_default_inactivity_never_ends_a_session(now: float) -> None:
    timers = Timers(TimerConfig(), now)
    timers.bound(now)
    assert timers.deadline == now + 60.0
    assert timers.expired(now + 1e8) is None
