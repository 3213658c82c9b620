"""The order in which segments are written: priority first, then arrival, retries in their place."""

import random

from hypothesis import given
from hypothesis import strategies as st

from services.binder.core import Position, Segment
from services.binder.lanes import Lanes
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker
from tests.builders import mt_submit

LEASE = Lease(OffsetTracker(0, 0), {})


def segment(offset: int, *, priority: bool = False) -> Segment:
    return Segment(mt_submit(), Position(priority, 0, offset), LEASE, None)


def drained(lanes: Lanes) -> list[int]:
    order = []
    while (head := lanes.head) is not None:
        assert lanes.take() is head
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


def test_what_was_put_off_lets_others_pass_and_comes_back_first() -> None:
    lanes = filled(4)
    first, second = lanes.take(), lanes.take()
    lanes.put_off(first, due=10.0)
    lanes.put_off(second, due=5.0)
    lanes.ripen(1.0)
    assert (len(lanes), lanes.next_due) == (4, 5.0)
    assert lanes.take().position.offset == 2
    lanes.ripen(10.0)
    assert lanes.next_due is None
    assert drained(lanes) == [0, 1, 3]


def test_what_is_left_to_another_owner_is_nowhere_any_more() -> None:
    lanes = filled(6)
    again, put_off = lanes.take(), lanes.take()
    lanes.again(again)
    lanes.put_off(put_off, due=1.0)
    lanes.leave(lambda one: one.position.offset < 4)
    lanes.ripen(2.0)
    assert drained(lanes) == [4, 5]
    assert len(lanes) == 0
