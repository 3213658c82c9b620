"""Query, cancel and replace, pure: who is asked about which segment, and what the answer is.

Theory. What the story knows is answered at once. What is on no way yet (it waits for its time, for
room or for another way) is the router's to end or to change. What an SMSC has is asked for there,
by way of the router, who knows addresses and alphabets. What is on its way to an SMSC can only be
cancelled: the router tells every binder, and either the segment comes back as cancelled, or it was
begun, is accepted, and then the SMSC is asked at once. Nobody is waited for longer than DUE_S.

A message may take another way meanwhile. A cancel follows it there, for what is cancelled on one
way may be written on the next; a replace does not, so it is refused once another way is asked for.
What an SMSC has taken instead of the old text goes along: the router is told by which command.
"""

from collections.abc import Collection
from typing import NamedTuple

from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, Publish, PublishLater
from pipeline.records import (
    Command,
    CommandResult,
    MtCommand,
    MtStatus,
    SegmentResult,
    SegmentStatus,
    SmscCommanded,
    Wake,
)
from services.tracker.orders import (
    CANCEL,
    DONE,
    KNOWN_MAX,
    NO_ANSWER,
    QUERY,
    REFUSED,
    REPLACE,
    Order,
    kept,
    outcome_of,
)
from services.tracker.states import (
    ACCEPTED,
    CANCELLED,
    ROUTED,
    SCHEDULED,
    SUBMITTED,
    UNKNOWN,
    WAITING,
)
from services.tracker.story import Story

COMMAND_DUE = "command_due"
DUE_S = 60
ANSWERED = "answered"  # by the SMSC, and command_status says how
AT_SMSC = frozenset({ACCEPTED, SUBMITTED, UNKNOWN})  # as far as it has an id there
UNKNOWN_MESSAGE = "unknown_message"
ON_ITS_WAY = "on_its_way"
PUT_OFF = frozenset({SCHEDULED, WAITING})

DETAILS = {
    UNKNOWN_MESSAGE: "Nothing is known of a message of that id and tenant; correct it, or try "
    "again once it is routed.",
    "bad_action": "`action` is none of query, cancel and replace; correct it.",
    "no_text": "A replace needs `text`, and nothing else has one; correct it.",
    "too_many": f"{KNOWN_MAX} commands about the message wait for an answer; wait for one.",
    "several_segments": "A message of several segments can't be replaced; cancel it and send a "
    "new one.",
    ON_ITS_WAY: "It is on its way to an SMSC; try again once it is accepted, or cancel it.",
}


class Step(NamedTuple):
    """What a command makes of the story, and what is to be done."""

    story: Story
    effects: list[Effect]


def refused(command: Command, reason: str, now_ms: int) -> Effect:
    """The answer to a command that is not kept: such as one about what nobody knows."""
    result = CommandResult(
        command_id=command.command_id or "",
        message_id=command.message_id,
        action=command.action,
        outcome=REFUSED,
        reason=reason,
        detail=DETAILS.get(reason),
        answered_ms=now_ms,
    )
    return _publication(result)


def begun(story: Story, command: Command, now_ms: int) -> Step:
    """A command has come, perhaps once more."""
    status = story.status
    if status is None or command.tenant not in (None, status.head.tenant):
        return Step(story, [refused(command, UNKNOWN_MESSAGE, now_ms)])
    order = _order(story, command.command_id or "")
    if order is not None:
        return Step(story, [] if order.result is None else [_publication(order.result)])
    if sum(order.result is None for order in story.orders) >= KNOWN_MAX:
        return Step(story, [refused(command, "too_many", now_ms)])
    order = Order(command.command_id or "", command.action)
    reason = _fault(story, status, command)
    if reason is not None:
        return _concluded(story, status, order, now_ms, REFUSED, reason)
    order = _planned(story, status, order)
    if not order.is_pending:
        return _go_on(story, status, order, now_ms)
    wake = Wake(key=command.message_id, kind=COMMAND_DUE, what=order.command_id, set_ms=now_ms)
    effects: list[Effect] = [
        _asked(story, status, order, (*_here(story, order), *order.waits), now_ms, command.text),
        PublishLater(now_ms + DUE_S * 1000, topics.TRACKER_IN, wake.key, wake),
    ]
    return Step(_with(story, order), effects)


