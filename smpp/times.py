"""Times of a PDU: SMPP 3.4 section 7.1, 5.0 section 4.7.23.4.

    YYMMDDhhmmsstnnp    absolute: tenths of a second t, and the local time's difference to UTC, nn
                        quarter hours, which it is ahead (p is +) or behind (-)
    YYMMDDhhmmss000R    relative: so many years, months, days, hours, minutes and seconds from now

A year of two digits is one of 2000 to 2099, for SMPP is no older. Relative years and months go by
the calendar, and a day that the month has not is its last one. Empty means none: at once, or as
long as the SMSC likes. It is not read here. SMPP 3.3 writes the same without `tnnp`: read as UTC.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from smpp.errors import TimeError

SHAPE = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:(\d)(\d\d)([+\-R]))?", re.ASCII)
QUARTER_S = 900
QUARTERS_MAX = 48
CENTURY = 2000
RELATIVE_MAX_S = 31 * 86_400 - 1  # days go to 30


def read(written: str, now: datetime) -> datetime:
    """The moment that is meant, with its zone; `now`, with a zone, is what a relative one is from.

    Raises TimeError when it is none.
    """
    found = SHAPE.fullmatch(written)
    if found is None:
        raise TimeError(f"{written!r} is no SMPP time, YYMMDDhhmmsstnnp")
    numbers = [int(digits) for digits in found.groups()[:6]]
    try:
        if found[9] == "R":
            return _later(now, numbers)
        year, month, day, hour, minute, second = numbers
        tenths, zone = int(found[7] or 0), _zone(int(found[8] or 0), found[9])
        return datetime(
            CENTURY + year, month, day, hour, minute, second, tenths * 100_000, tzinfo=zone
        )
    except (ValueError, OverflowError) as error:
        raise TimeError(f"{written!r} is no SMPP time: {error}") from None


def absolute(moment: datetime) -> str:
    """A moment with a zone, to the tenth of a second below it.

    Raises TimeError for one without a zone, or with one that is not whole quarters of an hour.
    """
    offset = moment.utcoffset()
    if offset is None:
        raise TimeError(f"{moment} has no zone")
    quarters, rest = divmod(offset, timedelta(seconds=QUARTER_S))
    if rest or abs(quarters) > QUARTERS_MAX or moment.year // 100 * 100 != CENTURY:
        raise TimeError(f"{moment} cannot be written: whole quarters of an hour, and 2000 to 2099")
    tenths = moment.microsecond // 100_000
    return f"{moment:%y%m%d%H%M%S}{tenths}{abs(quarters):02}{'-' if quarters < 0 else '+'}"


@lru_cache(maxsize=1024)  # messages of one moment wait for the same time
def relative(wait_s: int) -> str:
    """So many seconds from now; more than a month is as long as can be said without one, for months
    differ. Raises TimeError for less than a second, which would mean something else: none."""
    if wait_s < 1:
        raise TimeError(f"{wait_s} s is no time to wait")
    minutes, seconds = divmod(min(wait_s, RELATIVE_MAX_S), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"0000{days:02}{hours:02}{minutes:02}{seconds:02}000R"


def _zone(quarters: int, sign: str | None) -> timezone:
    if quarters > QUARTERS_MAX:
        raise ValueError(f"{quarters} quarter hours, at most {QUARTERS_MAX} can be")
    ahead = timedelta(seconds=QUARTER_S * quarters)
    return timezone(-ahead if sign == "-" else ahead) if quarters else UTC


def _later(now: datetime, numbers: list[int]) -> datetime:
    years, months, days, hours, minutes, seconds = numbers
    month = now.month - 1 + months
    year, month = now.year + years + month // 12, month % 12 + 1
    day = min(now.day, monthrange(year, month)[1])
    wait = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    moment = now.replace(year=year, month=month, day=day)
    return (moment.astimezone(UTC) + wait).astimezone(now.tzinfo)  # hours, not the clock's hands
