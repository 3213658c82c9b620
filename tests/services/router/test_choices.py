"""Which way of a pool is taken by what is known of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.choices import Load, taken
from tests.services.router.builders import FAST, SHORT, SLOW

POOL = (FAST, SLOW, SHORT)
UP, DOWN = Load(is_up=True), Load(is_up=False)
THROTTLED = Load(is_up=True, is_throttled=True)
LONG, LONGER = Load(is_up=True, wait_s=100), Load(is_up=True, wait_s=200)
FULL = Load(is_up=True, wait_s=50, is_full=True)


@pytest.mark.parametrize(
    ("loads", "left_s", "expected"),
    [
        ((UP, UP, UP), 60, FAST),
        ((DOWN, UP, UP), 60, SLOW),
        ((DOWN, DOWN, DOWN), 60, FAST),
        ((THROTTLED, UP, UP), 60, SLOW),
        ((THROTTLED, THROTTLED, DOWN), 60, FAST),
        ((LONG, UP, UP), 60, SLOW),
        ((LONG, UP, UP), 100, FAST),
        ((LONG, THROTTLED, DOWN), 60, SLOW),
        ((LONG, LONGER, DOWN), 60, FAST),
        ((DOWN, LONG, LONGER), 60, SLOW),
        ((FULL, UP, UP), 60, SLOW),
        ((FULL, THROTTLED, DOWN), 60, SLOW),
        ((FULL, FULL, DOWN), 60, FAST),
        ((LONG, FULL, DOWN), 60, SLOW),
    ],
)
def test_the_first_that_serves_best(loads: tuple[Load, ...], left_s: float, expected: str) -> None:
    name, load = taken(POOL, dict(zip(POOL, loads, strict=True)).__getitem__, left_s)
    assert (name, load) == (expected, loads[POOL.index(name)])


LOADS = st.builds(Load, st.booleans(), st.booleans(), st.floats(0, 200), st.booleans())


@given(st.lists(LOADS, min_size=3, max_size=3), st.floats(0, 200))
def test_nothing_is_taken_that_another_serves_better(loads: list[Load], left_s: float) -> None:
    _, load = taken(POOL, dict(zip(POOL, loads, strict=True)).__getitem__, left_s)
    serving = [other for other in loads if other.is_up and other.wait_s <= left_s]
    assert load.is_up or not any(other.is_up for other in loads)
    assert load in serving or not serving
    assert not load.is_full or all(other.is_full for other in serving)
