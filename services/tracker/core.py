"""What the tracker decides, pure: all facts of a message become one state and one life story.

Theory. The state of a message_id is one entry: its MtStatus and which events were published. A fact
is merged into the segment it speaks of (`states.py` says what may follow what), the message's state
follows from its segments, and what changed is published. Merging does not depend on the order of
the facts, and a fact that is known already, or changes nothing, publishes nothing.

A terminal state stays, but `unknown` may be repaired. A segment the SMSC accepted twice (it was
sent again after a crash) is one more event: the newest write gives connector and smsc_message_id,
the first receipt ends it. A message refused at intake was never admitted: if the same message_id
is admitted later, or once more after the router has forgotten it, its story starts over.
"""

from hashlib import blake2b
from typing import NamedTuple

from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, Entries, Publish
from pipeline.records import (
    Dlr,
    MtEvent,
    MtHead,
    MtRejected,
    MtReroute,
    MtRouted,
    MtScheduled,
    MtStatus,
    MtSubmitted,
    MtWaiting,
    Wake,
)
from services.tracker.config import TrackerConfig
from services.tracker.facts import Fact, Source, fact_of
from services.tracker.states import UNKNOWN
from services.tracker.story import Story, is_no_news, is_returned, segment_of, starts_over, told

ENTRY = "story"
EVENT_ID_OCTETS = 8
EVENTS_KNOWN_MAX = 2048  # four for each of 255 segments, twice; the oldest are forgotten

MtFact = MtRouted | MtRejected | MtScheduled | MtWaiting | MtSubmitted | Dlr | Wake


class Change(NamedTuple):
    """A status before and after a fact."""

    fact: Fact
    before: MtStatus | None
    after: MtStatus | None


class Tracker:
    """Decides about one record of `sms.tracker.in` at a time."""

    def __init__(self, own: TrackerConfig) -> None:
        self._life_s = own.life_s

    def decide(self, state: Entries, record: MtFact, now_ms: int) -> list[Effect]:
        """What to publish about `record`; `now_ms` is since 1970 UTC."""
        fact = fact_of(record, now_ms)
        if fact is None:
            return []
        story = state.get(ENTRY, Story) or Story()
        head = _head(story, fact)
        if head is None or is_no_news(story, fact):
            return []
        event_id = _event_id(head, fact)
        if event_id in story.events:
            return []
        if starts_over(story, fact, head):
            story = Story(events=story.events)
        after = told(story, fact, head)
        events = (*story.events, event_id)[-EVENTS_KNOWN_MAX:]
        state.put(ENTRY, replace(after, events=events), self._life_s)
        effects = _effects(Change(fact, story.status, after.status), head, event_id)
        if is_returned(story, after, fact):
            effects.append(_reroute(after, fact))
        return effects


def _reroute(story: Story, fact: Fact) -> Effect:
    assert story.status is not None  # or nothing would have come back
    head = story.status.head
    reroute = MtReroute(head=head, hop=story.hop + 1, reason=fact.reason, asked_ms=fact.at_ms)
    return Publish(topics.ROUTER_IN, head.recipient or "", reroute)


def _head(story: Story, fact: Fact) -> MtHead | None:
    if fact.head is not None or story.status is None:
        return fact.head
    return story.status.head


def _event_id(head: MtHead, fact: Fact) -> bytes:
    unique = f"{head.message_id}|{head.requested_ms}|{fact.event}|{fact.mark}"
    return blake2b(unique.encode(), digest_size=EVENT_ID_OCTETS).digest()


def _effects(change: Change, head: MtHead, event_id: bytes) -> list[Effect]:
    event = _event(change, head, event_id)
    effects: list[Effect] = [Publish(topics.MT_EVENT, head.message_id, event)]
    if change.after is not None and _differ(change.before, change.after):
        effects.append(Publish(topics.MT_STATUS, head.message_id, change.after))
    return effects


def _differ(before: MtStatus | None, after: MtStatus) -> bool:
    """Whether there is more to tell than that something happened."""
    return before is None or replace(before, updated_ms=after.updated_ms) != after


def _has_ended(change: Change) -> bool:
    """Whether it was this fact that made the message terminal, or repaired an `unknown`."""
    before, after = change.before, change.after
    if after is None or not after.terminal:
        return False
    return before is None or not before.terminal or before.state != after.state


def _event(change: Change, head: MtHead, event_id: bytes) -> MtEvent:
    fact, after = change.fact, change.after
    segment = segment_of(after, fact)
    head = head if after is None or fact.source is Source.ROUTER else after.head
    return MtEvent(
        event_id=event_id.hex(),
        message_id=head.message_id,
        event=fact.event,
        state=after.state if after is not None else UNKNOWN,
        terminal=_has_ended(change),
        reason=fact.reason,
        segment=fact.segment,
        segments=len(after.segments) or None if after else None,
        connector=fact.connector or (segment.connector if segment else None),
        smsc_message_id=fact.smsc_message_id or (segment.smsc_message_id if segment else None),
        command_status=fact.command_status,
        receipt_state=fact.receipt_state,
        tenant=head.tenant,
        lane=head.lane,
        class_=head.class_,
        campaign=head.campaign,
        recipient=head.recipient,
        sender=head.sender,
        caller_data=head.caller_data,
        requested_ms=head.requested_ms,
        at_ms=fact.at_ms,
        submitted_ms=fact.submitted_ms or (segment.submitted_ms if segment else None),
        rule=after.rule if after is not None else fact.rule,
        routes_version=fact.routes_version,
        hop=fact.hop,
        test=head.test,
        price=fact.price,
        cost=fact.cost,
        currency=fact.currency,
    )
