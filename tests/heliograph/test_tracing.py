"""The story of one SMS from the search view, where that knows it, and else from the topics."""

from typing import Any

import pytest

from heliograph import tracing, viewing
from heliograph.tracing import Trace, traces
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import MessageId
from pipeline.records import MtEvent
from pipeline.story import Step, tell
from tests.builders import REQUESTED_MS, mt_event

CONFIG = Config()
NUMBER = "46701234567"
SEEN: dict[str, Any] = {
    "steps": [{"at_ms": REQUESTED_MS, "after_ms": 0, "text": "requested by default"}],
    "why": "It was delivered.",
}
OF_VIEW = Trace("m1", [Step(REQUESTED_MS, 0, "requested by default")], "It was delivered.")
EVENT = mt_event(connector="slow", segments=1, rule="rest")
OF_TOPICS = Trace("m1", tell([EVENT]), "It waits to be written to the carrier slow.")


class World:
    """What the view answers by id and by number, and what the topics have."""

    def __init__(self) -> None:
        self.view: dict[str, Any] = {}
        self.heads: dict[str, Any] | None = None
        self.events: dict[str, list[MtEvent]] = {"m1": [EVENT]}
        self.ids: list[MessageId] = []


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    own = World()
    monkeypatch.setattr(viewing, "message", lambda _, name: own.view.get(name))
    monkeypatch.setattr(viewing, "messages_to", lambda *_: own.heads)
    monkeypatch.setattr(tracing, "events_of", lambda name, *_: own.events.get(name, []))
    monkeypatch.setattr(tracing, "ids_to", lambda *_: own.ids)
    return own


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (SEEN, OF_VIEW),
        (None, OF_TOPICS),
        ({}, OF_TOPICS),
        ({**SEEN, "steps": None}, OF_TOPICS),
        ({**SEEN, "steps": [{"at_ms": "then"}]}, OF_TOPICS),
        ({**SEEN, "steps": [{"at_ms": "then", "after_ms": 0, "text": ""}]}, OF_TOPICS),
    ],
)
def test_the_view_is_asked_first_and_the_topics_where_it_can_not_say(
    world: World, answer: Any, told: Trace
) -> None:
    world.view = {"m1": answer}
    assert traces(CONFIG, "m1", from_topics=False) == [told]
    assert traces(CONFIG, "m1", from_topics=True) == [OF_TOPICS]


def test_of_a_number_its_newest_are_told(world: World) -> None:
    world.events["m2"] = [mt_event("m2")]
    world.ids = [MessageId("m2"), MessageId("m1"), MessageId("gone")]
    found = traces(CONFIG, f"+{NUMBER}", from_topics=False)
    assert [one.message_id for one in found] == ["m2", "m1"]
    world.heads = {"messages": [{"message_id": "m1"}]}
    assert traces(CONFIG, NUMBER, from_topics=False) == [OF_TOPICS]
    world.heads = {"messages": []}
    assert len(traces(CONFIG, NUMBER, from_topics=False)) == 2


def test_an_id_that_looks_like_a_number_is_an_id_first(world: World) -> None:
    world.events[NUMBER] = [mt_event(NUMBER)]
    world.ids = [MessageId("m1")]
    assert [one.message_id for one in traces(CONFIG, NUMBER, from_topics=False)] == [NUMBER]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("nobody", "no event speaks of a message 'nobody'"), (NUMBER, "the last 72 hours")],
)
def test_what_nobody_knows_is_told(world: World, wanted: str, words: str) -> None:
    with pytest.raises(HeliographError, match=words):
        traces(CONFIG, wanted, from_topics=False)


def test_it_is_told_in_steps_or_in_one_sentence() -> None:
    assert list(OF_TOPICS.lines(is_brief=True)) == [OF_TOPICS.why]
    assert list(OF_TOPICS.lines(is_brief=False)) == [str(step) for step in OF_TOPICS.steps]
