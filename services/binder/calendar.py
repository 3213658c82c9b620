"""When a carrier works on its own: the maintenance windows of a profile; pure.

Clocks are those of the window's zone, as people read them: an hour that comes twice in a year is
twice in a window, and one that is left out is in none.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from pipeline.profiles import Day, Maintenance

DAYS: tuple[Day, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
MINUTE_MS = 60_000
Action = Literal["hold", "return"]


class Calendar:
    """The windows of one connector; they begin and end with a minute."""

    def __init__(self, windows: Sequence[Maintenance]) -> None:
        self._windows = windows
        self._minute = -1
        self._action: Action | None = None

    def action(self, now_ms: int) -> Action | None:
        """What the first window says that is on; None when none is. `now_ms` is since 1970 UTC."""
        minute = now_ms // MINUTE_MS
        if self._windows and minute != self._minute:
            self._minute = minute
            on = (window.action for window in self._windows if _is_on(window, now_ms))
            self._action = next(on, None)
        return self._action

    def wait_s(self, now_ms: int) -> float:
        """Seconds until the answer may be another one."""
        return (MINUTE_MS - now_ms % MINUTE_MS) / 1000


OPEN = Calendar(())


def _is_on(window: Maintenance, now_ms: int) -> bool:
    now = datetime.fromtimestamp(now_ms / 1000, window.zone)
    today, clock = now.date(), now.time()
    is_overnight = window.end <= window.start
    began_today = _begins_on(window, today) and window.start <= clock
    if not is_overnight:
        return began_today and clock < window.end
    began_yesterday = _begins_on(window, today - timedelta(days=1)) and clock < window.end
    return began_today or began_yesterday


def _begins_on(window: Maintenance, day: date) -> bool:
    return (
        (not window.days or DAYS[day.weekday()] in window.days)
        and (window.first is None or window.first <= day)
        and (window.last is None or day <= window.last)
    )
