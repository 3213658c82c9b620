"""A carrier's invoice by days: what is billed above or below what was accepted and in doubt."""

import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from heliograph.billing import beyond, billed_in, compare
from heliograph.report import window_of
from heliograph.reporting import Row
from pipeline.errors import HeliographError

STOCKHOLM = ZoneInfo("Europe/Stockholm")
OURS: list[Row] = [("fast", "2026-10-25", 100, 3), ("slow", "2026-10-25", 7, 0)]
WINDOW = window_of("2026-10-25T00:00:00+02:00", "2026-10-27T00:00:00+01:00")  # 49 hours

BILLS = [  # billed on 25 October, unexplained
    (100, 0),
    (103, 0),
    (104, 1),
    (99, -1),
    (0, -100),
]


@pytest.mark.parametrize(("billed", "unexplained"), BILLS)
def test_what_was_in_doubt_may_be_billed_or_not(billed: int, unexplained: int) -> None:
    rows = list(compare("fast", {date(2026, 10, 25): billed}, OURS, STOCKHOLM, WINDOW))
    assert rows == [("fast", "2026-10-25", 100, 3, billed, unexplained)]


def test_a_day_is_compared_when_one_side_has_it_and_it_is_whole() -> None:
    days = {date(2026, 10, day): 1 for day in (24, 25, 26, 27)}
    assert [r[1] for r in compare("fast", days, [], STOCKHOLM, WINDOW)] == [
        "2026-10-25",
        "2026-10-26",
    ]
    assert [r[1] for r in compare("fast", days, [], ZoneInfo("UTC"), WINDOW)] == ["2026-10-25"]
    assert [r[-1] for r in compare("fast", {}, OURS, STOCKHOLM, WINDOW)] == [-100]
    assert list(compare("other", {}, OURS, STOCKHOLM, WINDOW)) == []


MONTH = [date(2026, 11, day) for day in range(1, 31)]
BEYOND = [  # a month in UTC or as the carrier has it; the first words, the window that is told
    ("2026-11-01", "2026-12-01", "UTC", None),
    ("2026-11-01", "2026-12-01", "Europe/Stockholm", "2026-11-01 not"),
    ("2026-11-01", "2026-12-01", "America/New_York", "2026-11-30 not"),
    ("2026-11-01T00:00:00-04:00", "2026-12-01T00:00:00-05:00", "America/New_York", None),
    ("2026-11-05", "2026-12-01", "UTC", "2026-11-01, 2026-11-02, 2026-11-03 and 1 more not"),
    ("2026-10-01", "2026-11-01", "UTC", "2026-11-01, 2026-11-02, 2026-11-03 and 27 more not"),
]


@pytest.mark.parametrize(("begin", "end", "zone", "words"), BEYOND)
def test_a_day_of_the_file_that_is_not_wholly_in_the_window_is_told(
    begin: str, end: str, zone: str, words: str | None
) -> None:
    told = beyond(MONTH, ZoneInfo(zone), window_of(begin, end))
    assert (told and told.partition(" compared")[0]) == words
    if told is not None:
        found = re.search(r"--from (\S+) --to (\S+) has all days", told)
        assert found
        assert beyond(MONTH, ZoneInfo(zone), window_of(found[1], found[2])) is None


def test_a_file_is_read_as_spreadsheets_write_it(tmp_path: Path) -> None:
    file = tmp_path / "bill.csv"
    file.write_bytes(
        b"\xef\xbb\xbfday,segments,price\r\n2026-10-25,100,0.1\r\n2026-10-26,0,0.1\r\n"
    )
    assert billed_in(file) == {date(2026, 10, 25): 100, date(2026, 10, 26): 0}


FAULTS = [
    ("day,segments\n2026-10-25,many\n", "line 2: no day with its segments"),
    ("date,count\n2026-10-25,1\n", "line 2: no day with its segments"),
    ("day,segments\n2026-10-25\n", "line 2: no day with its segments"),
    ("day,segments\n2026-10-25,-1\n", "line 2: -1 segments"),
    ("day,segments\n2026-10-25,1\n2026-10-25,1\n", "line 3: 2026-10-25 came before"),
]


@pytest.mark.parametrize(("text", "sentence"), FAULTS)
def test_what_can_t_be_read_is_told_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "bill.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(HeliographError, match=sentence):
        billed_in(file)
    with pytest.raises(HeliographError, match="can't be read"):
        billed_in(tmp_path / "none.csv")
