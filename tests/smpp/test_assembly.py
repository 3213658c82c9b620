"""Assembly: parts in any order and twice, contradictions, timeouts and limits."""

from collections.abc import Hashable
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import segments, text
from smpp.assembly import Assembled, Assembly
from smpp.errors import SegmentError
from smpp.pdu import DeliverSm
from smpp.segments import SplitBy
from smpp.udh import Concatenation, user_data


def part(
    number: int, total: int = 2, reference: int = 7, *, is_wide: bool = False
) -> Concatenation:
    return Concatenation(reference, total, number, is_wide)


def parts_of(plain: str, reference: int, by: SplitBy) -> list[tuple[Concatenation, bytes]]:
    found = []
    for segment in segments.split(text.encode(plain), reference, by=by):
        pdu = DeliverSm(
            short_message=segment.short_message, esm_class=segment.esm_class, tlvs=segment.tlvs
        )
        place = segments.concatenation(pdu)
        assert place is not None
        found.append((place, user_data(pdu)[1]))
    return found


@given(
    st.lists(st.text(st.sampled_from("a€я😀"), min_size=161, max_size=700), max_size=4),
    st.sampled_from([SplitBy.UDH_8, SplitBy.UDH_16, SplitBy.SAR]),
    st.randoms(use_true_random=False),
)
def test_messages_with_their_parts_mixed_and_doubled_come_whole_and_once(
    plains: list[str], by: SplitBy, dice: Random
) -> None:
    sent = [(n, *p) for n, plain in enumerate(plains) for p in parts_of(plain, n, by)] * 2
    dice.shuffle(sent)
    assembly = Assembly(60.0)
    ended = [end for key, *p in sent for end in assembly.add(key, *p, now=0.0)]
    assert sorted(ended, key=lambda end: str(end.key)) == [
        Assembled(n, text.encode(plain).octets) for n, plain in enumerate(plains)
    ]
    assert assembly.expire(60.0) == []


def test_a_part_that_comes_again_counts_once_even_after_the_end() -> None:
    assembly = Assembly(60.0)
    assert assembly.add("k", part(2), b"b", 0.0) == []
    assert assembly.add("k", part(2), b"b", 1.0) == []
    assert assembly.add("k", part(1), b"a", 2.0) == [Assembled("k", b"ab")]
    assert assembly.add("k", part(1), b"a", 3.0) == []
    assert assembly.add("k", part(2), b"b", 59.0) == []
    assert (assembly.expire(60.0), assembly.deadline) == ([], inf)


def test_an_empty_part_is_a_part() -> None:
    assembly = Assembly(60.0)
    assert assembly.add("k", part(2), b"", 0.0) == []
    assert assembly.add("k", part(1), b"", 0.0) == [Assembled("k", b"")]


@pytest.mark.parametrize(
    ("key", "other"),
    [
        ("l", part(2)),
        ("k", part(2, reference=8)),
        ("k", part(2, total=3)),
        ("k", part(2, is_wide=True)),
    ],
)
def test_parts_of_other_messages_stay_apart(key: Hashable, other: Concatenation) -> None:
    assembly = Assembly(60.0)
    assert assembly.add("k", part(1), b"a", 0.0) == []
    assert assembly.add(key, other, b"b", 0.0) == []
    assert assembly.add("k", part(2), b"c", 0.0) == [Assembled("k", b"ac")]


def test_a_part_that_contradicts_begins_another_message() -> None:
    assembly = Assembly(60.0)
    assembly.add("k", part(1, 3), b"old", 0.0)
    assembly.add("k", part(3, 3), b"end", 1.0)
    assert assembly.add("k", part(1, 3), b"new", 2.0) == [Assembled("k", b"oldend", (2,))]
    assert assembly.deadline == 62.0
    assert assembly.expire(62.0) == [Assembled("k", b"new", (2, 3))]


def test_a_reference_used_again_after_a_whole_message_begins_another() -> None:
    assembly = Assembly(60.0)
    assert assembly.add("k", part(1, 1), b"old", 0.0) == [Assembled("k", b"old")]
    assert assembly.add("k", part(1, 1), b"new", 1.0) == [Assembled("k", b"new")]


def test_what_is_due_comes_as_far_as_it_is_there() -> None:
    assembly = Assembly(60.0)
    assembly.add("first", part(2, 3), b"b", 0.0)
    assembly.add("second", part(1), b"a", 5.0)
    assembly.add("first", part(3, 3), b"c", 59.0)  # which gives it no more time
    assert assembly.deadline == 60.0
    assert assembly.expire(59.9) == []
    assert assembly.expire(60.0) == [Assembled("first", b"bc", (1,))]
    assert assembly.deadline == 65.0
    assert assembly.add("first", part(1, 3), b"a", 61.0) == []
    assert assembly.expire(999.0) == [
        Assembled("second", b"a", (2,)),
        Assembled("first", b"a", (2, 3)),
    ]


def test_the_oldest_gives_way_to_the_limits() -> None:
    few = Assembly(60.0, messages_max=2)
    ended = [end for key in "abcd" for end in few.add(key, part(1), b"x", 0.0)]
    assert ended == [Assembled("a", b"x", (2,)), Assembled("b", b"x", (2,))]
    small = Assembly(60.0, octets_max=5)
    ended = [end for key in "abc" for end in small.add(key, part(1), b"xx", 0.0)]
    assert ended == [Assembled("a", b"xx", (2,))]
    assert small.add("d", part(1, 1), b"123456", 0.0) == [
        Assembled("d", b"123456"),
        Assembled("b", b"xx", (2,)),
        Assembled("c", b"xx", (2,)),
    ]
    assert small.deadline == inf


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.binary(max_size=3), st.integers(0, 2)),
        max_size=60,
    )
)
def test_whatever_comes_the_limits_hold_and_every_octet_is_told_once_at_most(
    sent: list[tuple[int, int, bytes, int]],
) -> None:
    assembly = Assembly(5.0, messages_max=2, octets_max=8)
    now, told = 0.0, 0
    for key, number, body, later in sent:
        now += later
        ended = assembly.expire(now) + assembly.add(key, part(number, 3), body, now)
        told += sum(len(end.octets) for end in ended)
        for end in ended:
            assert len(end.missing) < 3
    left = assembly.expire(inf)
    assert len(left) <= 2
    assert sum(len(end.octets) for end in left) <= 8
    assert told + sum(len(end.octets) for end in left) <= sum(len(body) for _, _, body, _ in sent)


@pytest.mark.parametrize("wrong", [part(0), part(3), part(1, 0)])
def test_an_impossible_number_is_refused(wrong: Concatenation) -> None:
    with pytest.raises(SegmentError, match="part"):
        Assembly(60.0).add("k", wrong, b"", 0.0)


def test_more_parts_than_can_be_numbered_are_refused() -> None:
    with pytest.raises(SegmentError):
        Assembly(10.0).add("key", Concatenation(1, 256, 1, is_wide=True), b"x", 0.0)
