"""What events make of a message."""

from typing import Any

import pytest
from hypothesis import given

from pipeline.records import MtEvent
from services.telemetry.heard import FORGOTTEN, Moved
from services.telemetry.view import ENDS, Life, lived, moved, newest, told
from services.tracker.core import MtFact
from services.tracker.states import TERMINAL
from tests.builders import REQUESTED_MS, mt_event
from tests.services.tracker.builders import Told, head, receipt, rejected, routed, submitted
from tests.services.tracker.test_core import histories

LATER_MS = REQUESTED_MS + 86_400_000


def after(*events: dict[str, Any]) -> Life:
    """The life of events that are an ordinary one's but for what is said."""
    return lived(mt_event(**event) for event in events)


ROUTED: dict[str, Any] = {"connector": "fast", "deadline_ms": REQUESTED_MS + 9_000}
ACCEPTED: dict[str, Any] = {
    "event": "segment_accepted",
    "state": "accepted",
    "segment": 1,
    "connector": "fast",
    "submitted_ms": REQUESTED_MS + 30,
    "at_ms": REQUESTED_MS + 40,
}
DELIVERED: dict[str, Any] = {
    **ACCEPTED,
    "event": "receipt",
    "state": "delivered",
    "terminal": True,
    "connector": "other",  # the bearer of a receipt
    "at_ms": REQUESTED_MS + 900,
}
REPEAT: dict[str, Any] = {
    "event": "duplicate",
    "state": "delivered",
    "requested_ms": LATER_MS,
    "at_ms": LATER_MS + 5,
    "tenant": "another",
}
ANEW: dict[str, Any] = {"connector": "slow", "requested_ms": LATER_MS, "at_ms": LATER_MS + 10}
SCHEDULED: dict[str, Any] = {"event": "scheduled", "state": "scheduled"}
WAITING: dict[str, Any] = {"event": "waiting", "state": "waiting", "connector": "slow"}
POSTPONED: dict[str, Any] = {"event": "segment_postponed", "connector": "fast", "segment": 1}
REFUSED: dict[str, Any] = {"event": "rejected", "state": "rejected", "terminal": True}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([ROUTED], {"state": "routed", "terminal": False, "due_ms": REQUESTED_MS}),
        ([ROUTED], {"connector": "fast", "deadline_ms": REQUESTED_MS + 9_000}),
        ([ROUTED, ACCEPTED], {"state": "accepted", "submitted_ms": REQUESTED_MS + 30}),
        (
            [ROUTED, ACCEPTED, DELIVERED],
            {
                "state": "delivered",
                "terminal": True,
                "connector": "fast",
                "deadline_ms": REQUESTED_MS + 9_000,
                "updated_ms": REQUESTED_MS + 900,
            },
        ),
        ([ROUTED, {**ROUTED, "connector": "slow"}], {"connector": "slow"}),
        ([ROUTED, {"event": "way_left", "connector": "x"}, ACCEPTED], {"connector": "fast"}),
        ([DELIVERED], {"state": "delivered", "terminal": True, "connector": "other"}),
        ([{**DELIVERED, "terminal": False}], {"terminal": True}),
        ([SCHEDULED], {"state": "scheduled", "due_ms": REQUESTED_MS}),
        ([SCHEDULED, {"at_ms": LATER_MS}], {"state": "routed", "due_ms": LATER_MS}),
        ([SCHEDULED, {"at_ms": LATER_MS}, ACCEPTED], {"due_ms": LATER_MS}),
        ([WAITING, {"at_ms": LATER_MS, "connector": "fast"}], {"connector": "fast"}),
        ([ROUTED, POSTPONED, {"at_ms": LATER_MS}], {"due_ms": LATER_MS}),
        (
            [ROUTED, ACCEPTED, DELIVERED, REPEAT],
            {"requested_ms": REQUESTED_MS, "tenant": "default", "updated_ms": LATER_MS + 5},
        ),
        ([REPEAT], {"state": "rejected", "terminal": True}),
        ([REPEAT, ROUTED], {"state": "routed", "tenant": "default", "terminal": False}),
        (
            [ROUTED, {**REFUSED, "state": "routed", "terminal": False, "tenant": "x"}],
            {"state": "routed", "tenant": "default"},
        ),
        (
            [ROUTED, ACCEPTED, DELIVERED, ANEW],
            {
                "state": "routed",
                "terminal": False,
                "requested_ms": LATER_MS,
                "due_ms": LATER_MS,
                "submitted_ms": None,
                "deadline_ms": None,
                "connector": "slow",
            },
        ),
        ([ROUTED, ACCEPTED, ANEW], {"submitted_ms": REQUESTED_MS + 30}),  # it had not ended
        ([REFUSED, ROUTED], {"state": "routed", "terminal": False}),
        ([{"recipient": "46701234567"}, {"recipient": None}], {"recipient": "46701234567"}),
        ([{**ROUTED, "test": True}], {"test": True}),
    ],
)
def test_a_row_says_where_a_message_is(
    events: list[dict[str, Any]], expected: dict[str, Any]
) -> None:
    head = after(*events).head
    assert {name: getattr(head, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("events", "is_unsent"),
    [
        ([ROUTED], True),
        ([ROUTED, ACCEPTED], False),
        ([ROUTED, {**ACCEPTED, "event": "segment_unknown"}], False),
        ([REFUSED], False),
        ([SCHEDULED], False),
        ([WAITING], False),
        ([SCHEDULED, ROUTED], True),
        ([ROUTED, POSTPONED], False),
        ([ROUTED, POSTPONED, ROUTED], True),
        ([ROUTED, {"event": "segment_returned", "segment": 1}], True),
        ([ROUTED, ACCEPTED, DELIVERED, ANEW], True),
        ([REPEAT], False),
    ],
)
def test_what_is_due_and_not_sent_is_told_from_what_has_time(
    events: list[dict[str, Any]], is_unsent: bool
) -> None:
    assert after(*events).is_unsent is is_unsent


def test_a_listener_hears_of_another_state_only() -> None:
    begun = change(None, **ROUTED, country="SE")
    kind = ("fast", "transactional", "SE", "normal", False)
    assert begun == Moved(None, "routed", *kind, REQUESTED_MS, REQUESTED_MS + 10)
    assert change(after(ROUTED), event="segment_returned") is None
    sent = change(after(ROUTED), **ACCEPTED)
    assert sent is not None
    assert (sent.before, sent.after, sent.at_ms) == ("routed", "accepted", REQUESTED_MS + 40)


def change(before: Life | None, **event: Any) -> Moved | None:
    one = mt_event(**event)
    return moved(before, one, told(before, one))


def test_what_is_put_off_is_not_due() -> None:
    put_off = change(None, **SCHEDULED)
    again = change(after(SCHEDULED), at_ms=LATER_MS)
    ended = change(after(SCHEDULED), **REFUSED)
    assert put_off is not None
    assert again is not None
    assert ended is not None
    assert (put_off.due_ms, again.due_ms, ended.due_ms) == (None, LATER_MS, None)


@pytest.mark.parametrize(
    ("event", "before"),
    [
        (ROUTED, None),
        (SCHEDULED, None),
        (WAITING, None),
        (REFUSED, None),
        (ACCEPTED, FORGOTTEN),
        (DELIVERED, FORGOTTEN),
        (REPEAT, FORGOTTEN),
        ({**REFUSED, "state": "accepted", "terminal": False}, FORGOTTEN),
    ],
)
def test_what_is_not_known_begins_or_was_forgotten(
    event: dict[str, Any], before: str | None
) -> None:
    told_of = change(None, **event)
    assert told_of is not None
    assert told_of.before == before


def test_an_end_is_what_the_tracker_means_by_it() -> None:
    assert ENDS == TERMINAL


@given(histories())
def test_a_row_stands_where_the_tracker_does(history: tuple[list[MtFact], list[MtFact]]) -> None:
    _, read = history
    tracker = Told(*read)
    row = lived(tracker.events).head
    status = tracker.status
    assert (row.state, row.terminal) == (status.state, status.terminal)
    assert (row.submitted_ms, row.recipient) == (status.submitted_ms, status.head.recipient)
    assert row.requested_ms == status.head.requested_ms


def test_of_an_id_that_is_used_again_the_row_is_the_newer_ones() -> None:
    later = head(requested_ms=head().requested_ms + 86_400_000)
    tracker = Told(receipt(), routed(), submitted(), routed(head=later))
    row = lived(tracker.events).head
    assert (row.state, row.requested_ms) == ("routed", later.requested_ms)
    assert newest(tracker.events) == tracker.events[-1:]
    assert newest(tracker.events[:-1]) == tracker.events[:-1]


def test_a_refusal_of_a_second_request_is_none_of_the_first() -> None:
    other = head(requested_ms=head().requested_ms + 1, tenant="other")
    tracker = Told(routed(), submitted(), rejected("bad_number", "intake", head=other))
    events: list[MtEvent] = tracker.events
    assert events[-1].tenant == "other"
    row = lived(events).head
    assert (row.state, row.tenant, row.terminal) == ("accepted", head().tenant, False)
