"""The calendar: when a window is on, by the clocks of its zone."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.profiles import Maintenance
from services.binder.calendar import Calendar

STOCKHOLM = "Europe/Stockholm"
NIGHT = {"days": ["sunday"], "start": "22:00", "end": "02:00", "zone": STOCKHOLM}
MORNING = {"start": "04:00", "end": "05:30", "zone": STOCKHOLM}
CHRISTMAS = {
    "first": "2026-12-24",
    "last": "2026-12-25",
    "start": "00:00",
    "end": "00:00",
    "zone": STOCKHOLM,
    "action": "return",
}


def window(**fields: Any) -> Maintenance:
    return Maintenance.model_validate(fields)


def at(written: str, zone: str = STOCKHOLM) -> int:
    return int(datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("fields", "moment", "expected"),
    [
        (NIGHT, "2026-11-22T21:59:59", None),  # a sunday
        (NIGHT, "2026-11-22T22:00:00", "hold"),
        (NIGHT, "2026-11-23T01:59:59", "hold"),
        (NIGHT, "2026-11-23T02:00:00", None),
        (NIGHT, "2026-11-22T01:00:00", None),
        (NIGHT, "2026-11-23T22:00:00", None),
        (MORNING, "2026-11-25T03:59:59", None),
        (MORNING, "2026-11-25T04:00:00", "hold"),
        (MORNING, "2026-11-25T05:29:59", "hold"),
        (MORNING, "2026-11-25T05:30:00", None),
        (CHRISTMAS, "2026-12-23T23:59:59", None),
        (CHRISTMAS, "2026-12-24T00:00:00", "return"),
        (CHRISTMAS, "2026-12-25T23:59:59", "return"),
        (CHRISTMAS, "2026-12-26T00:00:00", None),
    ],
)
def test_a_window_is_on_from_its_start_to_its_end(
    fields: dict[str, Any], moment: str, expected: str | None
) -> None:
    assert Calendar([window(**fields)]).action(at(moment)) == expected


def test_a_window_is_that_of_its_zone() -> None:
    kolkata = Calendar([window(start="02:00", end="03:00", zone="Asia/Kolkata")])
    assert kolkata.action(at("2026-11-22T20:30", "UTC")) == "hold"
    assert kolkata.action(at("2026-11-22T02:30", "UTC")) is None


def test_clocks_that_change_take_the_window_with_them() -> None:
    calendar = Calendar([window(**MORNING)])
    assert calendar.action(at("2026-07-01T02:00", "UTC")) == "hold"  # summer
    assert calendar.action(at("2026-12-01T02:00", "UTC")) is None
    assert calendar.action(at("2026-12-01T03:00", "UTC")) == "hold"


def test_of_two_windows_the_first_holds() -> None:
    both = [window(**MORNING), window(**{**MORNING, "action": "return"})]
    assert Calendar(both).action(at("2026-11-25T04:30")) == "hold"
    assert Calendar(both[::-1]).action(at("2026-11-25T04:30")) == "return"


def test_without_windows_nothing_is_ever_on() -> None:
    assert Calendar(()).action(at("2026-11-25T04:30")) is None


def test_the_answer_holds_until_the_minute_is_over() -> None:
    assert Calendar(()).wait_s(at("2026-11-25T04:30:15")) == 45
    assert Calendar(()).wait_s(at("2026-11-25T04:30:00")) == 60
