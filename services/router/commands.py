"""Query, cancel and replace of one message, pure: what the router knows that others do not.

A message that waits, for its time or for room or for another way, is the router's: it ends it, or
keeps its new text until it is due. Once cancelled it is known as such longer than anything of it
can come back, so nothing more is sent. What is on a way is cancelled for every binder by a row of
`sms.control.cancel`; what an SMSC has is asked for there, with the addresses of its connector.
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, Entries, Publish
from pipeline.ids import ConnectorId
from pipeline.limits import SEND_AHEAD_S_MAX
from pipeline.records import (
    Cancel,
    MtAdmitted,
    MtCommand,
    MtRequest,
    SegmentStatus,
    SmscCommand,
    SmscCommanded,
)
from services.router import trips
from services.router.addresses import destination, source
from services.router.policy import Refusal
from services.router.rejections import rejection
from services.router.repeats import CANCELLED, ROUTED, SCHEDULED, SEEN_LIFE_S, WAITING, Seen
from services.router.rewording import short_message
from services.router.senders import Sender, Senders
from services.router.submits import Target, registered_delivery
from services.router.trips import Trip
from services.router.waits import WAIT_LIFE_S

CANCEL, REPLACE = "cancel", "replace"
SUBMITTED = "submitted"  # of a segment whose receipt nobody waits for
REPLICA = "router"  # answers for all of them
LIFE_S = {SCHEDULED: SEND_AHEAD_S_MAX + SEEN_LIFE_S}

ENDED = Refusal(CANCELLED, "It was cancelled by a command before anything of it was sent.")
MOVED = Refusal(ROUTED, "It has just found a way; ask once more.")
NOT_FOUND = Refusal("not_found", "It waits nowhere any more; ask for its state.")
GONE = Refusal("connector_gone", "Its connector is configured no more.")
NO_SENDER = Refusal("no_sender", "Nobody knows any more from whom it was sent.")


class Reworded(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The text that a message is sent with, instead of the one that was asked for.

    `source` is that of the request: the entry may outlive it, and then a later message of the same
    id has another one.
    """

    text: str
    source: str


def reworded(state: Entries, record: MtAdmitted) -> MtAdmitted:
    """What comes back to be sent, with the text that has replaced its content."""
    found = state.get(_name(record.head.message_id), Reworded) if record.due else None
    if found is None or found.source != record.source:
        return record
    return _with_text(record, found.text)


def onward(state: Entries, record: MtAdmitted, replaced_by: str | None) -> MtAdmitted | None:
    """What takes another way, with the text that its last SMSC took by the command of that id.

    None where that text is known no more: the old one must not go in its place.
    """
    if replaced_by is None:
        return record
    message_id = record.head.message_id
    found = state.get(_name_at_smsc(message_id, replaced_by), Reworded)
    if found is None or found.source != record.source:
        return None
    state.put(_name(message_id), found, WAIT_LIFE_S)  # quiet hours may yet put it off
    return _with_text(record, found.text)


def _with_text(record: MtAdmitted, text: str) -> MtAdmitted:
    request = record.request
    plain = MtRequest(to=request.to, text=text)
    content = {name: getattr(plain, name) for name in CONTENTS}
    return replace(record, request=replace(request, **content))


CONTENTS = ("text", "binary", "wap_push", "mms_notification", "vcard", "message_waiting")


def decide(
    state: Entries,
    record: MtCommand,
    senders: Senders,
    targets: Mapping[ConnectorId, Target],
    now_ms: int,
) -> list[Effect]:
    """What to do about a command of the tracker; `senders` are those of its tenant."""
    if record.action == CANCEL:
        return _cancelled(state, record, senders, targets, now_ms)
    if record.segments:
        return _at_smscs(state, record, senders, targets, now_ms)
    seen = state.get(f"seen|{record.head.message_id}", Seen)
    if record.action != REPLACE or record.text is None or not _waits(seen):
        refusal = MOVED if seen is not None and seen.stage == ROUTED else NOT_FOUND
        return [_whole(record, now_ms, refusal)]
    assert seen is not None  # it waits
    life_s = LIFE_S.get(seen.stage, WAIT_LIFE_S)
    state.put(_name(record.head.message_id), Reworded(record.text, seen.source), life_s)
    return [_whole(record, now_ms)]


def _cancelled(
    state: Entries,
    record: MtCommand,
    senders: Senders,
    targets: Mapping[ConnectorId, Target],
    now_ms: int,
) -> list[Effect]:
    message_id = record.head.message_id
    name = f"seen|{message_id}"
    seen, trip = state.get(name, Seen), state.get(trips.name_of(message_id), Trip)
    stage = None if seen is None else seen.stage
    if seen is not None and stage != CANCELLED:
        life_s = LIFE_S.get(seen.stage, WAIT_LIFE_S)
        state.put(name, replace(seen, stage=CANCELLED), life_s)
    elif trip is not None and seen is None:
        state.drop(trips.name_of(message_id))  # then no other way is found
    if record.segments:
        ended = [_rejected(record, now_ms)] if _waits(seen) else []
        asked = _at_smscs(state, record, senders, targets, now_ms)
        return [_row(record, now_ms), *ended, *asked]
    if stage == CANCELLED:
        return [_whole(record, now_ms)]
    is_ahead = trip is not None and trip.hop > record.hop >= 0
    if (stage == ROUTED and (record.hop < 0 or is_ahead)) or (stage is None and is_ahead):
        return [_row(record, now_ms), _whole(record, now_ms, MOVED)]
    if _waits(seen) or record.hop >= 0:
        return [_rejected(record, now_ms), _whole(record, now_ms)]
    return [_whole(record, now_ms, NOT_FOUND)]


