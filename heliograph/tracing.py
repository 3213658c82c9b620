"""The story of one SMS, or of the newest to a number: from the search view, or from the topics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from heliograph import viewing
from heliograph.events import NEWEST_MAX, events_of, ids_to
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import Msisdn
from pipeline.process import make_codec
from pipeline.story import Step, tell
from services.intake.numbers import BadNumber, msisdn
from services.telemetry.reasons import why

NOTHING_LATELY = (
    "no event speaks of a message of that id, and none has gone to that number lately; without "
    "the search view only the last 72 hours are looked through"
)


@dataclass(frozen=True, slots=True)
class Trace:
    """One message: its steps, and a sentence about it."""

    message_id: str
    steps: Sequence[Step]
    why: str

    def lines(self, *, is_brief: bool) -> Iterator[str]:
        """The sentence, or all the steps."""
        if is_brief:
            yield self.why
        else:
            yield from map(str, self.steps)


def traces(config: Config, wanted: str, *, from_topics: bool) -> list[Trace]:
    """One message by its id, or the newest to a number; raises HeliographError for nothing."""
    found = _found(config, wanted, from_topics=from_topics)
    if found is not None:
        return [found]
    number = number_in(wanted)
    if number is None:
        raise HeliographError(f"no event speaks of a message {wanted!r}")
    ids = ids_of(config, number, from_topics=from_topics)
    told = [_found(config, each, from_topics=from_topics) for each in ids]
    if not any(told):
        raise HeliographError(NOTHING_LATELY)
    return [one for one in told if one is not None]


def number_in(wanted: str) -> Msisdn | None:
    """The number that is written, if it can be one."""
    number = msisdn(wanted, None)
    return None if isinstance(number, BadNumber) else number


def ids_of(config: Config, number: Msisdn, *, from_topics: bool = False) -> Sequence[str]:
    """The newest messages to a number, the newest first."""
    answer = None if from_topics else viewing.messages_to(config, number, NEWEST_MAX)
    heads = (answer or {}).get("messages")
    if isinstance(heads, list) and heads:
        return [str(head["message_id"]) for head in heads]
    return ids_to(number, config, make_codec(config))


def _found(config: Config, message_id: str, *, from_topics: bool) -> Trace | None:
    seen = None if from_topics else _seen(config, message_id)
    return seen or _read(config, message_id)


def _read(config: Config, message_id: str) -> Trace | None:
    events = list(events_of(message_id, config, make_codec(config)))
    return Trace(message_id, tell(events), why(events)) if events else None


def _seen(config: Config, message_id: str) -> Trace | None:
    answer = viewing.message(config, message_id)
    try:
        return None if answer is None else _of(message_id, answer)
    except (KeyError, TypeError, ValueError):  # of another version
        return None


def _of(message_id: str, answer: dict[str, Any]) -> Trace:
    steps = [Step(int(s["at_ms"]), int(s["after_ms"]), str(s["text"])) for s in answer["steps"]]
    return Trace(message_id, steps, str(answer["why"]))
