import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.congestion import Congestion


def told(congestion: Congestion, state: int, windows: int = 1) -> int:
    """What is allowed after so many whole windows of answers with this state."""
    for _ in range(windows):
        for _ in range(congestion.allowed):
            congestion.hear(state)
    return congestion.allowed


@pytest.mark.parametrize(
    ("state", "allowed"), [(0, 16), (79, 16), (80, 16), (89, 16), (90, 12), (99, 12), (100, 1)]
)
def test_one_window_of_answers_moves_a_full_window_one_step(state: int, allowed: int) -> None:
    assert told(Congestion(16), state) == allowed


def test_an_idle_peer_gets_the_whole_window_back() -> None:
    congestion = Congestion(16)
    assert told(congestion, 100) == 1
    assert [told(congestion, 50) for _ in range(8)] == [3, 5, 7, 9, 11, 13, 15, 16]


def test_half_a_window_of_answers_moves_nothing() -> None:
    congestion = Congestion(16)
    for _ in range(15):
        congestion.hear(100)
    assert congestion.allowed == 16


@given(st.integers(1, 1000), st.lists(st.integers(0, 255), max_size=200))
def test_one_request_is_always_allowed_and_never_more_than_the_window(
    requests_max: int, states: list[int]
) -> None:
    congestion = Congestion(requests_max)
    for state in states:
        congestion.hear(state)
        assert 1 <= congestion.allowed <= requests_max
