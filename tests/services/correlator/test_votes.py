"""Votes: each number once, by the clock, in a tally that is the sum over the partitions."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Effect
from pipeline.ids import Msisdn
from pipeline.records import Mo, VoteTally
from tests.entries import MemoryEntries
from tests.services.correlator.builders import (
    DAY_MS,
    HANDSET,
    NOW_MS,
    NUMBER,
    TEST,
    Handset,
    deliver,
    mos,
    part,
    published,
)

CONTEST, ENCORE = NUMBER.votes
HOUR_MS = 3_600_000


def vote(octets: bytes = b"VOTE A", at_ms: int = NOW_MS, **changed: object) -> list[Effect]:
    return Handset().tell(deliver(short_message=octets, received_ms=at_ms, **changed))


def tallies(effects: list[Effect]) -> list[VoteTally]:
    records = [effect.record for effect in published(effects, "sms.vote.tally")]
    return [record for record in records if isinstance(record, VoteTally)]


def said(effects: list[Effect]) -> tuple[str | None, str | None, str | None]:
    (mo,) = mos(effects)
    return mo.vote, mo.option, mo.vote_result


@pytest.mark.parametrize(
    ("octets", "option", "result"),
    [
        (b"VOTE A", "A", "counted"),
        (b"vote b!", "B", "counted"),
        (b"vote: a thank you", "A", "counted"),
        (b"vote anna", "A", "counted"),
        (b"vote anna EK.", "A", "counted"),
        (b"VOTE C", None, "no_option"),
        (b"VOTE", None, "no_option"),
        (b"VOTE for A", None, "no_option"),
    ],
)
def test_an_option_is_what_follows_by_any_of_its_names(
    octets: bytes, option: str | None, result: str
) -> None:
    effects = vote(octets)
    assert said(effects) == ("contest", option, result)
    (tally,) = tallies(effects)
    assert tally.counts == ({option: 1} if option else {})
    assert tally.no_option == (result == "no_option")


@pytest.mark.parametrize(
    ("at_ms", "name", "result"),
    [
        (CONTEST.opens_ms - 1, "contest", "early"),
        (CONTEST.opens_ms, "contest", "counted"),
        (CONTEST.closes_ms - 1, "contest", "counted"),
        (CONTEST.closes_ms, "contest", "late"),
        (ENCORE.opens_ms - 1, "contest", "late"),
        (ENCORE.opens_ms, "encore", "counted"),
        (ENCORE.closes_ms + DAY_MS, "encore", "late"),
    ],
)
def test_it_counts_while_the_vote_is_open(at_ms: int, name: str, result: str) -> None:
    effects = vote(at_ms=at_ms)
    assert said(effects) == (name, "A", result)
    (tally,) = tallies(effects)
    assert (tally.vote, sum(tally.counts.values())) == (name, int(result == "counted"))
    assert (tally.early, tally.late) == (int(result == "early"), int(result == "late"))
    assert tally.at_ms == at_ms


@pytest.mark.parametrize(
    ("octets", "changed"),
    [(b"PAY A", {}), (b"A", {}), (b"VOTE A", {"destination_addr": "54321"})],
)
def test_what_has_not_its_keyword_is_no_vote(octets: bytes, changed: dict[str, object]) -> None:
    effects = vote(octets, **changed)
    assert said(effects) == (None, None, None)
    assert tallies(effects) == []


def test_of_a_message_with_parts_missing_nobody_knows_what_it_says() -> None:
    handset = Handset()
    handset.tell(part(1, 2, b"VOTE A"))
    effects = handset.ring("mo_partial")
    assert said(effects) == (None, None, None)
    assert tallies(effects) == []


def test_a_number_votes_once_where_it_may_once() -> None:
    handset = Handset()
    facts = [deliver(short_message=octets) for octets in (b"VOTE A", b"VOTE B", b"VOTE X")]
    told = [handset.tell(fact, after_ms=1000) for fact in facts]
    assert [said(effects)[2] for effects in told] == ["counted", "repeated", "no_option"]
    (tally,) = tallies(told[-1])
    assert (tally.counts, tally.repeated, tally.no_option) == ({"A": 1}, 1, 1)


def test_it_votes_often_where_it_may_but_one_message_is_one_vote() -> None:
    handset = Handset()
    handset.state.now_ms = ENCORE.opens_ms
    times = [ENCORE.opens_ms, ENCORE.opens_ms, ENCORE.opens_ms + 1]
    told = [handset.tell(deliver(short_message=b"VOTE A", received_ms=at)) for at in times]
    assert [said(effects)[2] for effects in told] == ["counted", "repeated", "counted"]
    assert tallies(told[-1])[0].counts == {"A": 2}


def test_a_number_is_known_to_have_voted_until_the_end() -> None:
    handset = Handset()
    handset.tell(deliver(short_message=b"VOTE A"))
    end = deliver(short_message=b"VOTE B", received_ms=CONTEST.closes_ms - 1)
    behind_ms = CONTEST.closes_ms + 6 * DAY_MS - NOW_MS  # the correlator was down that long
    assert said(handset.tell(end, after_ms=behind_ms))[2] == "repeated"


def test_the_result_is_told_no_more_once_its_counts_may_be_gone() -> None:
    handset = Handset()
    handset.tell(deliver(short_message=b"VOTE A"))
    after_ms = CONTEST.closes_ms + 7 * DAY_MS - NOW_MS
    (tally,) = tallies(handset.tell(deliver(short_message=b"VOTE B"), after_ms=after_ms - 1000))
    assert tally.counts == {"A": 1}
    late = deliver(short_message=b"VOTE B", received_ms=CONTEST.closes_ms)
    effects = handset.tell(late, after_ms=1000)
    assert said(effects)[2] == "late"
    assert tallies(effects) == []


def test_what_comes_over_a_sandbox_is_counted_apart() -> None:
    handset = Handset()
    told = handset.tell(deliver(short_message=b"VOTE A", connector=TEST))
    told += handset.tell(deliver(short_message=b"VOTE B"))
    assert [mo.vote_result for mo in mos(told)] == ["counted", "counted"]
    assert [(t.test, t.counts) for t in tallies(told)] == [(True, {"A": 1}), (False, {"B": 1})]
    keys = [effect.key for effect in published(told, "sms.vote.tally")]
    assert keys == ["contest/0/test", "contest/0"]


# --- laws -------------------------------------------------------------------------------------

CASTS = st.lists(
    st.tuples(
        st.integers(0, 9),  # which number
        st.sampled_from([b"VOTE A", b"rosta b", b"vote b", b"VOTE nobody", b"vote anna ek"]),
        st.integers(CONTEST.opens_ms - HOUR_MS, CONTEST.closes_ms + HOUR_MS),
    ),
    max_size=30,
)


@given(CASTS)
def test_the_sum_over_partitions_is_what_was_counted_and_each_number_is_at_most_once(
    casts: list[tuple[int, bytes, int]],
) -> None:
    partitions = [MemoryEntries() for _ in range(3)]
    for number, entries in enumerate(partitions):
        entries.partition, entries.now_ms = number, NOW_MS
    handsets: dict[int, Handset] = {}
    newest: dict[str, VoteTally] = {}
    told: list[Mo] = []
    for number, octets, at_ms in casts:
        handset = handsets.setdefault(number, Handset())
        entries = partitions[number % 3]
        handset.state.partition, handset.state.shared = number % 3, entries
        phone = Msisdn(f"4670123456{number}")
        effects = handset.tell(deliver(short_message=octets, received_ms=at_ms, handset=phone))
        newest |= {
            effect.key: effect.record
            for effect in published(effects, "sms.vote.tally")
            if isinstance(effect.record, VoteTally)
        }
        found = [e.record for e in published(effects, "sms.mo")]
        told += [record for record in found if isinstance(record, Mo)]
    counted = [mo for mo in told if mo.vote_result == "counted"]
    summed: Counter[str] = Counter()
    for tally in newest.values():
        summed.update(tally.counts)
    assert summed == Counter(mo.option for mo in counted)
    assert len({mo.sender for mo in counted}) == len(counted)
    for result in ("repeated", "early", "late", "no_option"):
        of_result = sum(mo.vote_result == result for mo in told)
        assert sum(getattr(tally, result) for tally in newest.values()) == of_result
    in_time = {
        mo.sender
        for mo in told
        if mo.option and CONTEST.opens_ms <= mo.received_ms < CONTEST.closes_ms
    }
    assert {mo.sender for mo in counted} == in_time
    assert all(key == f"contest/{tally.partition}" for key, tally in newest.items())


def test_the_state_names_no_text() -> None:
    handset = Handset()
    handset.tell(deliver(short_message=b"VOTE A SECRET"))
    kept = b"".join(octets for octets, _ in handset.state.octets.values())
    assert handset.state.key == HANDSET
    assert b"SECRET" not in kept
