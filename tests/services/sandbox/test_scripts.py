"""Who answers what: rows in order, conversations in turns, all by the seeded dice."""

import json
import re
from collections import Counter
from random import Random

import pytest

from pipeline.errors import ConfigError
from services.sandbox import scenario
from services.sandbox.mo import MoOrder
from services.sandbox.scripts import Scripts
from tests.services.sandbox.loopback import bound, sandbox

TWO = {"account": "two"}
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


WRITERS = """
unprompted:
  - {every_ms: {min: 1, max: 2}, prefix: "4670", to: "12345", says: [JOIN, HELP], account: two}
"""


async def test_some_write_first_and_go_on_until_the_scenario_changes() -> None:
    async with sandbox(WRITERS) as own, bound(own, system_id="two") as handset:
        came = await handset.receive(20)
        assert {pdu.short_message for pdu in came} == {b"JOIN", b"HELP"}
        assert {pdu.destination_addr for pdu in came} == {"12345"}
        numbers = {pdu.source_addr for pdu in came}
        assert len(numbers) > 10
        assert all(re.fullmatch(r"4670\d{7}", number) for number in numbers)
        own.change(scenario.parse("", "quiet"))
        before = own.subscribers.sent
        own.subscribers.send(MoOrder.model_validate({"from": "1", "to": "2", "text": "END"} | TWO))
        await handset.until(lambda: handset.came[-1].short_message == b"END")
        assert own.subscribers.sent == before + 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"every_ms": {"min": 0, "max": 5}}, "unprompted.0.every_ms: min must be at least 1"),
        ({"prefix": "+46"}, "unprompted.0.prefix"),
        ({"says": []}, "unprompted.0.says"),
    ],
)
def test_a_writer_that_cannot_be_is_refused(row: dict[str, object], words: str) -> None:
    rows = [{"to": "12345", "says": ["x"]} | row]
    with pytest.raises(ConfigError) as error:
        scenario.parse(json.dumps({"unprompted": rows}), "mine")
    assert words in error.value.faults[0]


async def test_a_writer_to_an_account_that_is_not_there_is_refused() -> None:
    text = 'unprompted: [{to: "1", says: [x], account: nobody}]'
    with pytest.raises(ConfigError, match=r"unprompted\.0\.account: there is no 'nobody'"):
        async with sandbox(text):
            pass
