"""Segments of a handset stand together; what is too much is found by its id only, as long."""

from typing import Any

import msgspec
import pytest

from pipeline.config import Config
from pipeline.ids import SmscMessageId
from services.correlator.carriers import Carriers
from services.correlator.segments import ROWS_MAX, Row, Segments
from tests.entries import MemoryEntries
from tests.services.correlator.builders import CONFIG, FAR, NOW_MS
from tests.services.correlator.builders import row as fresh

DAY_MS = 86_400_000
JUST_NOW = {"submitted_ms": NOW_MS - 100, "answered_ms": NOW_MS}


def row(smsc_message_id: str, message: str = "m1", **changed: Any) -> Row:
    return fresh(smsc_message_id, message, **{**JUST_NOW, **changed})


def opened(state: MemoryEntries, config: Config = CONFIG) -> Segments:
    return Segments(state, Carriers(config), state.now_ms)


def filled(*rows: Row) -> MemoryEntries:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    segments = opened(state)
    for one in rows:
        assert segments.add(one)
    segments.keep()
    return state


def many(count: int) -> list[Row]:
    return [row(f"{i:X}", f"m{i}", answered_ms=NOW_MS + i) for i in range(1, count + 1)]


def test_a_row_of_before_there_were_traces_is_one_without() -> None:
    octets = msgspec.msgpack.encode(row("0A1B"))
    old = msgspec.msgpack.encode(msgspec.msgpack.decode(octets)[:-1])
    assert msgspec.msgpack.decode(old, type=Row) == row("0A1B")
    traced = row("0A1B", trace="00-a-b-01")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(traced), type=Row) == traced


def test_a_segment_stands_under_the_first_form_of_its_id() -> None:
    one, far = row("0A1B"), row("10", "m2", domain="far", connector=FAR)
    segments = opened(filled(one, far))
    assert segments.under("fast", "a1b") == (one,)
    assert segments.under("far", "16") == (far,)
    assert segments.under("far", "a1b") == segments.under("fast", "0A1B") == ()


def test_what_is_too_much_is_found_by_its_id_and_keeps_its_end() -> None:
    state = filled(*many(ROWS_MAX))
    segments = opened(state)
    segments.end(row("1", "m1"))
    for one in many(ROWS_MAX + 3)[ROWS_MAX:]:
        segments.add(one)
    segments.keep()
    segments = opened(state)
    assert [one.message_id for one in segments.rows] == [f"m{i}" for i in range(4, ROWS_MAX + 4)]
    assert [segments.under("fast", f"{i:x}")[0].message_id for i in (1, 3, 5)] == ["m1", "m3", "m5"]
    assert [segments.is_final(f"m{i}|1|0") for i in (1, 2, 5)] == [True, False, False]
    segments.end(row("1", "m2"))
    segments.keep()
    assert opened(state).is_final("m2|1|0")
    assert not segments.add(many(1)[0])


def test_a_hundred_thousand_messages_make_no_longer_rows() -> None:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    sizes = []
    for one in many(400):
        segments = opened(state)
        segments.add(one)
        segments.keep()
        sizes.append(len(state.octets["segments"][0]))
    assert max(sizes) <= sizes[ROWS_MAX - 1] * 1.1
    assert len(state.octets) == 400 - ROWS_MAX + 1


@pytest.mark.parametrize("until_ms", [NOW_MS + 1000, NOW_MS + 5 * DAY_MS])
def test_a_row_lives_as_long_as_it_says(until_ms: int) -> None:
    state = filled(row("1", until_ms=until_ms), row("2", "m2", until_ms=NOW_MS + 1))
    state.now_ms = until_ms - 1
    assert [one.message_id for one in opened(state).rows] == ["m1"]
    state.now_ms = until_ms
    assert opened(state).rows == ()


def test_an_older_answer_that_comes_later_does_not_take_the_place_of_a_newer() -> None:
    state = filled(row("77", "new", answered_ms=NOW_MS), *many(ROWS_MAX + 1)[1:])
    segments = opened(state)
    segments.add(row("77", "old", answered_ms=NOW_MS - 5))
    segments.keep()
    assert [one.message_id for one in opened(state).under("fast", "77")] == ["new"]


def test_an_older_one_lives_as_long_as_it_says() -> None:
    rows = many(ROWS_MAX + 1)
    rows[0] = row("1", answered_ms=1, until_ms=NOW_MS + 9 * DAY_MS)
    state = filled(*rows)
    state.now_ms = NOW_MS + 9 * DAY_MS - 1
    assert opened(state).under("fast", "1") == (rows[0],)
    state.now_ms += 1
    assert opened(state).under("fast", "1") == ()


@pytest.mark.parametrize(
    ("before", "again", "is_new", "ids"),
    [
        (row("1"), row("1"), False, ["1"]),
        (row("1"), row("1", answered_ms=NOW_MS - 1), False, ["1"]),
        (row("1"), row("1", answered_ms=NOW_MS + 1), True, ["1"]),
        (row("1"), row("1", hop=1), True, ["1", "1"]),
        (row("1"), row("2"), True, ["1", "2"]),
        (row(""), row(""), False, [""]),
        (row(""), row("", segment=2), True, ["", ""]),
        (row(""), row("1", answered_ms=NOW_MS + 1), True, ["1"]),
        (row("1"), row("", answered_ms=NOW_MS - 1), False, ["1"]),
    ],
)
def test_what_is_known_is_not_taken_again_and_an_answer_ends_a_doubt(
    before: Row, again: Row, is_new: bool, ids: list[str]
) -> None:
    segments = opened(filled(before))
    assert segments.add(again) == is_new
    assert sorted(one.smsc_message_id for one in segments.rows) == ids


def test_a_segment_accepted_again_has_had_its_receipt() -> None:
    segments = opened(filled(row("1")))
    segments.end(row("1", "m1"))
    segments.add(row("2", answered_ms=NOW_MS + 1))
    assert all(one.is_final for one in segments.rows)


def test_a_doubt_that_is_resolved_has_the_id_it_was_told() -> None:
    state = filled(row(""))
    segments = opened(state)
    segments.resolve(segments.rows[0], SmscMessageId("77"))
    segments.keep()
    (found,) = opened(state).under("fast", "77")
    assert (found.message_id, found.has_no_id, found.is_doubtful) == ("m1", False, True)
    assert not opened(state).add(row(""))


def test_what_has_not_changed_is_not_written() -> None:
    state = filled(row("1"))
    state.octets["segments"] = (state.octets["segments"][0], NOW_MS + 77)
    opened(state).keep()
    assert state.octets["segments"][1] == NOW_MS + 77