def _waits(seen: Seen | None) -> bool:
    return seen is not None and seen.stage in (SCHEDULED, WAITING)


def _at_smscs(
    state: Entries,
    record: MtCommand,
    senders: Senders,
    targets: Mapping[ConnectorId, Target],
    now_ms: int,
) -> list[Effect]:
    """Of each segment that an SMSC has, what it is to be asked; or why it can't be."""
    effects: list[Effect] = []
    for segment in record.segments:
        if segment.smsc_message_id is None:
            continue
        target = targets.get(segment.connector)
        if target is None or record.head.sender is None:
            refusal = GONE if target is None else NO_SENDER
            effects.append(_answer(record, now_ms, refusal, segment))
            continue
        sender = senders.named(record.head.sender)
        command = _command(record, sender, segment, target, now_ms)
        if isinstance(command, Refusal):
            effects.append(_answer(record, now_ms, command, segment))
            continue
        if record.action == REPLACE:
            _keep_text(state, record)
        effects.append(Publish(topics.command(segment.connector), command.message_id, command))
    return effects


def _keep_text(state: Entries, record: MtCommand) -> None:
    """Remember what the SMSC is asked to put in place, for another way that may follow."""
    message_id = record.head.message_id
    trip = state.get(trips.name_of(message_id), Trip)
    if trip is not None and trip.record is not None and record.text is not None:
        kept = Reworded(record.text, trip.record.source)
        state.put(_name_at_smsc(message_id, record.command_id), kept, WAIT_LIFE_S)


def _command(
    record: MtCommand, sent_from: Sender, segment: SegmentStatus, target: Target, now_ms: int
) -> SmscCommand | Refusal:
    head, rules = record.head, target.profile.addresses
    assert head.recipient is not None  # or it had not been routed
    assert segment.smsc_message_id is not None  # likewise
    sender, recipient = source(sent_from, rules), destination(head.recipient, rules)
    octets: bytes | Refusal | None = None
    if record.action == REPLACE:
        octets = short_message(record.text or "", record.data_coding, target.profile)
    if isinstance(octets, Refusal):
        return octets
    return SmscCommand(
        command_id=record.command_id,
        message_id=head.message_id,
        segment=segment.segment,
        hop=record.hop,
        action=record.action,
        smsc_message_id=segment.smsc_message_id,
        source_addr_ton=sender.ton,
        source_addr_npi=sender.npi,
        source_addr=sender.addr,
        dest_addr_ton=recipient.ton,
        dest_addr_npi=recipient.npi,
        destination_addr=recipient.addr,
        registered_delivery=_registered_delivery(record, segment),
        short_message=octets,
        asked_ms=now_ms,
        deadline_ms=record.deadline_ms,
        test=head.test,
    )


def _registered_delivery(record: MtCommand, segment: SegmentStatus) -> int:
    """Of a replace_sm: the receipt that its submit has asked for is still wanted."""
    if record.action != REPLACE or segment.state == SUBMITTED:
        return 0
    return registered_delivery(record.receipts, 1, 1)  # only what is one segment is replaced


def _row(record: MtCommand, now_ms: int) -> Effect:
    row = Cancel(message_id=record.head.message_id, command_id=record.command_id, at_ms=now_ms)
    return Publish(topics.CONTROL_CANCEL, row.message_id, row)


def _rejected(record: MtCommand, now_ms: int) -> Effect:
    """The end of a message that is on no way."""
    fact = rejection(record.head, ENDED, topics.COMMAND, now_ms)
    return Publish(topics.TRACKER_IN, record.head.message_id, fact)


def _whole(record: MtCommand, now_ms: int, refusal: Refusal | None = None) -> Effect:
    """The answer about a message that is on no way."""
    return _answer(record, now_ms, refusal, None)


def _answer(
    record: MtCommand, now_ms: int, refusal: Refusal | None, segment: SegmentStatus | None
) -> Effect:
    head = record.head
    answer = SmscCommanded(
        command_id=record.command_id,
        message_id=head.message_id,
        segment=None if segment is None else segment.segment,
        hop=None if segment is None else record.hop,
        connector=None if segment is None else segment.connector,
        action=record.action,
        outcome="done" if refusal is None else "refused",
        reason=None if refusal is None else refusal.reason,
        detail=None if refusal is None else refusal.detail,
        replica=REPLICA,
        answered_ms=now_ms,
        test=head.test,
    )
    return Publish(topics.TRACKER_IN, head.message_id, answer)


def _name(message_id: str) -> str:
    return f"reworded|{message_id}"


def _name_at_smsc(message_id: str, command_id: str) -> str:
    return f"reworded|{message_id}|{command_id}"
