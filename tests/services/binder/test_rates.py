"""Rates by scope: whose they are, and that nobody gets more than the contract."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Config
from pipeline.connectors import ConnectorConfig, RateGroupConfig
from pipeline.ids import ConnectorId
from services.binder.budgets import Budgets
from services.binder.groups import Group, Member
from services.binder.lanes import Lanes
from services.binder.pacing import Pacer
from services.binder.rates import Contract, Rates, contract_of
from services.binder.sessions import Sessions
from services.binder.turns import OneByOne, turns_of
from tests.services.binder.test_pacing import most_in_a_second

STEP_S = 0.001


def account(**fields: object) -> ConnectorConfig:
    known = {"hosts": "h:1", "system_id": "s", "password": "p", "rate_per_s": 100, "binds": 4}
    return ConnectorConfig.model_validate(known | fields)


def config(**connectors: ConnectorConfig) -> Config:
    groups = {"carrier": RateGroupConfig(rate_per_s=60)}
    return Config(dev=True, connectors=connectors, rate_groups=groups)


def grouped(binds: int = 4) -> ConnectorConfig:
    return account(rate_scope="group", rate_group="carrier", binds=binds)


def contract_in(read: Config, name: str) -> Contract:
    return contract_of(read, ConnectorId(name), read.connectors[name])


def played(
    members: dict[str, Member], wants: dict[str, tuple[float, float]]
) -> list[tuple[float, str]]:
    """Who wrote when, where each wants to write from a moment to a moment, as fast as it may."""
    written, now = [], 0.0
    for _ in range(int(6 / STEP_S)):
        now += STEP_S
        for name, member in members.items():
            begin, end = wants[name]
            if begin <= now < end:
                room = member.room(now, {})
                member.spend(room, 0)
                written += [(now, name)] * room
                member.wait_s(now, ())
            elif member.is_waiting:
                member.room(now, {})  # it wants nothing any more
    return written


def test_a_connector_has_the_rate_its_scope_says() -> None:
    rates, read = (
        Rates(),
        config(plain=account(), each=account(rate_scope="session"), one=grouped()),
    )
    kinds = {name: type(rates.of(contract_in(read, name))) for name in read.connectors}
    assert kinds == {"plain": Pacer, "each": Sessions, "one": Member}


@pytest.mark.parametrize(
    "fields",
    [
        {"rate_scope": "group"},
        {"rate_scope": "group", "rate_group": "nobody"},
        {"rate_group": "carrier"},
    ],
)
def test_a_scope_without_its_group_is_refused_in_one_sentence(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"connectors\.a\.rate_group: scope group goes with"):
        config(a=account(**fields))


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"sender_rate_per_s": 1}, "a rate per sender needs key: sender"),
        ({"sender_rates": {"ACME": 1}}, "a rate per sender needs key: sender"),
        ({"strict_order": True, "key": "sender"}, "strict_order: needs key: recipient"),
    ],
)
def test_what_needs_another_key_is_refused_in_one_sentence(
    fields: dict[str, object], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        config(a=account(**fields))


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, type(None)),
        ({"strict_order": True}, OneByOne),
        ({"key": "sender", "sender_rate_per_s": 1}, Budgets),
        ({"key": "sender", "sender_rates": {"ACME": 1}}, Budgets),
    ],
)
def test_only_what_is_asked_for_is_looked_at(fields: dict[str, object], kind: type) -> None:
    assert type(turns_of(account(**fields), Lanes(), 0.05)) is kind


def test_a_groups_rate_is_shared_by_partitions_wherever_they_are() -> None:
    owned = []
    for binds in ({"a": {0, 1}, "b": {0}}, {"a": {2, 3}, "b": {1}}):
        rates, read = Rates(), config(a=grouped(4), b=grouped(2))
        members = {name: rates.of(contract_in(read, name)) for name in binds}
        for name, member in members.items():
            member.own(0.0, 0.0, binds[name])
        owned.append([round(member.owned_per_s) for member in members.values()])
        assert sum(member.rate_per_s for member in members.values()) == pytest.approx(28.5)
    assert owned == [[20, 10], [20, 10]]


def members_of(group: Group, **binds: int) -> dict[str, Member]:
    found = {name: group.join() for name in binds}
    for name, count in binds.items():
        found[name].own(0.0, 0.0, range(count))
    return found


@pytest.mark.parametrize(
    ("wants", "shares"),
    [
        ({"a": (0, 6), "b": (0, 6)}, (2 / 3, 1 / 3)),
        ({"a": (0, 6), "b": (9, 9)}, (1, 0)),
        ({"a": (9, 9), "b": (0, 6)}, (0, 1)),
        ({"a": (0, 6), "b": (3, 6)}, (5 / 6, 1 / 6)),  # no claim to what it did not want before
    ],
)
def test_members_that_wait_take_turns_and_nothing_is_left_unused(
    wants: dict[str, tuple[float, float]], shares: tuple[float, float]
) -> None:
    members = members_of(Group(60, 0.05, 6), a=4, b=2)
    written = Counter(name for _, name in played(members, wants))
    assert written.total() >= 0.95 * 60 * 6 - 3
    assert [written["a"], written["b"]] == pytest.approx(
        [share * written.total() for share in shares], abs=6
    )


@settings(max_examples=15)
@given(
    rate=st.integers(4, 100),
    first=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    begins=st.lists(st.floats(0, 3), min_size=4, max_size=4),
)
def test_a_group_in_two_processes_never_sends_more_than_its_rate(
    rate: int, first: tuple[int, int], begins: list[float]
) -> None:
    times = []
    for number, (a, b) in enumerate((first, (4 - first[0], 4 - first[1]))):
        members = members_of(Group(rate, 0.05, 8), a=a, b=b)
        wants = {"a": (begins[2 * number], 6.0), "b": (begins[2 * number + 1], 6.0)}
        times += [at for at, _ in played(members, wants)]
    owned = [rate * sum(first) / 8, rate * (8 - sum(first)) / 8]
    assert most_in_a_second(times) <= (rate if min(owned) >= 1 else rate + 1)


def test_a_slow_session_gives_nothing_of_its_rate_away() -> None:
    sessions = Sessions(10, 0.05)
    sessions.own(0.5, 0.0, {0, 1})
    assert (sessions.rate_per_s, sessions.owned_per_s) == (19, 20)
    count, now = Counter[int](), 0.0
    while now < 10:
        now += STEP_S
        rooms = {0: 5, 1: 0, 7: 5}  # window of 1 is full; 7 is not ours any more
        assert sessions.room(now, rooms) == rooms[0]
        sessions.spend(rooms[0], 0)
        count[0] += rooms[0]
    assert 93 <= count[0] <= 96
    assert sessions.wait_s(now, (0, 1)) == 0
    assert sessions.wait_s(now, (0,)) > 0
    assert sessions.wait_s(now, ()) == float("inf")


def test_a_session_that_is_throttled_is_slower_alone_and_one_that_comes_back_begins_empty() -> None:
    sessions = Sessions(10, 0.0)
    sessions.own(0.5, 0.0, {0, 1})
    sessions.throttled(0)
    sessions.passed(1)
    sessions.room(1.0, {0: 1, 1: 1})
    assert sessions.rate_per_s == pytest.approx(15)
    sessions.hold(1.0, 1.0, 0)
    assert sessions.room(1.5, rooms := {0: 1, 1: 1}) == 1
    assert rooms == {0: 0, 1: 1}
    sessions.own(0.25, 2.0, {1})
    sessions.own(0.5, 3.0, {0, 1})
    assert sessions.room(3.0, {0: 1, 1: 0}) == 0
