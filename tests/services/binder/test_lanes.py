"""The order in which segments are written: priority first, then arrival, retries in their place."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.binder.core import Position, Segment
from services.binder.lanes import Lanes
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker
from tests.builders import mt_submit

LEASE = Lease(OffsetTracker(0, 0, {}), {})


def segment(
    offset: int, *, priority: bool = False, tenant: str = "a", recipient: str = "46"
) -> Segment:
    submit = mt_submit(tenant=tenant, recipient=recipient)
    return Segment(submit, Position(priority, 0, offset), LEASE, None)


def drained(lanes: Lanes) -> list[int]:
    order = []
    while (head := lanes.head) is not None:
        assert lanes.take() is head
        if lanes.is_behind(head, head.submit.recipient):
            lanes.follow(head, head.submit.recipient)
            continue
        order.append(head.position.offset)
    return order


def filled(count: int) -> Lanes:
    lanes = Lanes()
    for offset in range(count):
        lanes.add(segment(offset))
    return lanes


def test_priority_goes_first_whenever_it_comes() -> None:
    lanes = filled(2)
    lanes.add(segment(7, priority=True))
    assert drained(lanes) == [7, 0, 1]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.3, 0.5])
def test_what_is_not_urgent_has_its_share_while_there_is_any(share: float) -> None:
    lanes = Lanes(share)
    for offset in range(200):
        lanes.add(segment(offset))
        lanes.add(segment(offset, priority=True))
    taken = [lanes.take().position.priority for _ in range(200)]
    assert taken.count(False) >= int(200 * share)
    assert taken.count(True) >= 100


def test_nothing_is_kept_for_what_is_not_urgent_where_nobody_wants_that() -> None:
    lanes = Lanes(0)
    lanes.add(segment(0))
    for offset in range(1, 51):
        lanes.add(segment(offset, priority=True))
    assert drained(lanes)[-1] == 0


@given(st.integers(1, 20), st.randoms(use_true_random=False))
def test_what_is_written_again_keeps_its_place_however_the_answers_come(
    count: int, dice: random.Random
) -> None:
    lanes = filled(count + 5)
    written = [lanes.take() for _ in range(count)]
    dice.shuffle(written)
    for one in written:
        lanes.again(one)
    assert drained(lanes) == list(range(count + 5))


def test_of_ten_segments_one_is_the_normal_lanes() -> None:
    lanes = Lanes()
    for offset in range(100):
        lanes.add(segment(offset, priority=True))
        lanes.add(segment(1000 + offset))
    first = drained(lanes)[:50]
    assert sum(offset >= 1000 for offset in first) == 5
    assert [offset for offset in first if offset < 1000] == list(range(45))


def test_tenants_take_turns_however_much_one_of_them_has() -> None:
    lanes = Lanes()
    for offset in range(100):
        lanes.add(segment(offset, tenant="big"))
    for offset in range(200, 203):
        lanes.add(segment(offset, tenant="small"))
    assert drained(lanes)[:7] == [0, 200, 1, 201, 2, 202, 3]


def test_one_sick_handset_delays_itself_and_nobody_else() -> None:
    lanes = Lanes()
    lanes.add(segment(0, recipient="sick"))
    sick = lanes.take()
    lanes.delay(sick, due=10.0)
    for offset in (1, 2, 3):
        lanes.add(segment(offset, recipient="sick" if offset == 2 else "well"))
    assert (len(lanes), lanes.next_due) == (4, 10.0)
    lanes.ripen(9.9)
    assert drained(lanes) == [1, 3]
    lanes.ripen(10.0)
    assert drained(lanes) == [0]  # it goes alone to see
    lanes.ended(sick.submit.recipient)
    assert drained(lanes) == [2]
    assert len(lanes) == 0


def test_a_handset_that_is_still_sick_is_tried_again_later_and_alone() -> None:
    lanes = Lanes()
    lanes.add(segment(0))
    lanes.add(segment(1))
    lanes.delay(lanes.take(), due=1.0)
    lanes.delay(lanes.take(), due=1.5)  # it was on the wire already
    lanes.ripen(1.2)
    assert lanes.head is None
    lanes.ripen(1.5)
    assert [lanes.take().position.offset] == [0]
    assert lanes.head is None


def test_what_is_paused_keeps_nobody_and_comes_back_to_its_place() -> None:
    lanes = filled(4)
    lanes.pause(lanes.take())
    lanes.pause(lanes.take())
    assert (len(lanes), lanes.paused_count) == (2, 2)
    assert lanes.take().position.offset == 2
    lanes.let_go()
    assert (len(lanes), lanes.paused_count) == (3, 0)
    assert drained(lanes) == [0, 1, 3]


def test_what_is_left_to_another_owner_is_nowhere_any_more() -> None:
    lanes = Lanes()
    for offset in range(8):
        lanes.add(segment(offset, recipient=f"46{offset}"))
    again, delayed, paused = lanes.take(), lanes.take(), lanes.take()
    lanes.again(again)
    lanes.delay(delayed, due=1.0)
    lanes.pause(paused)
    lanes.leave(lambda one: one.position.offset < 6)
    lanes.ripen(2.0)
    assert (len(lanes), lanes.paused_count) == (2, 0)
    assert drained(lanes) == [6, 7]
    assert len(lanes) == 0


def test_who_was_held_is_not_held_for_ever_when_the_one_that_went_to_see_is_left() -> None:
    lanes = Lanes()
    lanes.add(segment(0))
    lanes.delay(lanes.take(), due=1.0)
    lanes.ripen(1.0)
    lanes.leave(lambda one: True)
    lanes.add(segment(1))
    assert drained(lanes) == [1]
