"""Who answers what: rows in order, conversations in turns, all by the seeded dice."""

from collections import Counter
from random import Random

import pytest

from pipeline.errors import ConfigError
from services.sandbox import scenario
from services.sandbox.scripts import Scripts

VOTES = """
subscribers:
  - {hears: "vote", share: 0.4, says: ["VOTE A", "VOTE B"]}
"""
TALK = """
subscribers:
  - {prefix: "46", hears: "your name", says: [Ada], then: named}
  - {prefix: "46", when: named, hears: "right\\\\?$", says: ["YES"]}
  - {prefix: "46", hears: "stop", says: [STOP]}
"""


def scripts(text: str, seed: int = 1) -> Scripts:
    return Scripts(scenario.parse(text, "mine").subscribers, Random(seed))


def says(own: Scripts, number: str, text: str) -> str | None:
    line = own.answer(number, text, 0)
    return line and line.text


def test_a_share_of_all_votes_for_one_or_the_other() -> None:
    own = scripts(VOTES)
    votes = Counter(says(own, f"4670{n:04}", "Please VOTE now") for n in range(5000))
    assert 1900 <= votes["VOTE A"] + votes["VOTE B"] <= 2100
    assert 900 <= votes["VOTE A"] <= 1100


def test_a_conversation_goes_on_where_it_stands() -> None:
    own = scripts(TALK)
    assert says(own, "461", "Ada, right?") is None
    assert says(own, "461", "What is your name?") == "Ada"
    assert says(own, "462", "Ada, right?") is None
    assert says(own, "461", "Is that right?") == "YES"
    assert says(own, "461", "Is that right?") is None
    assert says(own, "471", "What is your name?") is None
    assert says(own, "461", "Send STOP to end") == "STOP"


def test_the_same_seed_says_the_same() -> None:
    def talk(seed: int) -> list[object]:
        own = scripts(VOTES, seed)
        return [own.answer(str(n), "vote", 0) for n in range(50)]

    assert talk(3) == talk(3) != talk(4)


def test_nobody_listens_where_nothing_is_scripted() -> None:
    assert not scripts("")


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        scripts('subscribers: [{hears: "(", says: [x]}]')
    assert "subscribers.0.hears: '(' is no pattern" in error.value.faults[0]
