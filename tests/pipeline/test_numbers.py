"""Our own numbers as they are written, and what is wrong with them, a sentence each."""

from pathlib import Path

import pytest

from pipeline.config import Config, load
from pipeline.errors import ConfigError
from pipeline.numbers import bare, keywords
from pipeline.process import catalog

VOTE = """{name: contest, keyword: VOTE, opens: 2026-12-01T20:00:00+01:00,
        closes: 2026-12-01T22:00:00+01:00, options: {A: [ANNA], B: []}}"""
WHOLE = f"""
numbers:
  "12345":
    keywords: [info, {{word: VOTE, match: prefix, aliases: [RÖSTA]}}]
    help_words: [HJÄLP]
    replies: {{stop: You get no more.}}
    votes:
      - {VOTE}
"""
TENANTS = 'tenants: {default: {senders: [ACME, "12345"]}}\n'


def read(folder: Path, text: str, tenants: str = TENANTS) -> Config:
    path = folder / "heliograph.yaml"
    path.write_text(tenants + text, encoding="utf-8")
    return load(path)


def test_a_number_as_it_is_written(tmp_path: Path) -> None:
    config = read(tmp_path, WHOLE)
    number = config.numbers["12345"]
    assert [(k.word, k.match, k.words) for k in number.keywords] == [
        ("INFO", "exact", ("info",)),
        ("VOTE", "prefix", ("vote", "rösta")),
    ]
    (vote,) = number.votes
    assert (vote.opens_ms, vote.closes_ms) == (1_796_151_600_000, 1_796_158_800_000)
    assert vote.per_number == "one"
    shown = config.model_dump(mode="json")["numbers"]["12345"]["votes"][0]
    assert shown["opens"] == "2026-12-01T20:00:00+01:00"
    assert keywords(config.numbers) == {"INFO", "VOTE"}
    names = {topic.name for topic in catalog(config)}
    assert {"sms.mo.vote", "sms.mo.info"} <= names


@pytest.mark.parametrize(
    ("one", "other"),
    [("VOTE", "vote"), ("Rösta", "RO\u0308STA"), ("“stop!”", "STOP"), ("Straße", "STRASSE")],
)
def test_two_writings_of_one_word(one: str, other: str) -> None:
    assert bare(one) == bare(other)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"12345"', "12345", "YAML reads this as 12345; write it in quotes"),
        ('"12345"', '"ACME"', "numbers.ACME"),
        ("[info,", "[INFO, info,", "numbers.12345: keywords: 'info' stands there twice"),
        ("[info,", "[rösta,", "'rösta' can't name a topic; write letters a to z, digits and -"),
        ("[info,", "[RÖSTA,", "and other writings as aliases"),
        ("[info,", '["two words",', "'two words' is several words; write one"),
        ("[info,", '["",', "'' is no word; write up to 40 characters"),
        ("[info,", '["?!",', "'?!' is no word"),
        ("[info,", "[{word: ON},", "YAML reads this as True; write it in quotes"),
        ("aliases: [RÖSTA]", "aliases: [INFO]", "keywords: 'info' stands there twice"),
        ("match: prefix", "match: regex", "match: Input should be 'exact' or 'prefix'"),
        ("[HJÄLP]", "[NO]", "YAML reads this as False; write it in quotes"),
        ("{stop:", "{pause:", "replies.pause: there is no such setting"),
        ("keyword: VOTE", "keyword: SONG", "contest: keyword: is none of `keywords` (INFO, VOTE)"),
        ("T20:00:00+01:00", "T20:00:00", "opens: has no time zone; write one such as 2026-12-01T"),
        ("2026-12-01T20:00:00+01:00", "20:00", "opens: is no moment; write one such as"),
        ("T22:00", "T20:00", "closes: is not after opens"),
        ("B: []", "B: [anna]", "options: 'anna' stands there twice; write it once"),
        ("B: []", "ON: []", "YAML reads this as True; write it in quotes"),
        ("B: []", "1: []", "YAML reads this as 1; write it in quotes"),
        ("{A: [ANNA], B: []}", "{}", "options: Dictionary should have at least 1 item"),
        ("name: contest", "name: The Contest", "name: String should match pattern"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, before: str, after: str, words: str) -> None:
    assert before in WHOLE
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, WHOLE.replace(before, after))
    assert words in str(caught.value)


SECOND = VOTE.replace("contest", "encore").replace("A: [ANNA]", "C: []")
TWIN = f"""  "54321": {{keywords: [VOTE], votes: [{VOTE}]}}"""


@pytest.mark.parametrize(
    ("more", "tenants", "words"),
    [
        (TWIN, TENANTS, "'contest' is the name of two votes; call one of them other"),
        (f"      - {SECOND}", TENANTS, "contest and encore are open at once under one keyword"),
        ('  "+12345": {}', TENANTS, "numbers.12345: stands there twice, with + and without"),
        ('  "54321": {tenant: acme}', TENANTS, "there is no tenant 'acme' (default)"),
        ("", "", "tenant default may not send from 12345; add it to tenants.default.senders"),
    ],
)
def test_what_does_not_fit_together_is_told(
    tmp_path: Path, more: str, tenants: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, WHOLE + more, tenants)
    assert words in str(caught.value)


def test_one_vote_may_follow_another(tmp_path: Path) -> None:
    later = SECOND.replace("T20", "T18").replace("T22", "T20")
    assert len(read(tmp_path, WHOLE + f"      - {later}").numbers["12345"].votes) == 2
