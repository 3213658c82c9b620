"""Completion in any order, commit in order; nothing done is forgotten by a restart."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.binder.offsets import OffsetTracker, doubtful_before, output_position


def test_the_base_moves_only_over_what_is_done_without_a_gap() -> None:
    tracker = OffsetTracker(base=10, output_position=0, known={})
    for offset in (10, 11, 14):  # 12 and 13 were transaction markers
        tracker.take(offset)
    tracker.finish(11, 0)
    assert tracker.base == 10
    tracker.finish(10, 1)
    assert tracker.base == 12
    tracker.finish(14, 2)
    assert tracker.base == 15
    assert tracker.unfinished_count == 0


def test_the_metadata_points_at_the_first_outcome_a_successor_must_read() -> None:
    tracker = OffsetTracker(base=0, output_position=100, known={})
    for offset in range(4):
        tracker.take(offset)
    assert output_position(tracker.metadata()) == 100
    tracker.finish(2, 104)
    tracker.finish(1, 103)
    assert output_position(tracker.metadata()) == 103
    tracker.finish(0, 106)
    assert tracker.base == 3
    assert output_position(tracker.metadata()) == 107
    assert output_position("") is None


def test_what_has_no_outcome_of_its_own_is_done_all_the_same() -> None:
    tracker = OffsetTracker(base=0, output_position=5, known={})
    tracker.take(0)
    tracker.finish(0, None)
    assert (tracker.base, output_position(tracker.metadata())) == (1, 5)


def test_what_is_left_to_the_next_owner_holds_the_base() -> None:
    tracker = OffsetTracker(base=0, output_position=0, known={})
    for offset in range(3):
        tracker.take(offset)
    tracker.drop(1)
    tracker.finish(0, 0)
    tracker.finish(2, 1)
    assert tracker.base == 1
    assert tracker.unfinished_count == 0
    assert output_position(tracker.metadata()) == 1


@given(st.data())
def test_a_successor_finds_every_outcome_beyond_the_base(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 40))
    offsets = sorted(data.draw(st.sets(st.integers(0, 200), min_size=count, max_size=count)))
    tracker = OffsetTracker(base=offsets[0], output_position=0, known={})
    for offset in offsets:
        tracker.take(offset)
    finished = data.draw(st.permutations(offsets))[: data.draw(st.integers(0, count))]
    for place, offset in enumerate(finished):
        tracker.finish(offset, place)
        position = output_position(tracker.metadata())
        assert position is not None
        seen_again = set(finished[position : place + 1])
        done = set(finished[: place + 1])
        assert {o for o in done if o >= tracker.base} <= seen_again
        assert all(o in done for o in offsets if o < tracker.base)


def test_the_metadata_is_small_however_much_is_open() -> None:
    tracker = OffsetTracker(base=0, output_position=0, known={})
    for offset in range(20_000):
        tracker.take(offset)
    for offset in range(1, 20_000, 2):
        tracker.finish(offset, offset)
    assert len(tracker.metadata()) < 100
    assert json.loads(tracker.metadata()) == {"output": 1}


def test_what_was_known_and_is_not_yet_taken_again_is_not_forgotten() -> None:
    tracker = OffsetTracker(base=3, output_position=50, known={5: 41, 7: 44})
    assert output_position(tracker.metadata()) == 41
    for offset in (3, 5, 7):
        tracker.take(offset)
    tracker.finish(5, 41)
    assert output_position(tracker.metadata()) == 41
    tracker.finish(3, 50)
    assert output_position(tracker.metadata()) == 44
    tracker.finish(7, 44)
    assert output_position(tracker.metadata()) == 51


def test_an_intent_is_read_by_a_successor_until_its_outcome_is_committed() -> None:
    tracker = OffsetTracker(base=0, output_position=10, known={})
    for offset in (0, 1):
        tracker.take(offset)
    tracker.intend(1, 10)
    tracker.finish(1, 12)
    assert output_position(tracker.metadata()) == 10
    tracker.finish(0, 13)
    assert output_position(tracker.metadata()) == 14


def test_what_may_be_on_the_wire_is_said_only_by_who_leaves_in_order() -> None:
    tracker = OffsetTracker(base=0, output_position=0, known={})
    assert doubtful_before(tracker.metadata()) is None
    assert doubtful_before(tracker.metadata(0)) == 0
    assert doubtful_before(tracker.metadata(17)) == 17
    assert doubtful_before("") is None
