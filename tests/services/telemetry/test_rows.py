"""A row is the same whatever the order in which events are read, and however often."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.records import MtEvent
from services.telemetry import rows, sql
from services.telemetry.rows import CODEC, Row, grown, row_of
from services.telemetry.view import Head, moved
from tests.builders import REQUESTED_MS, mt_event

STATES = {
    "scheduled": "scheduled",
    "routed": "routed",
    "segment_accepted": "accepted",
    "segment_postponed": "routed",
    "receipt": "delivered",
    "dlr_timeout": "unknown",
    "rejected": "rejected",
    "duplicate": "delivered",
}


@st.composite
def stories(draw: st.DrawFn) -> list[MtEvent]:
    """Anything a tracker might say of one id, and what it never would."""
    kinds = draw(st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=8))
    return [
        mt_event(
            event_id=f"{number:016x}",
            event=kind,
            state=STATES[kind],
            terminal=draw(st.booleans()),
            requested_ms=REQUESTED_MS + draw(st.sampled_from([0, 86_400_000])),
            at_ms=REQUESTED_MS + draw(st.integers(0, 1000)),
            connector=draw(st.sampled_from([None, "fast", "slow"])),
            submitted_ms=draw(st.sampled_from([None, REQUESTED_MS + 30, REQUESTED_MS + 40])),
        )
        for number, kind in enumerate(kinds)
    ]


def read(lines: list[tuple[int, MtEvent]]) -> tuple[Row, Counter[str]]:
    """The row, and how many more are in each state."""
    row: Row | None = None
    more: Counter[str] = Counter()
    for offset, event in lines:
        newer = grown(row, offset, event)
        change = moved(None if row is None else row.life, event, newer.life)
        if change is not None:
            more[change.after] += 1
            if change.before is not None:
                more[change.before] -= 1
        row = newer
    assert row is not None
    return row, +more


@given(stories(), st.data())
def test_no_order_and_no_repetition_changes_a_row_or_what_is_counted(
    events: list[MtEvent], data: st.DataObject
) -> None:
    happened = [(10 * place, event) for place, event in enumerate(events)]
    repeats = data.draw(st.lists(st.sampled_from(happened), max_size=5))
    shuffled = data.draw(st.permutations(happened + repeats))
    straight, more = read(happened)
    assert read(list(shuffled)) == (straight, more)
    assert more == {straight.life.head.state: 1}
    assert straight.events == events


@given(stories())
def test_a_row_comes_back_as_it_was_kept(events: list[MtEvent]) -> None:
    row, _ = read(list(enumerate(events)))
    kept = dict(zip(sql.COLUMNS, row.values(), strict=True))
    assert kept["unsent"] is row.life.is_unsent
    as_numbers = {name: int(value) if value is True else value for name, value in kept.items()}
    del as_numbers["unsent"]
    assert row_of(list(as_numbers.values())) == row


def test_the_columns_of_a_head_are_its_fields() -> None:
    names = tuple(sql.COLUMNS)
    assert names[: len(rows.HEADS)] == Head.__struct_encode_fields__
    kinds = {f.encode_name for f in msgspec.structs.fields(Head) if f.type is bool}
    assert kinds == set(rows.FLAGS)
    required = {f.encode_name for f in msgspec.structs.fields(Head) if f.type in (str, int, bool)}
    never_null = {name for name in names[1 : len(rows.HEADS)] if "NOT NULL" in sql.COLUMNS[name]}
    assert never_null == required


def test_a_story_has_an_end_and_its_message_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "EVENTS_MAX", 3)
    events = [mt_event(event_id=f"{number}", at_ms=number) for number in range(5)]
    events.append(mt_event(event_id="end", state="delivered", event="receipt", terminal=True))
    row, _ = read(list(enumerate(events)))
    assert (row.events, row.life.head.state) == (events[:3], "delivered")


def test_a_line_is_the_record_as_it_was_in_kafka() -> None:
    event = mt_event(recipient="46701234567", caller_data="mine")
    (line,) = grown(None, 7, event).story
    assert line.octets == CODEC.encode(event, topics.MT_EVENT)
    assert (line.offset, line.event_id, line.event()) == (7, event.event_id, event)
