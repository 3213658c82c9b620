"""Times drawn, and who a row is about."""

from random import Random
from statistics import median, quantiles

import pytest

from services.sandbox.values import NS_PER_MS, Chosen, Delay, drawer

SHAPES = [
    {"distribution": "uniform", "min": 10, "max": 30},
    {"distribution": "normal", "median": 20, "p99": 30, "max": 1000},
    {"distribution": "lognormal", "median": 20, "p99": 60, "max": 1000},
    {"distribution": "exponential", "median": 20, "max": 1000},
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape["distribution"]))
def test_times_have_the_median_and_the_percentile_that_are_written(
    shape: dict[str, object],
) -> None:
    dice, delay = Random(1), Delay.model_validate(shape)
    draw = drawer(delay)
    times_ms = [draw(dice) / NS_PER_MS for _ in range(20_000)]
    assert median(times_ms) == pytest.approx(20, rel=0.05)
    if delay.p99 is not None:
        assert quantiles(times_ms, n=100)[98] == pytest.approx(delay.p99, rel=0.05)
    assert delay.min <= min(times_ms)
    assert max(times_ms) <= delay.max


def test_nothing_is_drawn_beyond_the_bounds() -> None:
    draw, dice = drawer(Delay(min=19, max=21, distribution="exponential", median=20)), Random(1)
    times = {draw(dice) for _ in range(1000)}
    assert min(times) == 19 * NS_PER_MS
    assert max(times) == 21 * NS_PER_MS


def test_a_fixed_time_throws_no_dice() -> None:
    dice = Random(1)
    before = dice.getstate()
    assert drawer(Delay(min=7, max=7))(dice) == 7 * NS_PER_MS
    assert dice.getstate() == before


@pytest.mark.parametrize(
    ("row", "destination", "since_s", "fits"),
    [
        (Chosen(), "4670", 0, True),
        (Chosen(prefix="46", suffix="9"), "46709", 0, True),
        (Chosen(prefix="46", suffix="9"), "47709", 0, False),
        (Chosen(from_s=5), "4670", 4.9, False),
        (Chosen(from_s=5, until_s=6), "4670", 5, True),
        (Chosen(from_s=5, until_s=6), "4670", 6, False),
        (Chosen(share=0), "4670", 0, False),
    ],
)
def test_a_row_is_about_numbers_and_times(
    row: Chosen, destination: str, since_s: float, fits: bool
) -> None:
    assert row.fits(destination, since_s, Random(1)) is fits


def test_a_share_is_kept_and_thrown_only_where_the_rest_fits() -> None:
    dice, row = Random(1), Chosen(prefix="46", share=0.3)
    before = dice.getstate()
    assert not row.fits("47", 0, dice)
    assert dice.getstate() == before
    assert 2850 <= sum(row.fits("46", 0, dice) for _ in range(10_000)) <= 3150
