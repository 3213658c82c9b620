"""What is left where it is passes once, when it may, and what passed it does not pass again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import left
from services.intake.left import Left

AT = ("sms.mt.wait.c", 3)


def told(own: Left, first: int, marks: str) -> None:
    """Records from an offset on: L is left, x passes, . is not reached."""
    for offset, mark in enumerate(marks, first):
        if mark == "L":
            assert own.leave(AT, offset)
        elif mark == "x":
            own.passed(AT, offset)


@pytest.mark.parametrize(
    ("marks", "again", "firsts", "end", "new"),
    [
        ("xxx", "", {}, 6, [6, 7, 8]),
        ("LxxL", "", {AT: 3}, 3, [3, 6, 7, 8]),
        ("LxxL", "x", {AT: 6}, 6, [6, 7, 8]),
        ("LxxL", "L..x", {AT: 3}, 3, [3, 7, 8]),
        ("LxxLx", "x..x", {}, 8, [8]),
    ],
)
def test_it_is_committed_up_to_the_first_that_is_left_and_read_from_there(
    marks: str, again: str, firsts: dict[tuple[str, int], int], end: int, new: list[int]
) -> None:
    own = Left()
    told(own, 3, marks)
    told(own, 3, again)
    assert own.firsts() == firsts
    assert own.end(AT) == end
    assert [offset for offset in range(3, 9) if own.is_new(AT, offset)] == new


def test_partitions_are_told_apart_and_forgotten() -> None:
    own, other = Left(), ("sms.mt.wait.c", 4)
    told(own, 0, "Lx")
    own.passed(other, 0)
    own.forget([AT])
    assert own.firsts() == {}
    assert own.is_new(AT, 0)
    assert own.is_new(AT, 1)
    assert not own.is_new(other, 0)


def test_no_more_than_so_many_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left, "LEFT_MAX", 3)
    own = Left()
    assert [own.leave(AT, offset) for offset in range(5)] == [True] * 3 + [False] * 2
    assert own.is_new(AT, 3)
    assert own.leave(AT, 1)  # it is one of them already
    own.passed(AT, 0)
    assert own.leave(AT, 3)
    assert own.end(AT) == 1


@given(
    campaigns=st.lists(st.integers(0, 2), max_size=60),
    rounds=st.lists(st.tuples(st.sets(st.integers(0, 2)), st.integers(0, 60)), max_size=8),
)
def test_each_passes_once_and_none_is_committed_before(
    campaigns: list[int], rounds: list[tuple[set[int], int]]
) -> None:
    """Some campaigns are paused, so many records are read; each round begins at the first left."""
    own, passed = Left(), []
    position = 0
    for paused, count in [*rounds, (set[int](), len(campaigns))]:
        position = own.firsts().get(AT, position)
        for offset in range(position, min(position + count, len(campaigns))):
            position = offset + 1
            if not own.is_new(AT, offset):
                continue
            if campaigns[offset] in paused:
                assert own.leave(AT, offset)
            else:
                own.passed(AT, offset)
                passed.append(offset)
                assert set(range(own.end(AT))) <= set(passed)
    assert sorted(passed) == list(range(len(campaigns)))