def answered(story: Story, said: SmscCommanded, now_ms: int) -> Step:
    """The router has answered, or a binder, mostly for its SMSC."""
    status, order = story.status, _order(story, said.command_id)
    if status is None or order is None:
        return Step(story, [])
    if _has_replaced(story, said):
        story = replace(story, replaced_by=said.command_id)
    if order.result is not None:
        return Step(story, [])
    if said.segment is not None:
        if not order.is_open(said.hop, said.segment):  # it is said again, perhaps otherwise
            return Step(story, [])
        order = order.answered(said.hop, _heard(story, said, said.segment))
        return _go_on(story, status, order, now_ms, said.detail)
    if not order.is_whole:
        return Step(story, [])
    order = replace(order, is_whole=False)
    return _concluded(story, status, order, now_ms, said.outcome, said.reason, said.detail)


def followed(story: Story, now_ms: int) -> Step:
    """The story has changed: what a cancel waits for may be at an SMSC now, or have ended."""
    status, effects = story.status, list[Effect]()
    if status is None:
        return Step(story, effects)
    is_over = status.terminal and not story.here.is_written  # the router has ended it
    for known in story.orders:
        order = _on_this_way(story, status, known)
        moved = [
            s
            for s in status.segments
            if s.segment in order.waits and (s.state != ROUTED or is_over)
        ]
        if order is known and not moved:
            continue
        reached = tuple(s.segment for s in moved if _is_at_smsc(s))
        if reached:
            effects.append(_asked(story, status, order, reached, now_ms))
        order = replace(
            order.settled(*(_end(s, status) for s in moved if s.segment not in reached)),
            open=(*order.open, *((story.hop, number) for number in reached)),
        )
        order = replace(order, waits=tuple(n for n in order.waits if n not in reached))
        step = _go_on(story, status, order, now_ms)
        story, effects = step.story, [*effects, *step.effects]
    return Step(story, effects)


def due(story: Story, wake: Wake, now_ms: int) -> Step:
    """The time of a command is over: what has not answered, has not. A cancel still waits."""
    status, order = story.status, _order(story, wake.what)
    if status is None or order is None or order.result is not None:
        return Step(story, [])
    return _given_up(story, status, order, now_ms)


def left(story: Story, now_ms: int) -> list[Effect]:
    """The answers to what has none yet, of a message whose id is used for a later one."""
    status = story.status
    steps = [
        _given_up(story, status, order, now_ms)
        for order in story.orders
        if status is not None and order.result is None
    ]
    return [effect for step in steps for effect in step.effects]


def is_cancelled(story: Story) -> bool:
    """Whether somebody wants it cancelled, so that an SMSC which has deleted it did just that."""
    return any(order.action == CANCEL for order in story.orders)


def _fault(story: Story, status: MtStatus, command: Command) -> str | None:
    """Why nobody is asked, if so."""
    if command.action not in (QUERY, CANCEL, REPLACE):
        return "bad_action"
    if (command.action == REPLACE) is not bool(command.text):
        return "no_text"
    if command.action == QUERY:
        return None
    is_here = any(map(_is_at_smsc, status.segments)) and not story.here.is_delivered
    if status.terminal and not is_here:
        return status.state
    if command.action == CANCEL or status.state in PUT_OFF:
        return None
    if len(status.segments) > 1:
        return "several_segments"
    is_there = any(map(_is_at_smsc, status.segments)) and not story.is_asked
    return None if is_there else ON_ITS_WAY


def _planned(story: Story, status: MtStatus, order: Order) -> Order:
    """The order with whom it is about: segments here and there, or the message as a whole."""
    at_smsc = [s.segment for s in status.segments if _is_at_smsc(s)]
    waits = [
        s.segment
        for s in status.segments
        if order.action == CANCEL and s.state == ROUTED and not story.is_asked
    ]
    if order.action == CANCEL:
        order = replace(order, hop=story.hop)
    if order.action != QUERY and not at_smsc and not waits:
        return replace(order, is_whole=True)
    rest = [s for s in status.segments if s.segment not in (*at_smsc, *waits)]
    is_done = (CANCELLED, ROUTED)  # what is on no way takes no other
    told = [
        _told(s, DONE if order.action == QUERY or s.state in is_done else REFUSED) for s in rest
    ]
    at = tuple((story.hop, number) for number in at_smsc)
    return replace(order, open=at, waits=tuple(waits)).told(*told)


def _on_this_way(story: Story, status: MtStatus, order: Order) -> Order:
    """The order on the way that the message has taken since: all of it is to be cancelled there.

    The router has told of the way before it refuses to end what is on none.
    """
    if order.hop is None or order.hop >= story.since:
        return order
    everything = tuple(segment.segment for segment in status.segments)
    return replace(order, hop=story.since, is_whole=False, waits=everything)


def _here(story: Story, order: Order) -> list[int]:
    """The segments that an SMSC of this way is asked about."""
    return [number for hop, number in order.open if hop == story.hop]


def _is_at_smsc(segment: SegmentStatus) -> bool:
    return segment.state in AT_SMSC and bool(segment.smsc_message_id)


