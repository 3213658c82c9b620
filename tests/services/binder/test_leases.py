"""Ownership of partitions and the binds that come with them."""

from pipeline.kafka.membership import Start
from services.binder.core import Position
from services.binder.leases import Leases
from services.binder.offsets import doubtful_before
from services.binder.outputs import Output

LANES = {"submit": False, "submit.priority": True}
EMPTY = Output(0, {})


def opened(*partitions: tuple[str, int]) -> Leases:
    leases = Leases(LANES)
    starts = [Start(topic, number, 0, "", 40) for topic, number in partitions]
    leases.open(starts, {(s.topic, s.partition): EMPTY for s in starts})
    return leases


def test_a_partition_and_its_twin_are_one_bind() -> None:
    leases = opened(("submit", 0), ("submit.priority", 0), ("submit", 1), ("submit.priority", 1))
    assert leases.partitions == {0, 1}


def test_a_bind_goes_only_when_both_its_partitions_go() -> None:
    leases = opened(("submit", 0), ("submit.priority", 0), ("submit", 1))
    closing = leases.closing([("submit", 0), ("submit", 1), ("submit", 7)])
    assert leases.binds_of(closing) == {1}
    leases.close(closing)
    assert leases.partitions == {0}


def test_a_lease_is_idle_until_something_is_open() -> None:
    leases = opened(("submit", 3))
    lease = leases.get(Position(False, 3, 0))
    assert lease is not None
    assert lease.idle.is_set()
    lease.take(5)
    assert not lease.idle.is_set()
    lease.drop(5, is_doubtful=False)
    assert lease.idle.is_set()


def test_only_progress_is_committed() -> None:
    leases = opened(("submit", 3))
    leases.commits()
    assert leases.commits() == []
    lease = leases.get(Position(False, 3, 0))
    assert lease is not None
    lease.take(5)
    lease.finish(5, 9)
    (commit,) = leases.commits()
    assert (commit.topic, commit.partition, commit.offset) == ("submit", 3, 6)
    assert commit.metadata == '{"output": 10}'


def test_what_is_done_ahead_of_the_committed_offset_is_counted_until_it_is_committed() -> None:
    leases = opened(("submit", 3), ("submit.priority", 3))
    lease = leases.get(Position(False, 3, 0))
    assert lease is not None
    for offset in (5, 6, 9):
        lease.take(offset)
    lease.finish(6, 1)
    lease.finish(9, 2)
    assert leases.done_ahead(3, priority=False) == 2
    assert leases.done_ahead(3, priority=True) == leases.done_ahead(7, priority=False) == 0
    lease.finish(5, 3)
    assert leases.done_ahead(3, priority=False) == 0


def test_what_was_not_heard_is_committed_again() -> None:
    leases = opened(("submit", 3), ("submit", 4))
    said = leases.commits()
    leases.uncommitted([("submit", 3), ("submit", 9)])
    assert leases.commits() == [commit for commit in said if commit.partition == 3]


def test_a_late_answer_after_a_new_assignment_counts_for_nobody() -> None:
    leases = opened(("submit", 3))
    old = leases.get(Position(False, 3, 0))
    assert old is not None
    old.take(0)
    leases.close(leases.closing([("submit", 3)]))
    leases.open([Start("submit", 3, 0, "", 40)], {("submit", 3): EMPTY})
    old.finish(0, 1)
    new = leases.get(Position(False, 3, 0))
    assert new is not None
    assert new.tracker.base == 0


def test_after_an_owner_that_did_not_leave_in_order_all_that_was_there_is_in_doubt() -> None:
    lease = opened(("submit", 3)).get(Position(False, 3, 0))
    assert lease is not None
    assert lease.doubtful_before == 40


def test_what_nobody_ever_owned_is_in_no_doubt() -> None:
    leases = Leases(LANES)
    leases.open([Start("submit", 3, None, "", 40)], {("submit", 3): EMPTY})
    lease = leases.get(Position(False, 3, 0))
    assert lease is not None
    assert lease.doubtful_before == 0


def test_who_leaves_in_order_says_what_is_in_doubt() -> None:
    leases = opened(("submit", 3))
    lease = leases.get(Position(False, 3, 0))
    assert lease is not None
    lease.doubtful_before = 0
    for offset in (5, 6):
        lease.take(offset)
    assert doubtful_before(lease.metadata()) is None
    leases.closing([("submit", 3)])
    lease.drop(5, is_doubtful=True)
    assert doubtful_before(lease.metadata()) is None
    lease.drop(6, is_doubtful=False)
    assert doubtful_before(lease.metadata()) == 6
