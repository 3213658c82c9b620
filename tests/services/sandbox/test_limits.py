"""The sliding second: no second, wherever it begins, holds more than the limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sandbox.limits import SECOND_NS, SlidingLimit, SlidingPeak

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
