"""Notations of message ids, from what was seen of them."""

import pytest

from heliograph.notations import Pair, match, notations


@pytest.mark.parametrize(
    ("in_response", "in_receipt", "pair"),
    [
        ("17", "17", ("any", "any")),
        ("0017", "17", ("any", "any")),
        ("a1F", "A1f", ("any", "any")),
        ("1F", "31", ("hexadecimal", "decimal")),
        ("31", "1f", ("decimal", "hexadecimal")),
        ("17", "18", None),
        ("a-b", "c-d", None),
    ],
)
def test_two_ids_are_the_same_one_in_these_notations(
    in_response: str, in_receipt: str, pair: Pair | None
) -> None:
    assert match(in_response, in_receipt) == pair


@pytest.mark.parametrize(
    ("matched", "pair"),
    [
        ([], ("any", "any")),
        ([("17", "17"), ("18", "18")], ("decimal", "decimal")),
        ([("17", "17"), ("1a", "1A")], ("hexadecimal", "hexadecimal")),
        ([("1", "1"), ("1F", "31")], ("hexadecimal", "decimal")),
        ([("31", "1f")], ("decimal", "hexadecimal")),
        ([("a-b", "a-b")], ("opaque", "opaque")),
        ([("a-b", "A-B")], ("any", "any")),
    ],
)
def test_a_profile_gets_what_all_pairs_say(matched: list[tuple[str, str]], pair: Pair) -> None:
    assert notations(matched) == pair
