"""What a story becomes by a fact, pure: merged, whatever the order of the facts."""

from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline.records import MtHead, MtStatus, SegmentStatus
from services.tracker.facts import REPEATS, RETURNED, Fact, Source
from services.tracker.states import (
    BY_OUTCOME,
    BY_RECEIPT,
    REJECTED,
    ROUTED,
    SCHEDULED,
    TERMINAL,
    UNKNOWN,
    WAITING,
    aggregate,
    moved,
)


class Story(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message, and what a repeated fact is known by: the ids of its `events`.

    `hop` is the newest one heard of, `head_from` who told the head; a message refused at intake was
    not admitted. Of that hop the `returned` segments were never written and wait for another way.
    """

    status: MtStatus | None = None
    events: tuple[bytes, ...] = ()
    hop: int = -1
    head_from: int = Source.TIMER
    is_admitted: bool = True
    returned: tuple[int, ...] = ()


def is_no_news(story: Story, fact: Fact) -> bool:
    """A receipt, or the lack of one, for a segment that has ended already."""
    if fact.source > Source.RECEIPT:
        return False
    segment = segment_of(story.status, fact)
    if segment is None:
        return fact.source is Source.TIMER
    if segment.state not in TERMINAL:
        return False
    return fact.told is None or moved(segment.state, fact.told, BY_RECEIPT) == segment.state


def segment_of(status: MtStatus | None, fact: Fact) -> SegmentStatus | None:
    """The segment `fact` speaks of, as far as it is known."""
    if status is None or fact.segment is None or fact.segment > len(status.segments):
        return None
    return status.segments[fact.segment - 1]


def starts_over(story: Story, fact: Fact, head: MtHead) -> bool:
    """Whether a message was admitted under an id whose story is over, or never began."""
    status = story.status
    if status is None or fact.event in REPEATS or fact.is_refused_at_intake:
        return False
    if not story.is_admitted:
        return True
    if fact.source is not Source.ROUTER:
        return False
    is_later = head.requested_ms > status.head.requested_ms
    return status.terminal and is_later and story.head_from > Source.RECEIPT


def told(story: Story, fact: Fact, head: MtHead) -> Story:
    """The story after `fact`; its events are not touched."""
    if fact.source is not Source.ROUTER:
        return _segment_told(story, fact, head)
    if fact.event in REPEATS:
        return story
    if fact.is_refused_at_intake:
        return story if story.status else _refused(replace(story, is_admitted=False), fact, head)
    if fact.told == ROUTED:
        return _routed(story, fact, head)
    if fact.told == SCHEDULED:
        return story if story.status else _begun(story, fact, head, SCHEDULED)
    if fact.told == WAITING:
        return _waiting(story, fact, head)
    return _refused(story, fact, head)


def is_returned(before: Story, after: Story, fact: Fact) -> bool:
    """Whether by this fact all of a message has come back unwritten, and it is not over."""
    if after.status is None or after.status.terminal or fact.segments is None:
        return False
    return len(before.returned) < len(set(after.returned)) == fact.segments


def _begun(story: Story, fact: Fact, head: MtHead, state: str) -> Story:
    """A story with a status and the best head known."""
    status = story.status
    if status is None:
        status = MtStatus(head=head, state=state, terminal=False, updated_ms=fact.at_ms)
    elif fact.source > story.head_from:
        status = replace(status, head=head)
    return replace(story, status=status, head_from=max(story.head_from, fact.source))


def _waiting(story: Story, fact: Fact, head: MtHead) -> Story:
    """Waits for a connector, unless it is further on already."""
    status = story.status
    if status is None:
        return _begun(story, fact, head, WAITING)
    if status.state != SCHEDULED:
        return story
    return replace(story, status=replace(status, state=WAITING, updated_ms=fact.at_ms))


def _refused(story: Story, fact: Fact, head: MtHead) -> Story:
    story = _begun(story, fact, head, REJECTED)
    assert story.status is not None
    if story.status.terminal:
        return story
    assert fact.told is not None
    ended = replace(
        story.status,
        state=fact.told,
        terminal=True,
        reason=fact.reason,
        detail=fact.detail,
        final_ms=fact.at_ms,
        updated_ms=fact.at_ms,
    )
    return replace(story, status=ended)


def _routed(story: Story, fact: Fact, head: MtHead) -> Story:
    """On its way by a connector; by a further one anew, unless a segment was written already."""
    is_newer = fact.hop is not None and fact.hop > story.hop
    story = _on_the_way(_begun(story, fact, head, ROUTED), fact)
    status = story.status
    assert status is not None
    segments = status.segments
    if is_newer and not status.terminal and all(s.state == ROUTED for s in segments):
        segments = _fresh(fact)
    status = replace(
        status,
        rule=fact.rule if is_newer or status.rule is None else status.rule,
        routed_ms=_earlier(status.routed_ms, fact.at_ms),
        segments=segments,
    )
    return replace(story, status=_concluded(status, fact))


def _segment_told(story: Story, fact: Fact, head: MtHead) -> Story:
    story = _begun(story, fact, head, ROUTED)
    if fact.source is Source.OUTCOME:
        story = _on_the_way(story, fact)
    status = story.status
    assert status is not None
    segments = list(status.segments or _fresh(fact))
    segments += _fresh(fact)[len(segments) :]
    assert fact.segment is not None  # outcomes, receipts and timers speak of one
    segments[fact.segment - 1] = _merged(segments[fact.segment - 1], fact)
    returned = story.returned
    if fact.event == RETURNED and fact.hop == story.hop:
        returned = (*returned, fact.segment)
    status = replace(
        status,
        segments=tuple(segments),
        submitted_ms=_earlier(status.submitted_ms, fact.submitted_ms),
    )
    return replace(story, status=_concluded(status, fact), returned=returned)


def _on_the_way(story: Story, fact: Fact) -> Story:
    """The path so far; a receipt adds nothing to it, for it may come by another connector."""
    status = story.status
    assert status is not None
    if fact.hop is None or fact.hop <= story.hop or fact.connector is None:
        return story
    path = (*status.path, fact.connector)
    return replace(story, hop=fact.hop, status=replace(status, path=path), returned=())


def _fresh(fact: Fact) -> tuple[SegmentStatus, ...]:
    """Segments of which nothing is known but where they went."""
    if fact.connector is None:
        return ()
    total = max(fact.segments or 0, fact.segment or 0)
    return tuple(
        SegmentStatus(segment=number, state=ROUTED, connector=fact.connector, attempts=0)
        for number in range(1, total + 1)
    )


def _merged(segment: SegmentStatus, fact: Fact) -> SegmentStatus:
    """A segment after a fact about it."""
    changed: dict[str, Any] = {}
    written = (fact.attempt, fact.submitted_ms or 0, fact.smsc_message_id or "")
    known = (segment.attempts, segment.submitted_ms or 0, segment.smsc_message_id or "")
    if fact.source is not Source.TIMER and written > known:
        assert fact.connector is not None
        changed |= {
            "connector": fact.connector,
            "attempts": fact.attempt,
            "submitted_ms": fact.submitted_ms or segment.submitted_ms,
            "smsc_message_id": fact.smsc_message_id or segment.smsc_message_id,
        }
    table = BY_OUTCOME if fact.source is Source.OUTCOME else BY_RECEIPT
    state = segment.state if fact.told is None else moved(segment.state, fact.told, table)
    if state != segment.state:
        changed |= {"state": state, "reason": fact.reason}
        if state in TERMINAL:
            changed["final_ms"] = fact.at_ms
    elif state == fact.told == ROUTED:  # returned: it waits for another connector
        changed["reason"] = fact.reason
    return replace(segment, **changed) if changed else segment


def _concluded(status: MtStatus, fact: Fact) -> MtStatus:
    """The status with the state that follows from its segments, unless it is past changing."""
    status = replace(status, updated_ms=max(status.updated_ms, fact.at_ms))
    if status.terminal and status.state != UNKNOWN:
        return status
    state = aggregate([segment.state for segment in status.segments])
    is_terminal = state in TERMINAL
    if status.terminal and not is_terminal:
        return status
    reasons = [segment.reason for segment in status.segments if segment.state == state]
    return replace(
        status,
        state=state,
        terminal=is_terminal,
        reason=reasons[0] if reasons else None,
        final_ms=fact.at_ms if is_terminal and state != status.state else status.final_ms,
    )


def _earlier(known_ms: int | None, told_ms: int | None) -> int | None:
    if known_ms is None or told_ms is None:
        return known_ms if told_ms is None else told_ms
    return min(known_ms, told_ms)
