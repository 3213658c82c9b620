"""What each way of counting lets pass: laws of the second, the bucket and the penalty."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sandbox.answers import Limits
from services.sandbox.limits import (
    SECOND_NS,
    FixedLimit,
    LeakyLimit,
    PenaltyLimit,
    SlidingLimit,
    SlidingPeak,
    limit_of,
)

GAPS_NS = st.lists(
    st.one_of(st.integers(0, 3), st.integers(0, 2 * SECOND_NS), st.just(SECOND_NS)), max_size=60
)


def times_ns(gaps_ns: list[int]) -> list[int]:
    now_ns, found = 0, []
    for gap_ns in gaps_ns:
        now_ns += gap_ns
        found.append(now_ns)
    return found


def fullest_second(found_ns: list[int]) -> int:
    return max((sum(t <= u < t + SECOND_NS for u in found_ns) for t in found_ns), default=0)


@given(GAPS_NS, st.integers(1, 7))
def test_no_second_ever_holds_more_than_the_limit(gaps_ns: list[int], events_max: int) -> None:
    limit = SlidingLimit(events_max)
    passed_ns = [t for t in times_ns(gaps_ns) if limit.take(t)]
    assert fullest_second(passed_ns) <= events_max


@given(GAPS_NS, st.integers(1, 7))
def test_nothing_is_refused_without_need(gaps_ns: list[int], events_max: int) -> None:
    limit = SlidingLimit(events_max)
    passed_ns: list[int] = []
    for t in times_ns(gaps_ns):
        in_the_last_second = sum(t - SECOND_NS < u for u in passed_ns)
        may_pass = limit.take(t)
        assert may_pass == (in_the_last_second < events_max)
        if may_pass:
            passed_ns.append(t)


@given(GAPS_NS)
def test_the_peak_is_the_fullest_second(gaps_ns: list[int]) -> None:
    peak = SlidingPeak()
    for t in times_ns(gaps_ns):
        peak.note(t)
    assert peak.peak == fullest_second(times_ns(gaps_ns))


@pytest.mark.parametrize(
    ("at_ns", "may_pass"),
    [
        ([0, 0, 0], [True, True, False]),
        ([0, SECOND_NS - 1, SECOND_NS - 1], [True, True, False]),
        ([0, SECOND_NS // 2, SECOND_NS], [True, True, True]),
        ([0, 0, SECOND_NS, SECOND_NS, SECOND_NS], [True, True, True, True, False]),
    ],
)
def test_two_a_second_pass(at_ns: list[int], may_pass: list[bool]) -> None:
    limit = SlidingLimit(2)
    assert [limit.take(t) for t in at_ns] == may_pass


@given(GAPS_NS, st.integers(1, 7))
def test_no_second_of_the_clock_holds_more_than_a_fixed_limit(
    gaps_ns: list[int], events_max: int
) -> None:
    limit = FixedLimit(events_max)
    at_ns = times_ns(gaps_ns)
    passed = Counter(t // SECOND_NS for t in at_ns if limit.take(t))
    asked = Counter(t // SECOND_NS for t in at_ns)
    assert passed == {second: min(count, events_max) for second, count in asked.items()}


def test_around_a_border_of_the_clock_twice_the_rate_passes() -> None:
    fixed, sliding = FixedLimit(3), SlidingLimit(3)
    at_ns = [SECOND_NS - 1] * 4 + [SECOND_NS] * 4
    assert sum(fixed.take(t) for t in at_ns) == 6
    assert sum(sliding.take(t) for t in at_ns) == 3


@given(GAPS_NS, st.integers(1, 7), st.integers(1, 7))
def test_a_bucket_never_lets_pass_more_than_it_holds_and_has_leaked(
    gaps_ns: list[int], rate_per_s: int, events_max: int
) -> None:
    limit = LeakyLimit(rate_per_s, events_max)
    passed_ns = [t for t in times_ns(gaps_ns) if limit.take(t)]
    for first, start_ns in enumerate(passed_ns):
        for last, end_ns in enumerate(passed_ns[first:], first):
            leaked = (end_ns - start_ns) * rate_per_s
            assert (last - first + 1) * SECOND_NS <= events_max * SECOND_NS + leaked


def test_a_full_bucket_takes_one_more_as_soon_as_one_has_leaked() -> None:
    limit = LeakyLimit(4, 2)
    quarter = SECOND_NS // 4
    found = [limit.take(t) for t in (0, 0, 0, quarter - 1, quarter, quarter, 9 * SECOND_NS)]
    assert found == [True, True, False, False, True, False, True]


def test_a_penalty_outlasts_the_second() -> None:
    limit = PenaltyLimit(SlidingLimit(1), 3)
    at_s = (0, 0, 1, 2, 2.999, 3, 3.5, 6.4, 6.5)
    found = [limit.take(int(s * SECOND_NS)) for s in at_s]
    assert found == [True, False, False, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, type(None)),
        ({"rate_per_s": 1}, SlidingLimit),
        ({"rate_per_s": 1, "counting": "fixed"}, FixedLimit),
        ({"rate_per_s": 1, "counting": "leaky", "bucket": 9}, LeakyLimit),
        ({"rate_per_s": 1, "counting": "leaky", "above": "penalty"}, PenaltyLimit),
    ],
)
def test_a_scenario_names_its_way_of_counting(fields: dict[str, object], kind: type) -> None:
    assert type(limit_of(Limits.model_validate(fields))) is kind
