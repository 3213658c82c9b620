"""Dead letters for people: which lie where, what is in them, what became of them."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heliograph.saying import plain
from pipeline.burials import Letter, Stays, dead_topics, death_of
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.kafka.letters import Decide, deal, decision, documents, filled, letters
from pipeline.process import catalog, make_codec

EVERYTHING = 1_000_000  # letters of one topic at once


@dataclass(frozen=True, slots=True)
class Pile:
    """The letters of one topic."""

    topic: str
    open: int
    oldest_ms: int
    reasons: dict[str, int]

    def __str__(self) -> str:
        why = ", ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
        return f"{self.topic}: {self.open:,}, the oldest of {_moment(self.oldest_ms)}; {why}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of those that were to be dealt with; `stays` says why it ended before them."""

    topic: str
    replayed: int
    skipped: int
    stays: str | None

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.topic}: {self.replayed:,} go again, {self.skipped:,} skipped"
        if self.stays is not None:
            yield self.stays


def piles(config: Config, *, with_all: bool) -> list[Pile]:
    """A row for each topic that has any; raises BrokerError."""
    names = filled(config.kafka, dead_topics(catalog(config)))
    found = (_pile(config, name, with_all=with_all) for name in names)
    return [pile for pile in found if pile is not None]


def shown(
    config: Config, topic: str, offset: int | None, count: int, *, with_all: bool, is_masked: bool
) -> list[dict[str, Any]]:
    """Letters of a topic as documents, each with what would become of it; HeliographError."""
    _known(config, topic)
    return documents(
        config,
        make_codec(config),
        topic,
        count,
        offset=offset,
        with_all=with_all,
        is_masked=is_masked,
    )


def told(one: dict[str, Any]) -> Iterator[str]:
    """A document for people; key and headers may have lines of their own."""
    return map(plain, _told(one))


def _told(one: dict[str, Any]) -> Iterator[str]:
    was = one["was"]
    yield f"{one['topic']} {one['offset']}, of {_moment(one['at_ms'])}, key {one['key']}"
    yield f"  was {was['topic']}/{was['partition']}/{was['offset']}, {_moment(was['at_ms'])}"
    yield f"  {was['group']} could not read it: {was['reason']}, {was['message']}"
    if "value" in one:
        value = {name: own for name, own in one["value"].items() if own is not None}
        yield f"  is a {one['record']} {json.dumps(value, ensure_ascii=False)}"
    else:
        yield f"  {one['octets']} octets {one.get('hex', '')}".rstrip()
    if one["is_cut"]:
        yield f"  cut; `heliograph dlq show {one['topic']} --offset {one['offset']}` shows it whole"
    yield "  may go again" if one["may_go"] else f"  stays: {one['why_not']}"


def replay(config: Config, topic: str, count: int, *, skips: bool) -> Outcome:
    """Have the first of them go again; raises HeliographError."""
    _known(config, topic)
    return _outcome(config, topic, decision(config, make_codec(config)), count, skips=skips)


def skip(config: Config, topic: str, count: int) -> Outcome:
    """Take the first of them for dealt with; raises HeliographError."""
    _known(config, topic)
    return _outcome(config, topic, lambda _: Stays("skipped"), count, skips=True)


def _outcome(config: Config, topic: str, decide: Decide, count: int, *, skips: bool) -> Outcome:
    dealt = deal(config.kafka, topic, decide, count, skips=skips)
    stays = None
    if dealt.last is not None and not dealt.last.is_over:
        letter, decided, _ = dealt.last
        assert isinstance(decided, Stays)  # or it would be over
        stays = (
            f"{topic} {letter.offset} stays, for {decided.why}; `heliograph dlq show {topic}` "
            f"shows it, `heliograph dlq skip {topic}` skips it"
        )
    return Outcome(topic, dealt.replayed, dealt.skipped, stays)


def _pile(config: Config, topic: str, *, with_all: bool) -> Pile | None:
    reasons, oldest = Counter[str](), list[int]()
    for letter in letters(config.kafka, topic, with_all=with_all):
        reasons[_reason(letter)] += 1
        oldest = oldest or [letter.at_ms]
    return Pile(topic, reasons.total(), oldest[0], dict(reasons.most_common())) if oldest else None


def _reason(letter: Letter) -> str:
    return death_of(letter).reason or "without a reason"


def _known(config: Config, topic: str) -> None:
    known = dead_topics(catalog(config))
    if topic not in known:
        raise HeliographError(f"{topic} is no topic of dead letters; there are {', '.join(known)}")


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
