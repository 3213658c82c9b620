"""What a story becomes by a fact, pure: merged, whatever the order of the facts."""

import msgspec
from msgspec.structs import replace

from pipeline.ids import ConnectorId
from pipeline.records import MtHead, MtStatus, SegmentStatus
from services.tracker.costs import Cost, spent, total
from services.tracker.facts import DLR_TIMEOUT, RECEIPT_LATE, REPEATS, RETURNED, Fact, Source
from services.tracker.orders import Order
from services.tracker.segments import after, fresh, merged
from services.tracker.states import (
    REJECTED,
    ROUTED,
    SCHEDULED,
    TERMINAL,
    UNKNOWN,
    WAITING,
)
from services.tracker.ways import ALL, NEVER, TIMEOUT, Here, Retry, Way, deliveries, verdict

_PUT_OFF = (SCHEDULED, WAITING)  # of two said at once the later one counts: room is asked for last


class Story(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message, and what a repeated fact is known by: the ids of its `events`.

    `hop` is the newest one heard of, `head_from` who told the head; a message refused at intake was
    not admitted. Of that hop the `returned` segments were never written and wait for another way,
    of the `late` ones a receipt is missing; `since` is the hop the segments began with. `asked` is
    the newest hop that was asked for, `left` are the ways before, as far as they were written on.
    `receipts` and `silence` are of the newest hop, as its MtRouted says.
    `orders` are the commands about it, `data_coding` is that of the way it is on, `replaced_by` is
    the command whose text an SMSC has instead of the one that it was sent with.
    """

    status: MtStatus | None = None
    events: tuple[bytes, ...] = ()
    hop: int = -1
    head_from: int = Source.TIMER
    is_admitted: bool = True
    returned: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    since: int = -1
    retry: Retry = NEVER
    asked: int = -1
    is_refused: bool = False
    left: tuple[Way, ...] = ()
    receipts: str = ALL
    silence: str = UNKNOWN
    orders: tuple[Order, ...] = ()
    data_coding: int | None = None
    replaced_by: str | None = None

    @property
    def here(self) -> Here:
        """The way it is on."""
        segments = () if self.status is None else self.status.segments
        return Here(segments, self.returned, self.late, self.retry, self.receipts)

    @property
    def spent(self) -> Cost | None:
        """What the way it is on has cost so far."""
        status = self.status
        return None if status is None else spent(status.price, status.currency, status.segments)

    @property
    def is_asked(self) -> bool:
        """Whether it waits for another way."""
        return self.asked > self.hop and not self.is_refused

    @property
    def has_failed(self) -> bool:
        """Whether it waits for that after a failure, and not just because it came back."""
        return self.is_asked and (self.here.is_written or bool(self.left))


def is_no_news(story: Story, fact: Fact) -> bool:
    """A receipt, or the lack of one, for a segment that has ended already."""
    if fact.source > Source.RECEIPT:
        return False
    if fact.event == RECEIPT_LATE and (fact.hop != story.hop or TIMEOUT not in story.retry.on):
        return True
    state = _state_before(story, fact)
    if state is None:
        return fact.source is Source.TIMER or is_of_the_past(story, fact)
    if fact.event == DLR_TIMEOUT and _is_reported(story, fact):
        return True
    if state not in TERMINAL:
        return False
    return after(state, fact) == state


def meant(story: Story, fact: Fact) -> Fact:
    """`fact`, or where it is that no receipt came, what that means on this way."""
    is_silent = fact.event == DLR_TIMEOUT and story.silence != UNKNOWN
    if not is_silent or is_of_the_past(story, fact):
        return fact
    return replace(fact, told=story.silence, reason=f"silence:{story.silence}")


def _is_reported(story: Story, fact: Fact) -> bool:
    """Whether a receipt of another segment stands for that of this one."""
    way = _way_of(story, fact) if is_of_the_past(story, fact) else story.here
    return way is not None and way.is_reported


def is_of_the_past(story: Story, fact: Fact) -> bool:
    """Whether `fact` speaks of a way that was left."""
    return fact.hop is not None and fact.hop < story.since


def segment_of(story: Story, fact: Fact) -> SegmentStatus | None:
    """The segment of the newest way that `fact` speaks of, as far as it is known."""
    status = story.status
    if status is None or fact.segment is None or fact.segment > len(status.segments):
        return None
    return None if is_of_the_past(story, fact) else status.segments[fact.segment - 1]


def connector_of(story: Story, fact: Fact) -> ConnectorId | None:
    """The one that `fact` is about: of a receipt not its bearer, but where the segment went."""
    way = _way_of(story, fact) if is_of_the_past(story, fact) else segment_of(story, fact)
    known = None if way is None else way.connector
    return known or fact.connector if fact.source is Source.RECEIPT else fact.connector or known


def _state_before(story: Story, fact: Fact) -> str | None:
    if is_of_the_past(story, fact):
        way, number = _way_of(story, fact), fact.segment
        return way.states[number - 1] if way and number and number <= len(way.states) else None
    segment = segment_of(story, fact)
    return None if segment is None else segment.state


def _way_of(story: Story, fact: Fact) -> Way | None:
    return next((way for way in story.left if way.hop == fact.hop), None)


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
    if fact.told in _PUT_OFF:
        return _put_off(story, fact, head, fact.told)
    return _refused(story, fact, head)


def _begun(story: Story, fact: Fact, head: MtHead, state: str) -> Story:
    """A story with a status and the best head known."""
    status = story.status
    if status is None:
        status = MtStatus(head=head, state=state, terminal=False, updated_ms=fact.at_ms)
    elif fact.source > story.head_from:
        status = replace(status, head=head)
    return replace(story, status=status, head_from=max(story.head_from, fact.source))


def _put_off(story: Story, fact: Fact, head: MtHead, state: str) -> Story:
    """Waits for its time or for room, whichever was said last, unless it is further on already."""
    story = story if story.status else _begun(story, fact, head, state)
    status = story.status
    assert status is not None  # it has begun
    if state == SCHEDULED:
        status = replace(status, scheduled_ms=_earlier(status.scheduled_ms, fact.at_ms))
    if status.state in _PUT_OFF:
        said = (status.updated_ms, _PUT_OFF.index(status.state))
        if (fact.at_ms, _PUT_OFF.index(state)) > said:
            status = replace(status, state=state, updated_ms=fact.at_ms)
    return replace(story, status=status)


def _refused(story: Story, fact: Fact, head: MtHead) -> Story:
    story = _begun(story, fact, head, REJECTED)
    assert story.status is not None
    if story.status.terminal or story.is_refused:
        return story
    if story.has_failed:
        return _not_retried(story, fact)
    assert fact.told is not None
    ended = replace(
        _decided(story.status, fact) if story.status.rule is None else story.status,
        state=fact.told,
        terminal=True,
        reason=fact.reason,
        detail=fact.detail,
        final_ms=fact.at_ms,
        updated_ms=fact.at_ms,
    )
    return replace(story, status=ended)


def _not_retried(story: Story, fact: Fact) -> Story:
    """How it failed is its end, and the refusal says why; what is only late is waited for."""
    story = _settled(replace(story, retry=NEVER, is_refused=True), fact)
    assert story.status is not None
    if not story.status.terminal:
        return story
    return replace(story, status=replace(story.status, detail=fact.detail))


def _routed(story: Story, fact: Fact, head: MtHead) -> Story:
    """On its way by a connector; by a further one anew, unless the last one was not left."""
    before = _begun(story, fact, head, ROUTED)
    is_newer = fact.hop is not None and fact.hop > story.hop
    story = _on_the_way(before, fact)
    is_newest = fact.hop == story.hop  # of the ways heard of, by whatever fact
    status = story.status
    assert status is not None
    status = replace(
        _decided(status, fact) if is_newest or status.rule is None else status,
        routed_ms=_earlier(status.routed_ms, fact.at_ms),
    )
    if is_newest:
        status = replace(status, price=fact.price, cost=fact.cost, currency=fact.currency)
        story = replace(
            story,
            receipts=fact.receipts,
            silence=fact.silence,
            data_coding=fact.data_coding,
        )
    story = replace(story, status=status)
    is_asked = before.asked == fact.hop  # also of what has arrived meanwhile, after all
    is_left = is_asked or not (before.here.is_written or status.terminal)
    if is_newer and is_left:
        story = _anew(before, story, fact)
    return _settled(story, fact)


def _decided(status: MtStatus, fact: Fact) -> MtStatus:
    """The status with what has decided, where the fact says."""
    if fact.routes_version is None:
        return status
    return replace(status, rule=fact.rule, routes_version=fact.routes_version)


def _anew(before: Story, story: Story, fact: Fact) -> Story:
    """The story on its next way; the one `before` it is kept as far as it was written on."""
    assert story.status is not None
    left, here = story.left, before.here
    if here.is_written:
        states = tuple(REJECTED if s.state == ROUTED else s.state for s in here.segments)
        connector = here.segments[0].connector
        way = Way(before.hop, states, here.reason, connector, before.spent, before.receipts)
        left = (*left, way)
    return replace(
        story,
        status=replace(story.status, segments=fresh(fact)),
        since=story.hop,
        retry=fact.retry,
        left=left,
    )


def _segment_told(story: Story, fact: Fact, head: MtHead) -> Story:
    story = _begun(story, fact, head, ROUTED)
    if is_of_the_past(story, fact):
        return _past_told(story, fact)
    if fact.source is Source.OUTCOME:
        story = _on_the_way(story, fact)
    status = story.status
    assert status is not None
    segments = list(status.segments or fresh(fact))
    segments += fresh(fact)[len(segments) :]
    assert fact.segment is not None  # outcomes, receipts and timers speak of one
    segments[fact.segment - 1] = merged(segments[fact.segment - 1], fact)
    returned, late = story.returned, story.late
    if fact.event == RETURNED and fact.hop == story.hop:
        returned = (*returned, fact.segment)
    elif fact.event == RECEIPT_LATE:
        late = (*late, fact.segment)
    status = replace(
        status,
        segments=tuple(segments),
        submitted_ms=_earlier(status.submitted_ms, fact.submitted_ms),
    )
    return _settled(replace(story, status=status, returned=returned, late=late), fact)


def _past_told(story: Story, fact: Fact) -> Story:
    """The story after a fact of a way that was left; of ways without a write nothing is kept."""
    way = _way_of(story, fact)
    if _state_before(story, fact) is None or fact.told is None or fact.source is Source.OUTCOME:
        return story
    assert way is not None  # it has a state
    assert fact.segment is not None  # likewise
    states = list(way.states)
    before = states[fact.segment - 1]
    states[fact.segment - 1] = state = after(before, fact)
    reason = way.reason if state == before else fact.reason
    newer = replace(way, states=tuple(states), reason=reason)
    left = tuple(newer if known is way else known for known in story.left)
    return _settled(replace(story, left=left), fact)


def _on_the_way(story: Story, fact: Fact) -> Story:
    """The path so far; a receipt adds nothing to it, for it may come by another connector."""
    status = story.status
    assert status is not None
    if fact.hop is None or fact.hop <= story.hop or fact.connector is None:
        return story
    path = (*status.path, fact.connector)
    status = replace(status, path=path)
    return replace(
        story, hop=fact.hop, status=status, returned=(), late=(), retry=NEVER, is_refused=False
    )


def _settled(story: Story, fact: Fact) -> Story:
    """The story with what follows: whether another way is asked for, and the state it is in."""
    status = story.status
    assert status is not None
    if story.retry.on and (status.terminal or story.retry.is_over(fact.at_ms)):
        story = replace(story, retry=NEVER)
    if not status.terminal and story.here.is_over:
        story = replace(story, asked=story.hop + 1)
    return replace(story, status=_concluded(story, status, fact))


def _concluded(story: Story, status: MtStatus, fact: Fact) -> MtStatus:
    """The status with the state that follows from the ways, unless it is past changing."""
    status = replace(
        status,
        updated_ms=max(status.updated_ms, fact.at_ms),
        deliveries=deliveries(story.here, story.left),
        spent=total([*(way.spent for way in story.left), story.spent]),
    )
    if status.terminal and status.state != UNKNOWN:
        return status
    state, reason = verdict(
        story.here, story.left, is_asked=story.is_asked, is_refused=story.is_refused
    )
    is_terminal = state in TERMINAL
    if status.terminal and not is_terminal:
        return status
    return replace(
        status,
        state=state,
        terminal=is_terminal,
        reason=reason,
        final_ms=fact.at_ms if is_terminal and state != status.state else status.final_ms,
    )


def _earlier(known_ms: int | None, told_ms: int | None) -> int | None:
    if known_ms is None or told_ms is None:
        return known_ms if told_ms is None else told_ms
    return min(known_ms, told_ms)