def _asked(
    story: Story,
    status: MtStatus,
    order: Order,
    numbers: Collection[int],
    now_ms: int,
    text: str | None = None,
) -> Effect:
    """What the router is asked for about these segments, or about the whole when there is none."""
    asked = MtCommand(
        head=status.head,
        command_id=order.command_id,
        action=order.action,
        text=text,
        hop=story.hop,
        segments=tuple(s for s in status.segments if s.segment in numbers),
        asked_ms=now_ms,
        deadline_ms=now_ms + DUE_S * 1000,
        data_coding=story.data_coding,
        receipts=story.receipts,
    )
    return Publish(topics.ROUTER_IN, status.head.recipient or "", asked)


def _has_replaced(story: Story, said: SmscCommanded) -> bool:
    """Whether the text at the SMSC of this way is another one now."""
    is_taken = said.outcome == ANSWERED and not said.command_status
    is_here = said.hop == story.hop and not story.is_asked
    return said.action == REPLACE and said.segment is not None and is_taken and is_here


def _heard(story: Story, said: SmscCommanded, segment: int) -> SegmentResult:
    outcome, reason = said.outcome, said.reason
    if outcome == ANSWERED:
        outcome = REFUSED if said.command_status else DONE
    if said.action == REPLACE and outcome == DONE and not _has_replaced(story, said):
        outcome, reason = REFUSED, ON_ITS_WAY  # the old text has gone on by another way
    return SegmentResult(
        segment=segment,
        connector=said.connector,
        outcome=outcome,
        reason=reason,
        command_status=said.command_status,
        message_state=said.message_state,
        final_date=said.final_date,
        error_code=said.error_code,
    )


def _end(segment: SegmentStatus, status: MtStatus) -> SegmentResult:
    """What a cancel has come to where no SMSC has to be asked."""
    state = status.state if segment.state == ROUTED else segment.state
    return _told(replace(segment, state=state), DONE if state == CANCELLED else REFUSED)


def _told(segment: SegmentStatus, outcome: str) -> SegmentResult:
    """A result by what the story knows: the reason is the state of the segment."""
    return SegmentResult(
        segment=segment.segment,
        connector=segment.connector,
        outcome=outcome,
        reason=segment.state,
    )


def _given_up(story: Story, status: MtStatus, order: Order, now_ms: int) -> Step:
    """The order ends without the answers that are not there."""
    late = [
        _told(segment, NO_ANSWER)
        for segment in status.segments
        if segment.segment in (*_here(story, order), *order.waits)
    ]
    late += [_silent(story, *each) for each in order.open if each[0] != story.hop]
    order = replace(order.told(*late), is_whole=False, open=())
    reason = late[0].reason if late else status.state
    return _concluded(story, status, order, now_ms, NO_ANSWER, reason)


def _silent(story: Story, hop: int, segment: int) -> SegmentResult:
    """That an SMSC of a way that was left has not answered."""
    way = next((way for way in story.left if way.hop == hop), None)
    connector = None if way is None else way.connector
    return SegmentResult(segment=segment, connector=connector, outcome=NO_ANSWER, reason=NO_ANSWER)


def _go_on(
    story: Story, status: MtStatus, order: Order, now_ms: int, detail: str | None = None
) -> Step:
    """The order is kept; it ends once nobody is waited for."""
    if order.result is not None:  # it has been answered for as it was then
        return Step(_with(story, replace(order, results=())), [])
    if order.is_pending:
        return Step(_with(story, order), [])
    outcome, reason = outcome_of(order.results)
    return _concluded(story, status, order, now_ms, outcome, reason, detail)


def _concluded(
    story: Story,
    status: MtStatus,
    order: Order,
    now_ms: int,
    outcome: str,
    reason: str | None = None,
    detail: str | None = None,
) -> Step:
    result = CommandResult(
        command_id=order.command_id,
        message_id=status.head.message_id,
        tenant=status.head.tenant,
        action=order.action,
        outcome=outcome,
        reason=reason,
        detail=detail or (None if reason is None else DETAILS.get(reason)),
        state=status.state,
        segments=order.results,
        answered_ms=now_ms,
        test=status.head.test,
    )
    order = replace(order, result=result, results=())  # which `result` has
    return Step(_with(story, order), [_publication(result)])


def _order(story: Story, command_id: str) -> Order | None:
    return next((order for order in story.orders if order.command_id == command_id), None)


def _with(story: Story, order: Order) -> Story:
    return replace(story, orders=kept(story.orders, order))


def _publication(result: CommandResult) -> Effect:
    return Publish(topics.COMMAND_RESULT, result.message_id, result)
