"""When recipients of a country are not to be advertised to; pure.

Promotional messages wait until quiet hours are over; what was asked for never does. Where quiet
begins or ends is looked for minute by minute, on the clock of the place, so that no change of its
time is missed; it is found once for all messages of a minute.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.consents import PROMOTIONAL
from pipeline.countries import country_of
from pipeline.ids import Msisdn
from pipeline.quiet_hours import QuietHoursConfig
from services.router.routes import DAYS, Hours

MINUTE_MS = 60_000
AHEAD_MIN = 15 * 1440  # a week, and one more for hours that a change of time has swallowed

Windows = tuple[Hours, ...]


class Quiet(NamedTuple):
    """Quiet hours that end at `until_ms`, or else those that begin next, at `from_ms`; or none."""

    until_ms: int | None = None
    from_ms: int | None = None


NEVER = Quiet()


class QuietHours:
    """Those of all countries."""

    def __init__(self, written: Mapping[str, tuple[QuietHoursConfig, ...]]) -> None:
        self._by_country = {country: tuple(map(_hours, own)) for country, own in written.items()}

    def at(self, at_ms: int, class_: str, recipient: Msisdn) -> Quiet:
        """What is so for a message that would be sent at `at_ms`, since 1970 UTC."""
        if class_ != PROMOTIONAL or not self._by_country:
            return NEVER
        windows = self._by_country.get(country_of(recipient) or "")
        return NEVER if windows is None else _quiet(windows, at_ms // MINUTE_MS)


def is_endless(written: tuple[QuietHoursConfig, ...]) -> bool:
    """Whether there are no hours at all that are not quiet."""
    return _quiet(tuple(map(_hours, written)), 0) == NEVER


def _hours(written: QuietHoursConfig) -> Hours:
    begin, end = written.minutes
    days = frozenset(map(DAYS.index, written.days))
    return Hours(begin=begin, end=end, days=days, zone=ZoneInfo(written.zone))


@lru_cache(maxsize=4096)
def _quiet(windows: Windows, now_min: int) -> Quiet:
    is_quiet = _includes(windows, now_min)
    for minute in range(now_min + 1, now_min + AHEAD_MIN):
        if _includes(windows, minute) is not is_quiet:
            edge_ms = minute * MINUTE_MS
            return Quiet(until_ms=edge_ms) if is_quiet else Quiet(from_ms=edge_ms)
    return NEVER


def _includes(windows: Windows, minute: int) -> bool:
    return any(hours.include(minute) for hours in windows)
