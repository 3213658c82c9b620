"""The order of a pool: by preference, weight, recipient, price."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from pipeline.ids import ConnectorId
from services.router.routes import Rule, Way
from services.router.strategies import chosen, ordered

A, B, C = (ConnectorId(name) for name in "abc")
MANY = 100_000


def pool(strategy: str, *ways: Way) -> Rule:
    return Rule(name="r", pool=ways, strategy=strategy)


def first(rule: Rule, number: int, **is_down: Any) -> ConnectorId:
    ways = ordered(rule, f"m{number}", f"4670{number:07}")
    return next(way.connector for way in ways if way.connector not in is_down)


def test_by_preference_is_as_written() -> None:
    rule = pool("priority", Way(B), Way(A), Way(C))
    assert [way.connector for way in ordered(rule, "m", "46")] == [B, A, C]


def test_the_cheapest_comes_first_and_of_the_same_price_the_first_written() -> None:
    rule = pool(
        "cheapest",
        Way(C, price=Decimal("0.02")),
        Way(A, price=Decimal("0.0100")),
        Way(B, price=Decimal("0.01")),
    )
    assert [way.connector for way in ordered(rule, "m", "46")] == [A, B, C]


@pytest.mark.parametrize("strategy", ["weighted", "sticky"])
def test_weights_hold_within_one_percent(strategy: str) -> None:
    rule = pool(strategy, Way(A, 70), Way(B, 25), Way(C, 5))
    found = Counter(first(rule, number) for number in range(MANY))
    for way in rule.pool:
        assert found[way.connector] / MANY == pytest.approx(way.weight / 100, abs=0.01)


def test_what_is_one_ways_goes_to_the_others_by_their_weights_when_it_is_down() -> None:
    rule = pool("weighted", Way(A, 50), Way(B, 40), Way(C, 10))
    before = [first(rule, number) for number in range(MANY)]
    after = [first(rule, number, a=True) for number in range(MANY)]
    assert all(b == a for b, a in zip(before, after, strict=True) if b != A)
    moved = Counter(a for b, a in zip(before, after, strict=True) if b == A)
    assert moved[B] / moved.total() == pytest.approx(0.8, abs=0.01)


def test_a_recipient_keeps_its_way_and_a_message_keeps_its_own() -> None:
    sticky, weighted = pool("sticky", Way(A), Way(B)), pool("weighted", Way(A), Way(B))
    ways = {ordered(sticky, f"m{n}", "46701234567")[0].connector for n in range(50)}
    assert len(ways) == 1
    assert {ordered(weighted, f"m{n}", "46701234567")[0].connector for n in range(50)} == {A, B}
    assert len({ordered(weighted, "m1", "46701234567")[0].connector for _ in range(50)}) == 1


def test_what_has_no_weight_gets_nothing() -> None:
    rule = pool("weighted", Way(A, 1), Way(B, 0))
    assert {first(rule, number) for number in range(100)} == {A}


def test_of_several_senders_a_recipient_always_sees_the_same() -> None:
    names = [f"+4670000000{n}" for n in range(5)]
    found = Counter(chosen(names, f"4670{number:07}") for number in range(10_000))
    assert set(found) == set(names)
    assert min(found.values()) > 1800
    assert {chosen(names, "46701234567") for _ in range(5)} == {chosen(names, "46701234567")}
    fewer = [name for name in names if name != chosen(names, "46701234568")]
    assert chosen(fewer, "46701234567") in (chosen(names, "46701234567"), *fewer)
