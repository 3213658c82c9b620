"""The order of a pool: by preference, weight, recipient, price."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import ConnectorId
from services.router.prefixes import by_prefix
from services.router.routes import Rule, Way
from services.router.strategies import Grade, GradeOf, chosen, ordered

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


def test_the_cheapest_depends_on_the_prefix_where_there_is_a_list() -> None:
    listed = by_prefix({46: Decimal("0.03"), 4670: Decimal("0.005"), 1: Decimal("0.001")})
    rule = pool(
        "cheapest",
        Way(A, price=Decimal("0.01")),
        Way(B, price=Decimal("0.02"), prices=listed),
        Way(C, prices=listed),
    )
    for recipient, found in (
        ("46701234567", [B, C, A]),
        ("46801234567", [A, B, C]),
        ("15551234567", [B, C, A]),
        ("4712345678", [A, B, C]),  # C has no price there
    ):
        assert [way.connector for way in ordered(rule, "m", recipient)] == found
    assert [way.price_to("4712345678") for way in rule.pool] == [
        Decimal("0.01"),
        Decimal("0.02"),
        None,
    ]


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


# --- by quality -------------------------------------------------------------------------------

GOOD, FAIR, POOR = Grade(1000, 980, 900), Grade(1000, 950, 300), Grade(1000, 700, 100)


def graded(**grades: Grade) -> GradeOf:
    return lambda connector, _recipient: grades.get(connector)


def shares(rule: Rule, grade_of: GradeOf) -> dict[str, float]:
    first_ones = (ordered(rule, f"m{n}", "46", grade_of)[0].connector for n in range(MANY))
    return {name: count / MANY for name, count in Counter(first_ones).items()}


QUALITY = pool("quality", Way(A), Way(B), Way(C))
TENTH = Rule(name="r", pool=QUALITY.pool, strategy="quality", explore_share=0.1)


@pytest.mark.parametrize(
    ("rule", "grades", "expected"),
    [
        (QUALITY, {"a": POOR, "b": GOOD, "c": FAIR}, {"a": 0.025, "b": 0.95, "c": 0.025}),
        (TENTH, {"a": POOR, "b": GOOD, "c": FAIR}, {"a": 0.05, "b": 0.9, "c": 0.05}),
        (QUALITY, {"a": GOOD, "b": FAIR}, {"a": 0.95, "c": 0.05}),  # what is unknown is explored
        (QUALITY, {"a": POOR}, {"a": 0.95, "b": 0.025, "c": 0.025}),
        (QUALITY, {}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}),
        (QUALITY, {"a": Grade(1, 1, 1), "b": FAIR, "c": POOR}, {"a": 0.025, "b": 0.95, "c": 0.025}),
        (QUALITY, {"a": FAIR, "b": Grade(1000, 951, 200), "c": POOR}, {"a": 0.025, "b": 0.95}),
    ],
)
def test_the_best_takes_all_but_a_share_that_the_others_divide(
    rule: Rule, grades: dict[str, Grade], expected: dict[str, float]
) -> None:
    found = shares(rule, graded(**grades))
    for name, share in expected.items():
        assert found[name] == pytest.approx(share, abs=0.01), name


def test_without_exploring_the_best_takes_all_and_the_others_follow_in_order() -> None:
    rule = Rule(name="r", pool=QUALITY.pool, strategy="quality", explore_share=0.0)
    grade_of = graded(a=POOR, b=GOOD, c=FAIR)
    for number in range(100):
        ways = ordered(rule, f"m{number}", "46", grade_of)
        assert [way.connector for way in ways] == [B, C, A]


def test_a_way_that_is_explored_has_all_others_behind_it() -> None:
    rule = Rule(name="r", pool=QUALITY.pool, strategy="quality", explore_share=1.0)
    ways = [way.connector for way in ordered(rule, "m", "46", graded(b=GOOD, c=FAIR))]
    assert ways == [A, B, C]
    assert sorted(way.connector for way in ordered(rule, "m", "46", graded())) == [A, B, C]


def test_a_way_without_a_weight_has_no_part_even_when_it_is_the_best() -> None:
    rule = pool("quality", Way(A, 0), Way(B))
    assert shares(rule, graded(a=GOOD, b=POOR)) == {"b": 1.0}


@given(st.text(max_size=8), st.dictionaries(st.sampled_from("abc"), st.integers(0, 100)))
def test_a_message_keeps_its_way_as_long_as_the_grades_are_the_same(
    message_id: str, delivered: dict[str, int]
) -> None:
    grade_of = graded(**{name: Grade(100, count, 1000) for name, count in delivered.items()})
    ways = ordered(QUALITY, message_id, "46", grade_of)
    assert ways == ordered(QUALITY, message_id, "46", grade_of)
    assert sorted(way.connector for way in ways) == [A, B, C]


def test_of_several_senders_a_recipient_always_sees_the_same() -> None:
    names = [f"+4670000000{n}" for n in range(5)]
    found = Counter(chosen(names, f"4670{number:07}") for number in range(10_000))
    assert set(found) == set(names)
    assert min(found.values()) > 1800
    assert {chosen(names, "46701234567") for _ in range(5)} == {chosen(names, "46701234567")}
    fewer = [name for name in names if name != chosen(names, "46701234568")]
    assert chosen(fewer, "46701234567") in (chosen(names, "46701234567"), *fewer)
