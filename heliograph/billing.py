"""A carrier's invoice, segments by day, against what was accepted; pure but for reading its file.

day,segments          a CSV with these columns, days in the zone of the carrier's profile
2026-11-01,184200
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from heliograph.reporting import Row, Window
from pipeline.errors import HeliographError

DAYS_TOLD = 3
# what was written again after a lost answer may be billed twice: unexplained, and not in doubt
COLUMNS = ("connector", "day", "accepted", "in_doubt", "billed", "unexplained")


def billed_in(path: Path) -> dict[date, int]:
    """What a file bills; raises HeliographError for one that can't be read."""
    found: dict[date, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), 2):
                day, segments = _read(row, f"{path}, line {number}")
                if day in found:
                    raise HeliographError(f"{path}, line {number}: {day} came before; add them up")
                found[day] = segments
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise HeliographError(f"{path} can't be read: {error}") from error
    return found


def _read(row: Mapping[str, str | None], where: str) -> tuple[date, int]:
    try:
        day, segments = date.fromisoformat(row["day"] or ""), int(row["segments"] or "")
    except (KeyError, TypeError, ValueError) as error:
        raise HeliographError(
            f"{where}: no day with its segments; write `day,segments` above, 2026-11-01,1200 here"
        ) from error
    if segments < 0:
        raise HeliographError(f"{where}: {segments} segments; a number of segments is not negative")
    return day, segments


def beyond(billed: Iterable[date], zone: ZoneInfo, window: Window) -> str | None:
    """A sentence when not all of these days lie wholly in a window, else None."""
    days = sorted(billed)
    outside = [day for day in days if not _is_within(day, zone, window)]
    if not outside:
        return None
    begin, end = datetime.combine(days[0], time(), zone), _end(days[-1], zone)
    told = ", ".join(str(day) for day in outside[:DAYS_TOLD])
    more = f" and {len(outside) - DAYS_TOLD} more" if len(outside) > DAYS_TOLD else ""
    return (
        f"{told}{more} not compared, for --from and --to have no whole such day in {zone}; "
        f"--from {begin.isoformat()} --to {end.isoformat()} has all days of the file"
    )


def compare(
    connector: str,
    billed: Mapping[date, int],
    invoice: Iterable[Row],
    zone: ZoneInfo,
    window: Window,
) -> Iterator[Row]:
    """A row of COLUMNS for each day that is wholly in the window and has something on one side.

    `invoice` is the table of that name. What was in doubt may be billed or not; what is above or
    below that is unexplained.
    """
    ours = {str(day): (int(a), int(d)) for name, day, a, d in invoice if name == connector}
    days = {date.fromisoformat(day) for day in ours} | billed.keys()
    for day in sorted(day for day in days if _is_within(day, zone, window)):
        accepted, in_doubt = ours.get(day.isoformat(), (0, 0))
        count = billed.get(day, 0)
        above, below = max(0, count - accepted - in_doubt), min(0, count - accepted)
        yield (connector, day.isoformat(), accepted, in_doubt, count, above or below)


def _is_within(day: date, zone: ZoneInfo, window: Window) -> bool:
    begin_ms = datetime.combine(day, time(), zone).timestamp() * 1000
    return window.begin_ms <= begin_ms and _end(day, zone).timestamp() * 1000 <= window.end_ms


def _end(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone)
