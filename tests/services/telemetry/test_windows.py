"""What is counted lately, by slots of ten seconds and by seconds."""

from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.snapshot import POINTS
from services.telemetry.windows import LATELY_S, SLOT_MS, SLOTS, Rates, Window

NOW_MS = 1_790_000_000_000


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 400_000))),
    st.lists(st.integers(0, 400_000), max_size=3).map(sorted),
)
def test_a_window_holds_what_came_within_its_slots(
    notes: list[tuple[str, int]], looks: list[int]
) -> None:
    window: Window[str] = Window()
    for key, ago_ms in notes:
        window.note(key, NOW_MS - ago_ms)
    for later_ms in looks:
        window.roll(NOW_MS + later_ms)
    now_ms = NOW_MS + looks[-1] if looks else 0
    oldest_ms = (now_ms // SLOT_MS - SLOTS + 1) * SLOT_MS if looks else 0
    for key in "ab":
        kept = [ago for other, ago in notes if other == key and NOW_MS - ago >= oldest_ms]
        assert window.counts[key] == len(kept)


def test_what_comes_too_late_is_not_counted_and_what_is_nothing_takes_no_room() -> None:
    window: Window[str] = Window()
    window.note("a", NOW_MS)
    assert not window.roll(NOW_MS)
    window.note("b", NOW_MS - SLOTS * SLOT_MS)
    assert window.counts == {"a": 1}
    assert window.roll(NOW_MS + SLOTS * SLOT_MS)
    assert dict(window.counts) == {}


def test_rates_are_of_whole_seconds_and_old_ones_go() -> None:
    rates: Rates[str] = Rates()
    for second in range(1000, 1000 + 2 * POINTS):
        rates.note("a", second, count=second)
    now_s = 1000 + 2 * POINTS - 1
    assert rates.points("a", now_s) == tuple(float(s) for s in range(now_s - POINTS, now_s))
    assert len(rates._seconds["a"]) <= POINTS + 1
    assert rates.per_s("a", now_s) == now_s - (LATELY_S + 1) / 2
    assert rates.points("b", now_s) == (0.0,) * POINTS
    assert rates.per_s("a", now_s + POINTS + 9) == 0
