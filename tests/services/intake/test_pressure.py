"""How many requests that are not urgent may go on to the router."""

import pytest

from pipeline.kafka.lag import Progress
from services.intake.pressure import BEHIND_MIN, Allowance


def test_without_any_progress_a_fixed_number_may_wait() -> None:
    allowance = Allowance(1.0)
    assert allowance.after(Progress(0, 0), 0.0) == BEHIND_MIN
    assert allowance.after(Progress(0, 500), 0.1) == BEHIND_MIN - 500
    assert allowance.after(Progress(0, 9_000), 0.2) == 0


@pytest.mark.parametrize("per_s", [4_000, 8_000, 40_000])
def test_a_fast_router_may_have_a_second_of_its_work_waiting(per_s: int) -> None:
    allowance, room = Allowance(1.0), 0
    for tenth in range(60):
        room = allowance.after(Progress(tenth * per_s // 10, 1_000), tenth / 10)
    assert room == pytest.approx(per_s - 1_000, rel=0.02)


def test_one_that_stands_still_is_soon_believed_to_be_slow() -> None:
    allowance = Allowance(1.0)
    for tenth in range(60):
        allowance.after(Progress(tenth * 1_000, 0), tenth / 10)
    for tenth in range(60, 90):
        room = allowance.after(Progress(60_000, 5_000), tenth / 10)
    assert room == 0
