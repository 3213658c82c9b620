"""The report's fold: what counts, when, how often, and by whose days."""

import random
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from heliograph.reporting import COLUMNS, Fold, Row, Window, quantile, tables
from pipeline.records import MtEvent
from tests.analytics.lives import BEGIN_MS, DAY_MS, lives
from tests.builders import mt_event

WINDOW = Window(BEGIN_MS, BEGIN_MS + DAY_MS)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
AT_MS = BEGIN_MS + 1000


def told(events: Iterable[MtEvent], window: Window = WINDOW, **zones: ZoneInfo) -> Any:
    fold = Fold(window)
    for event in events:
        fold.note(event)
    return tables(fold, zones)


def event(event: str, **changed: Any) -> MtEvent:
    own = {"event": event, "segment": 1, "hop": 0, "connector": "fast", "country": "SE"}
    own |= {"submitted_ms": AT_MS, "event_id": f"{event}{sorted(changed.items())}"}
    return mt_event(**{**own, **changed})


def accepted(**changed: Any) -> MtEvent:
    return event("segment_accepted", **{"smsc_message_id": "1a", **changed})


def crashed(**changed: Any) -> MtEvent:
    """Of a binder that died before it could say whether it had written."""
    return event("segment_unknown", **{"submitted_ms": None, "at_ms": AT_MS + 5000, **changed})


def receipt(state: str = "DELIVERED", after_ms: int = 2000, **changed: Any) -> MtEvent:
    return event("receipt", receipt_state=state, at_ms=AT_MS + after_ms, **changed)


def routed(price: str | None = "0.0125", currency: str | None = "EUR", **changed: Any) -> MtEvent:
    own = {"segment": None, "submitted_ms": None, "price": price, "currency": currency}
    return event("routed", **{**own, **changed})


FATES = [
    ("accepted and delivered", [accepted(), receipt()], (1, 1, 0, 0, 1, 0, 0)),
    ("no receipt yet", [accepted(), receipt("ENROUTE")], (1, 1, 0, 0, 0, 0, 1)),
    ("failed", [accepted(), receipt("UNDELIVERABLE")], (1, 1, 0, 0, 0, 1, 0)),
    ("refused", [event("segment_rejected")], (1, 0, 0, 1, 0, 0, 0)),
    ("in doubt", [event("segment_unknown")], (1, 0, 1, 0, 0, 0, 1)),
    ("killed at it", [crashed()], (1, 0, 1, 0, 0, 0, 1)),
    ("killed at it, and delivered", [crashed(), receipt()], (1, 0, 1, 0, 1, 0, 0)),
    ("killed at it, then sent again", [crashed(), accepted()], (1, 1, 0, 0, 0, 0, 1)),
    ("doubt, and delivered", [event("segment_unknown"), receipt()], (1, 0, 1, 0, 1, 0, 0)),
    ("doubt, then sent again", [event("segment_unknown"), accepted()], (1, 1, 0, 0, 0, 0, 1)),
    ("unknown says nothing", [accepted(), receipt("UNKNOWN")], (1, 1, 0, 0, 0, 0, 1)),
    (
        "delivered, whatever came before",
        [accepted(), receipt("EXPIRED", 1000), receipt()],
        (1, 1, 0, 0, 1, 0, 0),
    ),
    (
        "accepted twice",
        [accepted(), accepted(smsc_message_id="1b"), receipt()],
        (1, 1, 0, 0, 1, 0, 0),
    ),
    (
        "two ways by one connector",
        [accepted(), receipt("EXPIRED"), accepted(hop=1), receipt(hop=1)],
        (2, 2, 0, 0, 1, 1, 0),
    ),
]


@pytest.mark.parametrize(("what", "events", "counts"), FATES, ids=[row[0] for row in FATES])
def test_what_became_of_a_segment(what: str, events: list[MtEvent], counts: Row) -> None:
    assert told(events)["delivery"] == [("fast", "SE", *counts)]
    assert told(reversed([*events, *events]))["delivery"] == [("fast", "SE", *counts)]


def test_what_was_not_written_and_what_is_a_test_is_nowhere() -> None:
    events = [
        routed(),
        event("segment_returned", submitted_ms=None),
        event("segment_expired", submitted_ms=None),
        accepted(message_id="m2", test=True),
        receipt(message_id="m3"),
    ]
    assert not any(told(events).values())


def test_a_window_begins_with_its_first_millisecond_and_ends_before_its_last() -> None:
    moments = {WINDOW.begin_ms - 1: 0, WINDOW.begin_ms: 1, WINDOW.end_ms - 1: 1, WINDOW.end_ms: 0}
    for at_ms, count in moments.items():
        found = told([accepted(submitted_ms=at_ms), event("segment_unknown", submitted_ms=at_ms)])
        assert [len(rows) for rows in found.values()] == [count, 0, count, count]


