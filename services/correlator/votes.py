"""Votes: what becomes of one, and the tally; pure.

Theory. That a number has voted stands in its own state, so it is the handset's key that keeps "one
per number". What is counted over numbers is counted by partition, in its shared entries, and said
anew with each vote: the tally is the sum over the partitions, exact at once (ADR 0009). What comes
over a sandbox is counted apart.

    voted|<vote>  of a handset: that it has, until 7 days after the vote closed
    tally|<vote>  of a partition: its counts, until 30 days after

No tally is told after those 7 days: what is published is the result for good.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Entries, KeyEntries, Publish
from pipeline.numbers import NumberConfig, VoteConfig, bare, digits_of
from pipeline.records import Mo, VoteTally

Result = Literal["counted", "repeated", "early", "late", "no_option"]

VOTED_LIFE_S = 7 * 86400  # after the vote has closed
TALLY_LIFE_S = 30 * 86400


class Voted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last vote of a number that was counted."""

    mo_id: str


class Tally(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a vote stands in one partition."""

    counts: dict[str, int] = {}
    repeated: int = 0
    early: int = 0
    late: int = 0
    no_option: int = 0
    at_ms: int = 0


class _Vote(NamedTuple):
    config: VoteConfig
    options: dict[str, str]  # bare word: option


class Votes:
    """Those of all numbers."""

    def __init__(self, numbers: Mapping[str, NumberConfig]) -> None:
        self._of: dict[tuple[str, str], list[_Vote]] = {}  # by number and keyword, in order
        for name, number in numbers.items():
            for vote in sorted(number.votes, key=lambda vote: vote.opens):
                place = digits_of(name), vote.keyword.upper()
                self._of.setdefault(place, []).append(_Vote(vote, _options(vote)))

    def cast(self, state: KeyEntries, mo: Mo, now_ms: int) -> tuple[Mo, list[Publish]]:
        """`mo`, which has its keyword, with what becomes of it as a vote; and the tally."""
        votes = self._of.get((digits_of(mo.receiver), mo.keyword or ""))
        if not votes or not mo.complete:
            return mo, []
        vote = _in_question(votes, mo.received_ms)
        option = _option(vote, mo)
        name = f"{vote.config.name}/test" if mo.test else vote.config.name
        result = _result(state, vote.config, name, option, mo)
        after_s = (vote.config.closes_ms - now_ms) // 1000
        if result == "counted":
            state.put(f"voted|{name}", Voted(mo.mo_id), max(1, after_s + VOTED_LIFE_S))
        mo = replace(mo, vote=vote.config.name, option=option, vote_result=result)
        if after_s + VOTED_LIFE_S <= 0:
            return mo, []
        tally = _counted(state.shared.get(f"tally|{name}", Tally) or Tally(), result, mo)
        state.shared.put(f"tally|{name}", tally, after_s + TALLY_LIFE_S)
        return mo, [_told(vote.config.name, state.partition, tally, is_test=mo.test)]


def _options(vote: VoteConfig) -> dict[str, str]:
    return {
        bare(word): option for option, others in vote.options.items() for word in (option, *others)
    }


def _in_question(votes: list[_Vote], at_ms: int) -> _Vote:
    """The one that is open, else the one that closed last, else the one that opens first."""
    begun = [vote for vote in votes if vote.config.opens_ms <= at_ms]
    return begun[-1] if begun else votes[0]


def _option(vote: _Vote, mo: Mo) -> str | None:
    """By all that is behind the keyword, or else by its first word."""
    whole = vote.options.get(bare(mo.rest or ""))
    return whole or (vote.options.get(bare(mo.words[0])) if mo.words else None)


def _result(state: Entries, vote: VoteConfig, name: str, option: str | None, mo: Mo) -> Result:
    if mo.received_ms < vote.opens_ms:
        return "early"
    if mo.received_ms >= vote.closes_ms:
        return "late"
    if option is None:
        return "no_option"
    voted = state.get(f"voted|{name}", Voted)
    if voted is not None and (vote.per_number == "one" or voted.mo_id == mo.mo_id):
        return "repeated"
    return "counted"


def _counted(tally: Tally, result: Result, mo: Mo) -> Tally:
    at_ms = max(tally.at_ms, mo.received_ms)
    if result == "counted":
        assert mo.option is not None
        counts = {**tally.counts, mo.option: tally.counts.get(mo.option, 0) + 1}
        return replace(tally, counts=counts, at_ms=at_ms)
    return replace(tally, **{result: getattr(tally, result) + 1}, at_ms=at_ms)


def _told(name: str, partition: int, tally: Tally, *, is_test: bool) -> Publish:
    row = VoteTally(
        vote=name,
        partition=partition,
        counts=tally.counts,
        repeated=tally.repeated,
        early=tally.early,
        late=tally.late,
        no_option=tally.no_option,
        at_ms=tally.at_ms,
        test=is_test,
    )
    key = f"{name}/{partition}/test" if is_test else f"{name}/{partition}"
    return Publish(topics.VOTE_TALLY, key, row)
