"""How much waits before no more is taken."""

from services.binder.lanes import Lanes
from services.binder.pressure import Pressure
from tests.services.binder.test_lanes import segment


class Tap:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def hold(self, *, everything: bool) -> None:
        self.told.append("hold everything" if everything else "hold")

    def go_on(self) -> None:
        self.told.append("go on")


def test_ordinary_waits_first_then_everything_and_half_lets_all_go_on() -> None:
    lanes, tap = Lanes(), Tap()
    pressure = Pressure(lanes, tap, queue_max=10, paused_max=100)
    for offset in range(25):
        lanes.add(segment(offset))
        pressure.press()
    assert tap.told == ["hold", "hold everything"]
    for _ in range(19):
        lanes.take()
        pressure.press()
    assert tap.told == ["hold", "hold everything"]
    lanes.take()
    pressure.press()
    assert tap.told == ["hold", "hold everything", "go on"]


def test_what_is_paused_aside_counts_by_itself() -> None:
    lanes, tap = Lanes(), Tap()
    pressure = Pressure(lanes, tap, queue_max=100, paused_max=3)
    for offset in range(3):
        lanes.add(segment(offset))
        lanes.pause(lanes.take())
        pressure.press()
    assert tap.told == ["hold"]
    lanes.let_go()
    pressure.press()
    assert tap.told == ["hold", "go on"]
