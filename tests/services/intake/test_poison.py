"""How much in a row may be unreadable."""

from services.intake.poison import Poison

ONE, OTHER = ("t", 1), ("t", 2)


def test_so_many_in_a_row_are_one_too_many() -> None:
    poison = Poison(3)
    assert [poison.unreadable(ONE) for _ in range(3)] == [False, False, True]


def test_one_that_can_be_read_begins_the_count_anew() -> None:
    poison = Poison(2)
    assert not poison.unreadable(ONE)
    poison.readable(ONE)
    assert not poison.unreadable(ONE)
    assert poison.unreadable(ONE)


def test_each_partition_has_a_count_of_its_own_that_goes_with_it() -> None:
    poison = Poison(2)
    assert not poison.unreadable(ONE)
    assert not poison.unreadable(OTHER)
    poison.forget(ONE)
    assert not poison.unreadable(ONE)
    assert poison.unreadable(OTHER)
