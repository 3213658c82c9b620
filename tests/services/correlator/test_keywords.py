"""Which keyword a message begins with, and what stands behind it."""

import pytest

from pipeline.numbers import KeywordConfig, NumberConfig
from services.correlator.keywords import Keywords, Said
from tests.services.correlator.builders import HANDSET, NUMBER, Handset, deliver, mos, part

KEYWORDS = Keywords(
    {"12345": NUMBER, "+46765000000": NumberConfig(keywords=(KeywordConfig(word="INFO"),))}
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("VOTE A", Said("VOTE", "A")),
        ("vote a", Said("VOTE", "a")),
        (" Vote \n a  b ", Said("VOTE", "a  b")),
        ("vote: A", Said("VOTE", "A")),
        ("“Vote” A", Said("VOTE", "A")),
        ("VOTE", Said("VOTE", "")),
        ("rösta A", Said("VOTE", "A")),
        ("ro\u0308sta A", Said("VOTE", "A")),
        ("votes", None),
        ("VOTE:A", None),
        ("a vote", None),
        ("", None),
        (" ", None),
        ("...", None),
        ("PAY 5", Said("PAY", "5")),
        ("pay -5", Said("PAY", "-5")),
        ("pay5 now", Said("PAY", "5 now")),
        ("Pay:5Kr", Said("PAY", "5Kr")),
        ("betala5", Said("PAY", "5")),
        ("payback5", Said("PAYBACK", "5")),
        ("paybac", Said("PAY", "bac")),
        ("pa", None),
        ("pay" + "x" * 200, Said("PAY", "x" * 200)),
    ],
)
def test_a_keyword_is_the_first_word_or_how_that_begins(text: str, said: Said | None) -> None:
    assert KEYWORDS.said("12345", text) == said


@pytest.mark.parametrize(
    ("receiver", "text", "keyword"),
    [
        ("+12345", "VOTE A", "VOTE"),
        ("46765000000", "info", "INFO"),
        ("+46765000000", "info", "INFO"),
        ("46765000000", "VOTE A", None),
        ("54321", "VOTE A", None),
    ],
)
def test_each_number_has_its_own(receiver: str, text: str, keyword: str | None) -> None:
    said = KEYWORDS.said(receiver, text)
    assert (said.keyword if said else None) == keyword


def test_a_message_goes_to_all_and_to_the_topic_of_its_keyword() -> None:
    effects = Handset().tell(deliver(short_message=b"Pay 5 kr"))
    (mo,) = mos(effects)
    assert (mo.keyword, mo.rest, mo.words) == ("PAY", "5 kr", ("5", "kr"))
    (own,) = [effect for effect in effects if getattr(effect, "topic", "") == "sms.mo.pay"]
    assert (own.record, getattr(own, "key", "")) == (mo, HANDSET)


def test_without_a_keyword_nothing_else_is_told() -> None:
    effects = Handset().tell(deliver(short_message=b"hello"))
    (mo,) = mos(effects)
    assert (mo.keyword, mo.rest, mo.words, len(effects)) == (None, None, (), 1)


def test_a_partial_message_has_the_keyword_it_begins_with() -> None:
    handset = Handset()
    handset.tell(part(1, 3, b"pay 5 "), part(3, 3, b"now"))
    (mo,) = mos(effects := handset.ring("mo_partial"))
    assert (mo.keyword, mo.rest, mo.complete) == ("PAY", "5 now", False)
    assert [getattr(effect, "topic", "") for effect in effects] == ["sms.mo", "sms.mo.pay"]
