from random import Random

from hypothesis import given
from hypothesis import strategies as st

from smpp.backoff import Backoff, BackoffConfig
from smpp.errors import BindRefusedError, ConnectError, SmppError
from smpp.values import CommandStatus

CONFIG = BackoffConfig(min_s=1.0, max_s=30.0)
WRONG = BindRefusedError(CommandStatus.ESME_RINVPASWD)
TAKEN = BindRefusedError(CommandStatus.ESME_RALYBND)


def pauses(error: SmppError, times: int) -> list[list[float]]:
    """The pauses after 1, 2, ... failures in a row, for a hundred binds."""
    backoffs = [Backoff(CONFIG, Random(seed)) for seed in range(100)]
    return [[backoff.refused(error) for backoff in backoffs] for _ in range(times)]


def test_pauses_spread_over_a_bound_that_doubles_up_to_its_limit() -> None:
    bounds = [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    for bound, row in zip(bounds, pauses(ConnectError("no"), 6), strict=True):
        assert max(row) <= bound
        assert max(row) > bound * 0.9
        assert min(row) == 1.0  # full jitter, yet never two attempts in a second


def test_a_lasting_bind_forgets_its_failures_and_a_short_one_does_not() -> None:
    backoff = Backoff(CONFIG, Random(1))
    backoff.refused(ConnectError("no"))
    backoff.lost(bound_s=9.9)
    assert backoff.failures == 2
    assert backoff.lost(bound_s=10.0) <= 1.0
    assert backoff.failures == 0


def test_a_place_that_is_taken_is_asked_for_after_five_seconds_to_the_limit() -> None:
    for bound, row in zip([10.0, 20.0, 30.0, 30.0], pauses(TAKEN, 4), strict=True):
        assert min(row) == 5.0
        assert bound * 0.9 < max(row) <= bound


@given(st.lists(st.sampled_from([WRONG, TAKEN, ConnectError("no")]), max_size=100), st.integers())
def test_a_pause_is_never_shorter_than_a_second_nor_longer_than_its_limit(
    errors: list[SmppError], seed: int
) -> None:
    backoff = Backoff(CONFIG, Random(seed))
    for error in errors:
        pause_s = backoff.refused(error)
        assert 1.0 <= pause_s <= 30.0
