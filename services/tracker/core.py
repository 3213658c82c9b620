"""What the tracker decides, pure: all facts of a message become one state and one life story.

Theory. The state of a message_id is one entry: its MtStatus and which events were published. A fact
is merged into the segment it speaks of (`states.py` says what may follow what), the message's state
follows from its segments, and what changed is published. Merging does not depend on the order of
the facts, and a fact that is known already, or changes nothing, publishes nothing.

A terminal state stays, but `unknown` may be repaired. A segment the SMSC accepted twice (it was
sent again after a crash) is one more event: the newest write gives connector and smsc_message_id,
the first receipt ends it. A message refused at intake was never admitted: if the same message_id
is admitted later, or once more after the router has forgotten it, its story starts over.

A message that can leave its way (`ways.py` says when) does not end: another is asked for, at once
or by a timer, and the router answers with MtRouted or, when there is none, with MtRejected.
"""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

from msgspec.structs import replace

from pipeline import topics
from pipeline.countries import country_of
from pipeline.effects import Effect, Entries, Publish, PublishLater
from pipeline.ids import ConnectorId
from pipeline.limits import SEND_AHEAD_S_MAX
from pipeline.records import (
    Command,
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
    SmscCommanded,
    Wake,
)
from services.tracker import commands
from services.tracker.config import TrackerConfig
from services.tracker.facts import (
    DELIVERED_AGAIN,
    NOT_RETRIED,
    RECEIPT_LATE,
    WAY_LEFT,
    Fact,
    Source,
    fact_of,
)
from services.tracker.states import ACCEPTED, CANCELLED, SCHEDULED, UNKNOWN
from services.tracker.story import (
    Story,
    connector_of,
    is_no_news,
    is_of_the_past,
    meant,
    segment_of,
    starts_over,
    told,
)

ENTRY = "story"
EVENT_ID_OCTETS = 8
EVENTS_KNOWN_MAX = 2048  # four for each of 255 segments, twice; the oldest are forgotten
WAY_DUE = "way_due"  # the time has come to ask for the way that was put off

MtFact = MtRouted | MtRejected | MtScheduled | MtWaiting | MtSubmitted | Dlr | Wake
TrackerRecord = MtFact | Command | SmscCommanded


class Change(NamedTuple):
    """A story before and after a fact."""

    fact: Fact
    before: Story
    after: Story


class Tracker:
    """Decides about one record of `sms.tracker.in` at a time."""

    def __init__(self, own: TrackerConfig) -> None:
        self._life_s = own.life_s

    def decide(self, state: Entries, record: TrackerRecord, now_ms: int) -> list[Effect]:
        """What to publish about `record`; `now_ms` is since 1970 UTC."""
        if isinstance(record, Wake) and record.kind == WAY_DUE:
            return _due(state, record, now_ms)
        if isinstance(record, Command):
            return self._ordered(state, record, now_ms)
        fact = fact_of(record, now_ms)
        effects = [] if fact is None else self._told(state, fact, now_ms)
        if isinstance(record, SmscCommanded):
            return effects + self._step(state, partial(commands.answered, said=record), now_ms)
        if isinstance(record, Wake) and record.kind == commands.COMMAND_DUE:
            return self._step(state, partial(commands.due, wake=record), now_ms)
        return effects

    def _ordered(self, state: Entries, command: Command, now_ms: int) -> list[Effect]:
        if state.get(ENTRY, Story) is None:
            return [commands.refused(command, commands.UNKNOWN_MESSAGE, now_ms)]
        return self._step(state, partial(commands.begun, command=command), now_ms)

    def _step(
        self, state: Entries, step: Callable[..., commands.Step], now_ms: int
    ) -> list[Effect]:
        """What a command, or an answer to one, makes of the story."""
        before = state.get(ENTRY, Story) or Story()
        after, effects = step(before, now_ms=now_ms)
        if after is not before:
            state.put(ENTRY, after, self._life_of(after))
        return effects

    def _life_of(self, story: Story) -> int:
        """How long it is kept: what waits for its time may have to for long."""
        is_put_off = story.status is not None and story.status.state == SCHEDULED
        return self._life_s + (SEND_AHEAD_S_MAX if is_put_off else 0)

    def _told(self, state: Entries, fact: Fact, now_ms: int) -> list[Effect]:
        """What a fact makes of the story."""
        story = state.get(ENTRY, Story) or Story()
        fact = meant(story, fact)
        head = _head(story, fact)
        if head is None or is_no_news(story, fact):
            return []
        event_id = _event_id(head, fact)
        if event_id in story.events:
            return []
        unanswered: list[Effect] = []
        if starts_over(story, fact, head):
            unanswered = commands.left(story, now_ms)
            story = Story(events=story.events)
        if fact.receipt_state == "DELETED" and commands.is_cancelled(story):
            fact = replace(fact, told=CANCELLED)
        after = told(story, fact, head)
        if story.has_failed and after.is_refused:
            fact = _not_retried(fact, after)
        events = (*story.events, event_id)[-EVENTS_KNOWN_MAX:]
        step = commands.followed(after, now_ms)
        state.put(ENTRY, replace(step.story, events=events), self._life_of(after))
        change = Change(fact, story, after)
        effects = unanswered + _effects(change, head, event_id) + step.effects
        if after.asked > story.asked:
            effects += _onward(change, head)
        if _has_to_wait(after, fact):
            effects.append(_patience(after, fact))
        return effects


