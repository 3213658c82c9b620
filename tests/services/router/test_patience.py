"""Waiting takes a share of the time, whatever happens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.patience import Patience

SHARES = st.floats(0, 0.9)
STEPS = st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), max_size=60)


@given(SHARES, st.floats(0.001, 1), STEPS)
def test_no_more_is_waited_than_the_share_of_the_time_and_one_wait(
    share: float, wait_s: float, steps: list[tuple[float, float]]
) -> None:
    patience, now_s, waited_s = Patience(share, wait_s, 0.0), 0.0, 0.0
    for passed_s, part in steps:
        now_s += passed_s
        allowed_s = patience.left_s(now_s)
        assert 0 <= allowed_s <= wait_s
        now_s += allowed_s * part
        waited_s += allowed_s * part
        patience.spend(allowed_s * part)
        assert waited_s <= share * now_s + wait_s + 1e-9


def test_what_was_waited_comes_back_with_the_time() -> None:
    patience = Patience(0.2, 0.05, 0.0)
    assert patience.left_s(0.0) == pytest.approx(0.05)
    patience.spend(0.05)
    assert patience.left_s(0.0) == pytest.approx(0)
    assert patience.left_s(0.1) == pytest.approx(0.02)
    assert patience.left_s(10.0) == pytest.approx(0.05)
