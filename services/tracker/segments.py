"""What one segment becomes by a fact, pure."""

from typing import Any

from msgspec.structs import replace

from pipeline.records import SegmentStatus
from services.tracker.facts import Fact, Source
from services.tracker.states import (
    ACCEPTED,
    BY_OUTCOME,
    BY_RECEIPT,
    BY_SILENCE,
    ROUTED,
    SUBMITTED,
    TERMINAL,
    moved,
)

_TABLES = {
    Source.OUTCOME: BY_OUTCOME,
    Source.RECEIPT: BY_RECEIPT,
    Source.TIMER: BY_SILENCE,
}


def after(state: str, fact: Fact) -> str:
    """What a segment in this state is after `fact`."""
    return state if fact.told is None else moved(state, fact.told, _TABLES[fact.source])


def fresh(fact: Fact) -> tuple[SegmentStatus, ...]:
    """Segments of which nothing is known but where they went."""
    if fact.connector is None:
        return ()
    total = max(fact.segments or 0, fact.segment or 0)
    return tuple(
        SegmentStatus(segment=number, state=ROUTED, connector=fact.connector, attempts=0)
        for number in range(1, total + 1)
    )


def merged(segment: SegmentStatus, fact: Fact) -> SegmentStatus:
    """A segment after a fact about it."""
    changed: dict[str, Any] = {}
    written = (fact.attempt, fact.submitted_ms or 0, fact.smsc_message_id or "")
    known = (segment.attempts, segment.submitted_ms or 0, segment.smsc_message_id or "")
    if fact.source is not Source.TIMER and written > known:
        assert fact.connector is not None
        changed |= {
            "connector": segment.connector if fact.source is Source.RECEIPT else fact.connector,
            "attempts": fact.attempt,
            "submitted_ms": fact.submitted_ms or segment.submitted_ms,
            "smsc_message_id": fact.smsc_message_id or segment.smsc_message_id,
        }
    if fact.source is Source.RECEIPT:
        changed["receipt_ms"] = max(segment.receipt_ms or 0, fact.at_ms)
    elif fact.source is Source.OUTCOME and fact.told in (ACCEPTED, SUBMITTED):
        changed["accepted_ms"] = max(segment.accepted_ms or 0, fact.at_ms)
    state = after(segment.state, fact)
    if state != segment.state:
        changed |= {"state": state, "reason": fact.reason}
        if state in TERMINAL:
            changed["final_ms"] = fact.at_ms
    elif state == fact.told == ROUTED:  # returned: it waits for another connector
        changed["reason"] = fact.reason
    return replace(segment, **changed) if changed else segment