def _onward(change: Change, head: MtHead) -> list[Effect]:
    """The message leaves its way: an event says so, and another is asked for when it is time."""
    fact, story = change.fact, change.after
    assert story.status is not None  # or there would be no way to leave
    left = Fact(
        source=Source.TIMER,
        event=WAY_LEFT,
        mark=f"{story.hop}",
        told=None,
        at_ms=fact.at_ms,
        reason=story.status.reason,
        connector=ConnectorId(story.status.path[-1]) if story.status.path else None,
        hop=story.hop,
    )
    event = _event(Change(left, story, story), head, _event_id(head, left))
    effects: list[Effect] = [Publish(topics.MT_EVENT, head.message_id, event)]
    if story.retry.after_s is None or not story.here.is_written:
        return [*effects, _reroute(story, fact.at_ms)]
    due_ms = fact.at_ms + story.retry.after_s * 1000
    key = head.message_id
    wake = Wake(key=key, kind=WAY_DUE, what=f"{story.asked}", set_ms=fact.at_ms)
    return [*effects, PublishLater(due_ms, topics.TRACKER_IN, key, wake)]


def _due(state: Entries, wake: Wake, now_ms: int) -> list[Effect]:
    """Ask for the way that was put off, unless the message has ended meanwhile."""
    story = state.get(ENTRY, Story) or Story()
    if story.status is None or story.status.terminal or not story.is_asked:
        return []
    return [_reroute(story, now_ms)] if wake.what == f"{story.asked}" else []


def _reroute(story: Story, now_ms: int) -> Effect:
    assert story.status is not None  # or there would be no way to leave
    head = story.status.head
    reroute = MtReroute(
        head=head,
        hop=story.asked,
        reason=story.status.reason,
        asked_ms=now_ms,
        failed=story.here.is_written,
        replaced_by=story.replaced_by,
    )
    return Publish(topics.ROUTER_IN, head.recipient or "", reroute)


def _has_to_wait(story: Story, fact: Fact) -> bool:
    """Whether a segment was accepted whose receipt has a time of its own to come."""
    is_accepted = fact.source is Source.OUTCOME and fact.told == ACCEPTED
    return is_accepted and story.retry.receipt_within_s is not None and fact.hop == story.hop


def _patience(story: Story, fact: Fact) -> Effect:
    assert story.status is not None  # the fact has made one
    assert story.retry.receipt_within_s is not None  # `_has_to_wait` has looked
    key = story.status.head.message_id
    what = f"{fact.segment}|{fact.hop}"
    wake = Wake(key=key, kind=RECEIPT_LATE, what=what, set_ms=fact.at_ms)
    due_ms = fact.at_ms + story.retry.receipt_within_s * 1000
    return PublishLater(due_ms, topics.TRACKER_IN, key, wake)


def _not_retried(fact: Fact, story: Story) -> Fact:
    """A refusal of another way, as what it is to the message: the end that it had anyway."""
    assert story.status is not None  # it was on a way
    reason = story.status.reason if story.status.terminal else fact.reason
    return replace(fact, event=NOT_RETRIED, mark=f"{story.asked}|{fact.mark}", reason=reason)


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
    before, after = change.before.status, change.after.status
    if after is not None and _differ(before, after):
        effects.append(Publish(topics.MT_STATUS, head.message_id, after))
    if _is_delivered_again(change):
        again = replace(change.fact, event=DELIVERED_AGAIN, mark=f"{change.fact.hop}")
        event = _event(Change(again, change.after, change.after), head, _event_id(head, again))
        effects.append(Publish(topics.MT_EVENT, head.message_id, event))
    return effects


def _is_delivered_again(change: Change) -> bool:
    """Whether one more way has delivered what another had delivered already."""
    before, after = change.before.status, change.after.status
    return before is not None and after is not None and after.deliveries > max(1, before.deliveries)


def _differ(before: MtStatus | None, after: MtStatus) -> bool:
    """Whether there is more to tell than that something happened."""
    return before is None or replace(before, updated_ms=after.updated_ms) != after


def _has_ended(change: Change) -> bool:
    """Whether it was this fact that made the message terminal, or repaired an `unknown`."""
    before, after = change.before.status, change.after.status
    if after is None or not after.terminal:
        return False
    return before is None or not before.terminal or before.state != after.state


def _event(change: Change, head: MtHead, event_id: bytes) -> MtEvent:
    fact, after = change.fact, change.after.status
    decided = after if fact.routes_version is None else fact
    segment = segment_of(change.after, fact)
    segments = (
        fact.segments if is_of_the_past(change.after, fact) else after and len(after.segments)
    )
    head = head if after is None or fact.source is Source.ROUTER else after.head
    return MtEvent(
        event_id=event_id.hex(),
        message_id=head.message_id,
        event=fact.event,
        state=after.state if after is not None else UNKNOWN,
        terminal=_has_ended(change),
        reason=fact.reason,
        segment=fact.segment,
        segments=segments or None,
        connector=connector_of(change.after, fact),
        smsc_message_id=fact.smsc_message_id or (segment.smsc_message_id if segment else None),
        command_status=fact.command_status,
        receipt_state=fact.receipt_state,
        tenant=head.tenant,
        lane=head.lane,
        class_=head.class_,
        campaign=head.campaign,
        recipient=head.recipient,
        country=None if head.recipient is None else country_of(head.recipient),
        sender=head.sender,
        caller_data=head.caller_data,
        requested_ms=head.requested_ms,
        at_ms=fact.at_ms,
        submitted_ms=fact.submitted_ms or (segment.submitted_ms if segment else None),
        rule=None if decided is None else decided.rule,
        routes_version=None if decided is None else decided.routes_version,
        hop=fact.hop,
        test=head.test,
        price=fact.price,
        cost=fact.cost,
        currency=fact.currency,
        deadline_ms=fact.deadline_ms,
    )
