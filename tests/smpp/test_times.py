from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import times
from smpp.errors import TimeError

NOW = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)
OFFSETS = [timedelta(minutes=15 * quarters) for quarters in range(-48, 49)]


def zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("240131120000000+", NOW),
        ("240131120000904+", datetime(2024, 1, 31, 12, 0, 0, 900_000, zone(60))),
        ("240131120000022+", datetime(2024, 1, 31, 12, 0, tzinfo=zone(330))),  # India
        ("240131120000020-", datetime(2024, 1, 31, 12, 0, tzinfo=zone(-300))),
        ("991231235959900+", datetime(2099, 12, 31, 23, 59, 59, 900_000, UTC)),
        ("240131120000", NOW),  # 3.3
    ],
)
def test_an_absolute_time(written: str, moment: datetime) -> None:
    assert times.read(written, NOW) == moment
    assert times.read(written, NOW).utcoffset() == moment.utcoffset()


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("000000000005000R", NOW + timedelta(seconds=5)),
        ("000002233429000R", NOW + timedelta(days=2, hours=23, minutes=34, seconds=29)),
        ("000100000000000R", datetime(2024, 2, 29, 12, 0, tzinfo=UTC)),  # no 31st there
        ("011300000000000R", datetime(2026, 2, 28, 12, 0, tzinfo=UTC)),
        ("001100000000000R", datetime(2024, 12, 31, 12, 0, tzinfo=UTC)),
        ("000000000000000R", NOW),
    ],
)
def test_a_relative_time_goes_by_the_calendar(written: str, moment: datetime) -> None:
    assert times.read(written, NOW) == moment


@pytest.mark.parametrize(
    "written",
    [
        "",
        "tomorrow",
        "24013112000000+",  # one digit short
        "240131120000000",  # no sign
        "240231120000000+",  # no such day
        "240131250000000+",
        "240131120000049+",  # over twelve hours
        "२४0131120000000+",  # digits, but not ASCII
        "240131120000000+\n",
    ],
)
def test_what_is_no_time_is_refused_by_name(written: str) -> None:
    with pytest.raises(TimeError, match="no SMPP time"):
        times.read(written, NOW)


def test_a_relative_time_past_the_calendar_is_refused() -> None:
    with pytest.raises(TimeError):
        times.read("990000000000000R", NOW.replace(year=9950))


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    st.sampled_from(OFFSETS),
)
def test_what_is_written_reads_back_to_the_tenth(moment: datetime, offset: timedelta) -> None:
    moment = moment.replace(
        microsecond=moment.microsecond // 100_000 * 100_000, tzinfo=timezone(offset)
    )
    written = times.absolute(moment)
    assert len(written) == 16
    read = times.read(written, NOW)
    assert (read, read.utcoffset()) == (moment, offset)


@given(st.integers(1, 31 * 86_400 - 1))
def test_a_wait_reads_back_to_the_second(wait_s: int) -> None:
    assert times.read(times.relative(wait_s), NOW) == NOW + timedelta(seconds=wait_s)


@given(st.from_regex(times.SHAPE, fullmatch=True) | st.text(max_size=20))
def test_only_the_typed_error_leaves(written: str) -> None:
    with suppress(TimeError):
        times.read(written, NOW)


def test_a_wait_of_more_than_a_month_is_as_long_as_can_be_said() -> None:
    assert times.relative(400 * 86_400) == "000030235959000R"


@pytest.mark.parametrize("wait_s", [0, -5])
def test_no_wait_would_mean_no_limit(wait_s: int) -> None:
    with pytest.raises(TimeError):
        times.relative(wait_s)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 1, 31),  # noqa: DTZ001
        datetime(1999, 1, 31, tzinfo=UTC),
        datetime(2100, 1, 31, tzinfo=UTC),
        datetime(2024, 1, 31, tzinfo=zone(7)),
        datetime(2024, 1, 31, tzinfo=zone(13 * 60)),
    ],
)
def test_a_moment_that_cannot_be_written_is_refused(moment: datetime) -> None:
    with pytest.raises(TimeError):
        times.absolute(moment)


def test_an_hour_is_an_hour_when_the_clocks_change() -> None:
    before = datetime(2024, 3, 30, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    after = times.read("000000230000000R", before)
    assert after.astimezone(UTC) - before.astimezone(UTC) == timedelta(hours=23)
