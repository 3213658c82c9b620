"""How votes stand: the sum of what each partition has counted, from `sms.vote.tally`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.kafka.reader import read_to_end
from pipeline.numbers import VoteConfig
from pipeline.records import VoteTally

NOT_COUNTED = {
    "repeated": "repeated",
    "early": "early",
    "late": "late",
    "no_option": "without an option",
}


@dataclass(slots=True)
class Standing:
    """One vote, or what came for it over sandboxes."""

    counts: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, tally: VoteTally) -> None:
        """Count what one partition has counted."""
        self.counts.update(tally.counts)
        self.others.update({result: getattr(tally, result) for result in NOT_COUNTED})


Standings = dict[tuple[str, bool], Standing]
"""By name of the vote, and whether it is what came over sandboxes."""


def tallies(config: Config, codec: Codec) -> list[VoteTally]:
    """The newest of every partition and vote. Raises BrokerError."""
    newest = {}
    for message in read_to_end(config.kafka, [topics.VOTE_TALLY]):
        newest[message.key()] = codec.decode(message.value(), VoteTally)
    return list(newest.values())


def standings(config: Config, rows: Iterable[VoteTally], name: str | None = None) -> Standings:
    """Every vote that is configured or was ever counted, or the one of that name, by name.

    Raises HeliographError for none.
    """
    found: Standings = {(vote, False): Standing() for vote in _votes(config)}
    for row in rows:
        found.setdefault((row.vote, row.test), Standing()).add(row)
    names = sorted({vote for vote, _ in found})
    if name is not None and name not in names:
        known = ", ".join(names) or "none"
        raise HeliographError(f"there is no vote {name!r}; there are: {known}")
    return {place: own for place, own in sorted(found.items()) if name in (None, place[0])}


def told(config: Config, found: Standings, now_ms: int) -> Iterator[str]:
    """Lines that say how votes stand."""
    votes = _votes(config)
    for (vote, is_test), standing in found.items():
        yield f"{vote}{', over sandboxes' * is_test}: {_when(votes.get(vote), now_ms)}"
        yield from _counts(votes.get(vote), standing)


def documents(config: Config, found: Standings) -> list[dict[str, Any]]:
    """The same for scripts."""
    votes = _votes(config)
    return [
        {
            "vote": name,
            "test": is_test,
            "opens_ms": own.opens_ms if (own := votes.get(name)) else None,
            "closes_ms": own.closes_ms if own else None,
            "counts": dict.fromkeys(own.options if own else (), 0) | standing.counts,
            "not_counted": {result: standing.others[result] for result in NOT_COUNTED},
        }
        for (name, is_test), standing in found.items()
    ]


def _counts(vote: VoteConfig | None, standing: Standing) -> Iterator[str]:
    options = {*standing.counts, *(vote.options if vote else ())}
    width = max(map(len, options), default=0)
    total = standing.counts.total()
    for option in sorted(options, key=lambda option: (-standing.counts[option], option)):
        count = standing.counts[option]
        yield f"  {option:{width}}  {count:>9,}  {100 * count / max(1, total):5.1f} %"
    others = (f"{standing.others[result]:,} {words}" for result, words in NOT_COUNTED.items())
    yield f"  {total:,} counted; not counted: {', '.join(others)}"


def _when(vote: VoteConfig | None, now_ms: int) -> str:
    if vote is None:
        return "configured no more"
    if now_ms < vote.opens_ms:
        return f"opens at {vote.opens.isoformat()}"
    if now_ms < vote.closes_ms:
        return f"open until {vote.closes.isoformat()}"
    return f"closed at {vote.closes.isoformat()}"


def _votes(config: Config) -> Mapping[str, VoteConfig]:
    return {vote.name: vote for number in config.numbers.values() for vote in number.votes}
