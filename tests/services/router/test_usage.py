"""What all partitions count together: each its own, at once; of the others what they have said."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Effect, Publish, PublishLater
from pipeline.records import TenantUsage, Wake
from services.router.usage import (
    PREFIXES_MAX,
    SAY_EVERY_MS,
    Meter,
    Usage,
    day,
    moment,
    month,
    window,
)
from tests.entries import MemoryEntries
from tests.services.router.builders import NOW_MS

DAY_MS = 86_400_000
WHO = "46701234567"
NOON_MS = NOW_MS // DAY_MS * DAY_MS + DAY_MS // 2


def entries(partition: int = 0) -> MemoryEntries:
    state = MemoryEntries()
    state.partition = partition
    return state


def rows(effects: list[Effect]) -> list[TenantUsage]:
    found = [e.record for e in effects if isinstance(e, Publish)]
    return [record for record in found if isinstance(record, TenantUsage)]


def wakes(effects: list[Effect]) -> list[tuple[int, Wake]]:
    later = [(e.due_ms, e.record) for e in effects if isinstance(e, PublishLater)]
    return [(due_ms, record) for due_ms, record in later if isinstance(record, Wake)]


def by_day(now_ms: int = NOON_MS) -> Meter:
    return Meter("bank", day(now_ms))


@pytest.mark.parametrize(
    ("at", "names", "ends"),
    [
        (
            1796000000000,
            ("2026-11-30", "2026-11", "2026-11-30T00:50:00Z"),
            ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11-30T01:00:00Z"),
        ),
        (
            1798761599999,
            ("2026-12-31", "2026-12", "2026-12-31T23:50:00Z"),
            ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ),
        (
            1835395200000,
            ("2028-02-29", "2028-02", "2028-02-29T00:00:00Z"),
            ("2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z", "2028-02-29T00:10:00Z"),
        ),
    ],
)
def test_periods_are_those_of_utc(at: int, names: tuple[str, ...], ends: tuple[str, ...]) -> None:
    found = (day(at), month(at), window(at, 600))
    assert tuple(period.name for period in found) == names
    assert tuple(moment(period.end_ms) for period in found) == ends
    assert [period.per for period in found] == ["day", "month", "600s"]


def test_the_first_is_said_at_once_and_what_comes_within_a_second_by_one_timer() -> None:
    own, state = Usage(), entries(7)
    test = by_day()._replace(is_test=True)
    first = own.add(state, test, 2, WHO, NOON_MS)
    assert first == [
        Publish(
            "sms.tenant.usage",
            "bank/day/7",
            TenantUsage(
                tenant="bank",
                per="day",
                period=day(NOON_MS).name,
                partition=7,
                count=2,
                at_ms=NOON_MS,
                test=True,
            ),
        )
    ]
    wake = Wake(key=WHO, kind="usage", what="bank|day|", set_ms=NOON_MS + 10)
    assert own.add(state, test, 1, WHO, NOON_MS + 10) == [
        PublishLater(NOON_MS + SAY_EVERY_MS, "sms.router.in", WHO, wake)
    ]
    assert own.add(state, test, 1, WHO, NOON_MS + 20) == []
    (said,) = rows(own.wake(state, wake, NOON_MS + SAY_EVERY_MS))
    assert (said.count, said.test) == (4, True)
    assert own.wake(state, wake, NOON_MS + SAY_EVERY_MS) == []


def test_a_timer_says_nothing_that_a_message_has_said() -> None:
    own, state = Usage(), entries()
    own.add(state, by_day(), 1, WHO, NOON_MS)
    ((_, wake),) = wakes(own.add(state, by_day(), 1, WHO, NOON_MS + 10))
    assert [row.count for row in rows(own.add(state, by_day(), 1, WHO, NOON_MS + 1000))] == [3]
    assert own.wake(state, wake, NOON_MS + 1010) == []


def test_the_last_word_on_a_period_is_said_though_the_next_has_begun() -> None:
    own, state = Usage(), entries()
    eve_ms = NOON_MS + DAY_MS // 2 - 100
    own.add(state, by_day(), 1, WHO, eve_ms)
    own.add(state, by_day(), 1, WHO, eve_ms + 50)
    told = rows(own.add(state, by_day(eve_ms + 200), 5, WHO, eve_ms + 200))
    assert [(row.period, row.count) for row in told] == [(day(eve_ms).name, 2)]
    assert own.total(state, by_day(eve_ms + 200)) == 5
    told = rows(own.wake(state, Wake(key=WHO, kind="", what="bank|day|", set_ms=0), eve_ms + 1000))
    assert [(row.period, row.count) for row in told] == [(day(eve_ms + 200).name, 5)]


def test_a_month_is_remembered_as_long_as_it_lasts() -> None:
    own, state = Usage(), entries()
    first_ms = 1793491200000  # 2026-11-01
    meter = Meter("bank", month(first_ms))
    state.shared.now_ms = first_ms
    own.add(state, meter, 1, WHO, first_ms)
    ((_, wake),) = wakes(own.add(state, meter, 1, WHO, first_ms + 10))
    own.wake(state, wake, first_ms + 1000)
    state.shared.now_ms = first_ms + 29 * DAY_MS
    assert own.total(state, Meter("bank", month(state.shared.now_ms))) == 2


def test_months_are_kept_apart_and_of_days_and_prefixes_the_newest() -> None:
    own, state = Usage(), entries(3)
    meters = [
        Meter("bank", month(NOON_MS)),
        Meter("bank", day(NOON_MS)),
        Meter("bank", window(NOON_MS, 3600), "4670123"),
    ]
    said = [effect for m in meters for effect in own.add(state, m, 1, WHO, NOON_MS)]
    assert [(e.topic, e.key) for e in said if isinstance(e, Publish)] == [
        ("sms.tenant.usage", f"bank/{month(NOON_MS).name}/3"),
        ("sms.tenant.usage", "bank/day/3"),
        ("sms.tenant.velocity", "bank/4670123/3"),
    ]


def row(count: int, partition: int, period: str, prefix: str | None = None) -> TenantUsage:
    return TenantUsage(
        tenant="bank",
        per="day",
        period=period,
        prefix=prefix,
        partition=partition,
        count=count,
        at_ms=NOON_MS,
    )


def test_what_others_said_counts_and_what_was_said_of_ones_own_partition_does_not() -> None:
    own, state, today = Usage(), entries(1), day(NOON_MS).name
    own.add(state, by_day(), 3, WHO, NOON_MS)
    for partition, count in ((0, 10), (1, 999), (2, 20), (0, 11)):
        own.hear("", row(count, partition, today))
    assert own.total(state, by_day()) == 3 + 11 + 20
    own.hear("", row(500, 2, "2001-01-01"))
    own.hear("", None)
    assert own.total(state, by_day()) == 3 + 11 + 20
    own.hear("", row(4, 2, day(NOON_MS + DAY_MS).name))
    assert own.total(state, by_day(NOON_MS + DAY_MS)) == 4


def test_prefixes_without_end_are_not_kept() -> None:
    own, today = Usage(), day(NOON_MS)
    for number in range(PREFIXES_MAX + 5):
        own.hear("", row(1, 0, today.name, str(number)))
    assert own.total(entries(1), Meter("bank", today, str(PREFIXES_MAX - 1))) == 1
    assert own.total(entries(1), Meter("bank", today, str(PREFIXES_MAX))) == 0
    own.hear("", row(2, 0, today.name, "7"))
    assert own.total(entries(1), Meter("bank", today, "7")) == 2


class Came(NamedTuple):
    """A message of so many segments, at a partition, so long after the one before."""

    partition: int
    segments: int
    gap_ms: int


CAME = st.lists(
    st.builds(Came, st.integers(0, 3), st.integers(1, 4), st.integers(0, 700)), max_size=80
)


@given(CAME)
def test_whatever_was_counted_over_a_second_ago_is_known_to_all(came: list[Came]) -> None:
    """The bound of the README: what is not known is what others have counted since."""
    states = [entries(partition) for partition in range(4)]
    own = [Usage() for _ in states]
    due: list[tuple[int, int, Wake]] = []
    counted: list[tuple[int, int]] = []
    now_ms = NOON_MS

    def tell(partition: int, effects: list[Effect]) -> None:
        for said in rows(effects):
            for other in own:
                other.hear("", said)
        due.extend((due_ms, partition, wake) for due_ms, wake in wakes(effects))

    for partition, segments, gap_ms in came:
        now_ms += gap_ms
        while due and min(one[0] for one in due) <= now_ms:
            due_ms, at, wake = min(due, key=lambda one: one[:2])
            due.remove((due_ms, at, wake))
            tell(at, own[at].wake(states[at], wake, due_ms))
        total = own[partition].total(states[partition], by_day())
        assert total <= sum(count for _, count in counted)
        assert total >= sum(count for at, count in counted if at <= now_ms - SAY_EVERY_MS)
        tell(partition, own[partition].add(states[partition], by_day(), segments, WHO, now_ms))
        counted.append((now_ms, segments))
    assert len(due) <= len(states)
