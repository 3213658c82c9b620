"""What is found in inbound messages that are lost, doubled or mixed."""

from typing import Any

import pytest

from heliograph.chaos.inbound import PARTS, SEPTETS, Tally, tally, text_of
from pipeline.records import Mo
from tests.heliograph.runs import change, whole_mo

ONE, OTHER = text_of(1, 0), text_of(1, 1)
MIXED = ONE[:SEPTETS] + OTHER[SEPTETS : 2 * SEPTETS] + ONE[2 * SEPTETS :]


def mo(text: str, **fields: Any) -> Mo:
    found: Mo = change(whole_mo("m", parts=PARTS), text=text, **fields)
    return found


def test_a_text_fills_its_parts() -> None:
    assert len(ONE) == PARTS * SEPTETS


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], Tally(0, 0, 0, 0)),
        ([mo(ONE), mo(OTHER)], Tally(2, 0, 0, 0)),
        ([mo(ONE), mo(ONE)], Tally(2, 0, 1, 0)),
        ([mo(ONE[SEPTETS:], complete=False)], Tally(0, 1, 0, 0)),
        ([mo(ONE), mo(ONE[SEPTETS:], complete=False)], Tally(1, 1, 1, 0)),
        ([mo(MIXED)], Tally(0, 0, 0, 1)),
        ([mo(MIXED[SEPTETS:], complete=False)], Tally(0, 0, 0, 1)),
        ([mo(ONE[SEPTETS:])], Tally(0, 0, 0, 1)),  # called whole, and is not
        ([mo(ONE, complete=False)], Tally(0, 0, 0, 1)),  # nor the other way round
        ([mo(ONE[1:], complete=False)], Tally(0, 0, 0, 1)),  # a word was cut
    ],
)
def test_what_came_is_told_apart(found: list[Mo], expected: Tally) -> None:
    assert tally(found) == expected
