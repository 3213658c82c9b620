"""The rate in segments: never over the contract in any second, never far under it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.binder.pacing import Pacer


def drive(pacer: Pacer, seconds: float, step_s: float) -> list[float]:
    """When segments went, for somebody who asks every `step_s`."""
    times, now = [], 0.0
    while now < seconds:
        room = pacer.room(now)
        pacer.spend(room)
        times += [now] * room
        now += step_s
    return times


def most_in_a_second(times: list[float]) -> int:
    return max((sum(start <= t < start + 1 for t in times) for start in times), default=0)


@settings(max_examples=40)
@given(
    rate=st.integers(2, 400),
    headroom=st.floats(0.02, 0.3),
    step_ms=st.integers(1, 300),
    share=st.sampled_from([0.25, 0.5, 1.0]),
)
def test_no_second_holds_more_than_the_contract(
    rate: int, headroom: float, step_ms: int, share: float
) -> None:
    pacer = Pacer(rate, headroom)
    pacer.own(share, 0.0)
    times = drive(pacer, 4, step_ms / 1000)
    assert most_in_a_second(times) <= max(1, rate * share)


@settings(max_examples=60)
@given(
    rate=st.integers(1, 60),
    headroom=st.floats(0, 0.3),
    shares=st.sampled_from([[1.0], [0.5, 0.5], [0.25] * 4, [0.2, 0.2, 0.6]]),
    step_ms=st.integers(1, 300),
)
def test_all_replicas_together_hold_to_the_contract(
    rate: int, headroom: float, shares: list[float], step_ms: int
) -> None:
    times: list[float] = []
    for share in shares:
        pacer = Pacer(rate, headroom)
        pacer.own(share, 0.0)
        times += drive(pacer, 4, step_ms / 1000)
    is_whole = all(rate * share >= 1 for share in shares)  # less than one can't be counted out
    assert most_in_a_second(times) <= (rate if is_whole else rate + len(shares))


@pytest.mark.parametrize("rate", [10, 50, 500, 5000])
def test_the_rate_is_reached_by_somebody_who_asks_when_told(rate: int) -> None:
    pacer, now, count = Pacer(rate, 0.05), 0.0, 0
    pacer.own(1.0, now)
    while now < 10:
        if pacer.room(now):
            pacer.spend(1)
            count += 1
        else:
            now += max(pacer.wait_s(now), 1e-6)
    assert count >= int(rate * 0.95 * 10 * 0.99)


def test_nothing_goes_while_no_rate_is_owned() -> None:
    pacer = Pacer(100, 0.05)
    assert not pacer.room(5.0)
    assert pacer.wait_s(5.0) == float("inf")


def test_shares_of_all_replicas_add_up_to_the_account() -> None:
    rates = []
    for share in (0.25, 0.25, 0.5):
        pacer = Pacer(1000, 0.05)
        pacer.own(share, 0.0)
        rates.append(pacer.rate_per_s)
    assert sum(rates) == pytest.approx(950)


def test_a_hold_stops_everything_for_its_time_and_saves_nothing_up() -> None:
    pacer = Pacer(100, 0.1)
    pacer.own(1.0, 0.0)
    assert pacer.room(1.0)
    pacer.hold(2.0, 1.0)
    assert not pacer.room(2.9)
    assert pacer.wait_s(2.0) >= 1.0
    assert pacer.room(3.05) <= 5


def rate_after(shares: list[float], share_owned: float = 1.0) -> float:
    """The rate in force after seconds in which so many answers of a hundred were throttles."""
    pacer = Pacer(1000, 0.0)
    pacer.own(share_owned, 0.0)
    for second, share in enumerate(shares, 1):
        for _ in range(round(100 * share)):
            pacer.throttled()
        for _ in range(round(100 * (1 - share))):
            pacer.passed()
        pacer.room(float(second))
    return pacer.rate_per_s


@pytest.mark.parametrize(
    ("shares", "rate"),
    [
        ([0.0], 1000),
        ([0.05], 950),
        ([0.3], 700),
        ([0.9], 500),
        ([0.3, 0.0, 0.0], 800),
        ([0.5, 0.0] + [0.0] * 20, 1000),
        ([0.9] * 20, 20),
    ],
)
def test_the_rate_falls_by_the_share_that_was_throttled_and_rises_step_by_step(
    shares: list[float], rate: float
) -> None:
    assert rate_after(shares) == pytest.approx(rate)


def test_a_second_without_an_answer_teaches_nothing() -> None:
    pacer = Pacer(1000, 0.0)
    pacer.own(1.0, 0.0)
    pacer.throttled()
    pacer.room(1.0)
    fallen = pacer.rate_per_s
    for second in range(2, 100):
        pacer.room(float(second))
    assert pacer.rate_per_s == fallen


def test_a_carrier_that_takes_half_is_given_nearly_that() -> None:
    pacer, limit_per_s, taken = Pacer(1000, 0.05), 500, 0
    pacer.own(1.0, 0.0)
    second = 0
    for second in range(60):
        in_this = 0
        for step in range(100):
            room = pacer.room(second + step / 100)
            pacer.spend(room)
            for _ in range(room):
                in_this += 1
                if in_this > limit_per_s:
                    pacer.throttled()
                else:
                    pacer.passed()
        taken += min(in_this, limit_per_s) if second >= 10 else 0
    assert taken >= 0.9 * 50 * limit_per_s
