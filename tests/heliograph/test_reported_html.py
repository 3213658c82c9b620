"""The page of a report: whole by itself, for both kinds of screens, and nothing runs in it."""

import re
from html.parser import HTMLParser

import pytest

from heliograph.plots import Bar, curves, nice, shares, stacked
from heliograph.report import lines
from heliograph.reported_html import page
from heliograph.reporting import COLUMNS, Fold, Window, tables
from tests.analytics.lives import BEGIN_MS, DAY_MS, lives
from tests.builders import mt_event

VOID = {"meta", "rect", "line"}


class Whole(HTMLParser):
    """Which elements a page has; each that is opened is closed, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)
        names = {name for name, _ in attrs}
        assert not {name for name in names if name.startswith("on")} | names & {"src", "href"}

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def made(count: int, **names: str) -> str:
    fold = Fold(Window(BEGIN_MS, BEGIN_MS + 6 * DAY_MS))
    for event in lives(count, seed=1):
        fold.note(event)
    if names:
        own = {"event": "segment_accepted", "segment": 1, "submitted_ms": BEGIN_MS}
        fold.note(mt_event(**{**own, **names}))
    return page(fold, {name: (COLUMNS[name], rows) for name, rows in tables(fold, {}).items()})


@pytest.mark.parametrize("count", [0, 1, 300])
def test_a_page_is_whole_has_no_script_and_asks_nobody_for_anything(count: int) -> None:
    text = made(count)
    seen = Whole(text).seen
    assert not {"script", "link", "img", "iframe", "object"} & set(seen)
    assert not re.search(r"https?:|url\(|@import|//", text.replace("</", "<"))
    assert seen.count("svg") == (0 if count == 0 else 4)
    assert "prefers-color-scheme: dark" in text
    assert "color-scheme: light dark" in text


def test_every_colour_is_there_by_day_and_by_night() -> None:
    text = made(3)
    used = set(re.findall(r"var\((--[a-z0-9]+)\)", text))
    day, night = text.split("@media", 1)
    for name in used:
        assert f"{name}:" in day
        if name.startswith("--s"):
            assert f"{name}:" in night


def test_names_from_outside_are_text_and_nothing_else() -> None:
    text = made(1, connector="<script>alert(1)</script>", country='"><b>')
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert Whole(text).seen.count("b") == made(1).count("<b>")


def test_a_part_of_a_bar_is_as_high_as_its_share() -> None:
    text = stacked(
        [Bar("one", {"good": 50, "bad": 50}), Bar("two", {"good": 25})], ["good", "bad"], "x"
    )
    heights = [float(found) for found in re.findall(r'height="([\d.]+)"', text)]
    assert heights == [91.0, 91.0, 45.5]
    widths = re.findall(
        r' width="([\d.]+)"', shares([Bar("one", {"a": 3, "b": 1})], ["a", "b"], "x")
    )
    assert float(widths[0]) == pytest.approx(3 * float(widths[1]))


def test_a_curve_ends_at_all_of_it_however_many_there_are() -> None:
    for count in (1, 7, 5000):
        text = curves({"fast": list(range(1, count + 1))}, "x")
        [points] = re.findall(r'points="([^"]*)"', text)
        assert len(points.split()) < 210
        assert points.split()[-1].endswith(",10.0")


def test_numbers_as_people_say_them() -> None:
    assert [nice(n) for n in (0, 1, 3, 10, 11, 4001)] == [1, 1, 5, 10, 20, 5000]


def test_a_table_as_text_has_words_to_the_left_and_numbers_to_the_right() -> None:
    rows = [("fast", "", "EUR", 1200, 0, "15.5"), ("slow", "SE", "EUR", 7, 7, "0")]
    assert list(lines({"cost": (COLUMNS["cost"], rows), "invoice": (COLUMNS["invoice"], [])})) == [
        "cost",
        "  connector  country  currency  segments  unpriced  cost",
        "  fast       -        EUR          1,200         0  15.5",
        "  slow       SE       EUR              7         7     0",
        "invoice: nothing",
    ]