def test_each_acceptance_is_billed_at_the_price_of_its_way() -> None:
    events = [
        routed(),
        accepted(),
        accepted(smsc_message_id="1b"),
        routed("0.5", hop=1),
        accepted(hop=1),
        routed(None, None, message_id="m2"),
        accepted(message_id="m2"),
        accepted(message_id="m3"),
    ]
    assert told(events)["cost"] == [
        ("fast", "SE", "", 2, 2, "0"),
        ("fast", "SE", "EUR", 3, 0, "0.525"),
    ]
    assert told(events)["invoice"] == [("fast", "2026-10-26", 5, 0)]


def test_a_way_that_was_chosen_before_is_asked_for() -> None:
    fold = Fold(WINDOW)
    fold.note(accepted(requested_ms=BEGIN_MS - 5000))
    assert fold.lacks_routed_since() == BEGIN_MS - 5000
    fold.note(routed(None))
    assert fold.lacks_routed_since() is None


DAYS = [  # UTC of a segment, its day in Stockholm; clocks go back on 25 October 2026, 01:00 UTC
    ("2026-10-24T21:59:59.999", "2026-10-24"),
    ("2026-10-24T22:00:00.000", "2026-10-25"),
    ("2026-10-25T22:59:59.999", "2026-10-25"),
    ("2026-10-25T23:00:00.000", "2026-10-26"),
]


@pytest.mark.parametrize(("utc", "day"), DAYS)
def test_a_day_of_an_invoice_is_the_carrier_s(utc: str, day: str) -> None:
    from heliograph.report import window_of

    at_ms = window_of(utc, "2027-01-01").begin_ms
    window = Window(at_ms - DAY_MS, at_ms + DAY_MS)
    events = [accepted(submitted_ms=at_ms), event("segment_unknown", submitted_ms=at_ms, segment=2)]
    assert told(events, window, fast=STOCKHOLM)["invoice"] == [("fast", day, 1, 1)]
    assert told(events, window)["invoice"] == [("fast", utc[:10], 1, 1)]


def test_a_delay_is_from_the_write_to_the_receipt_that_counts() -> None:
    events = [accepted(segment=n) for n in range(1, 101)]
    events += [receipt(segment=n, after_ms=n * 10) for n in range(1, 101)]
    events += [receipt("ENROUTE", segment=1, after_ms=1), receipt(segment=1, after_ms=99_999)]
    assert told(events)["receipt_delay"] == [("fast", 100, 510, 910, 1000, 1000)]
    assert quantile([7], 0.99) == 7


def test_a_delay_is_not_told_of_what_nobody_knows_when_it_was_written() -> None:
    assert told([crashed(), receipt()])["receipt_delay"] == []
    assert told([crashed(), event("segment_unknown"), receipt()])["receipt_delay"][0][1] == 1
    first = crashed(at_ms=AT_MS - 1)
    assert told([first, event("segment_unknown"), receipt()])["receipt_delay"] == []
    assert told([first, accepted(), receipt()])["receipt_delay"][0][1:3] == (1, 2000)


def test_a_doubt_without_its_moment_is_of_the_time_in_which_it_was_told() -> None:
    for at_ms, count in {WINDOW.begin_ms - 1: 0, WINDOW.begin_ms: 1, WINDOW.end_ms: 0}.items():
        assert [row[-1] for row in told([crashed(at_ms=at_ms)])["invoice"]] == [1] * count


def test_nothing_is_kept_of_what_was_asked_for_after_the_window() -> None:
    fold = Fold(WINDOW)
    for number in range(100):
        late = {"message_id": f"m{number}", "requested_ms": WINDOW.end_ms + 3_600_000}
        late_ms = {"submitted_ms": WINDOW.end_ms + 3_600_001}
        for one in (routed(**late), accepted(**late, **late_ms), receipt(**late, **late_ms)):
            fold.note(one)
    assert fold.kept == 0
    fold.note(accepted(requested_ms=WINDOW.end_ms + 1000))  # by a clock that is ahead
    assert fold.kept == 1


def test_what_stands_before_is_kept_only_of_a_way_that_is_known() -> None:
    fold = Fold(WINDOW)
    fold.note(accepted())
    for one in (routed("0.5"), routed(hop=1), routed(message_id="m2"), accepted(message_id="m3")):
        fold.note_earlier(one)
    assert fold.kept == 1
    assert tables(fold, {})["cost"] == [("fast", "SE", "EUR", 1, 0, "0.5")]


def test_no_order_and_no_repetition_of_events_changes_a_table() -> None:
    events = lives(200, seed=3)
    window = Window(BEGIN_MS + DAY_MS, BEGIN_MS + 3 * DAY_MS)
    expected = told(events, window, slow=STOCKHOLM)
    for seed in range(5):
        shuffled = events + random.Random(seed).choices(events, k=100)
        random.Random(seed).shuffle(shuffled)
        assert told(shuffled, window, slow=STOCKHOLM) == expected
    assert all(len(row) == len(COLUMNS[name]) for name, rows in expected.items() for row in rows)
    assert all(expected.values())
