"""Every record of `sms.tracker.in` as one kind of fact, pure.

A table says how each record is read. `mark` is what tells a fact from another of the same request
and event: the same mark again is the same fact, repeated by a writer that is at least once.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any

import msgspec

from pipeline.ids import ConnectorId, MessageId, SmscMessageId
from pipeline.records import (
    Dlr,
    MtHead,
    MtRejected,
    MtRouted,
    MtScheduled,
    MtSubmitted,
    MtWaiting,
    Record,
    SmscCommanded,
    Wake,
)
from services.tracker.costs import cost
from services.tracker.orders import CANCEL
from services.tracker.states import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    RECEIPT_STATES,
    REJECTED,
    ROUTED,
    SCHEDULED,
    SUBMITTED,
    UNKNOWN,
    WAITING,
)
from services.tracker.ways import ALL, FAILURES, NEVER, NO_RECEIPT, TIMEOUT, Retry

RETURNED = "segment_returned"
RECEIPT_TIMEOUT = "receipt_timeout"  # kind of a wake
DLR_TIMEOUT = "dlr_timeout"  # and the event that follows
RECEIPT_LATE = "receipt_late"
WAY_LEFT = "way_left"
DELIVERED_AGAIN = "delivered_again"
NOT_RETRIED = "not_retried"
REPEATS = frozenset({"duplicate", "payload_mismatch"})
ENDS = {"expired": EXPIRED, "cancelled": CANCELLED}  # of a refusal, that is no rejection
TENANT_UNKNOWN = "default"
CLASS_UNKNOWN = "transactional"
LANE_UNKNOWN = "normal"

OUTCOMES: dict[str, tuple[str, str]] = {  # outcome: (event, state it tells)
    "accepted": ("segment_accepted", ACCEPTED),
    "rejected": ("segment_rejected", REJECTED),
    "expired": ("segment_expired", EXPIRED),
    "cancelled": ("segment_cancelled", CANCELLED),
    "returned": (RETURNED, ROUTED),
    "postponed": ("segment_postponed", ROUTED),
    "unknown": ("segment_unknown", UNKNOWN),
}

TIMERS: dict[str, tuple[str, str | None, str]] = {  # kind of a wake: (event, state it tells, why)
    RECEIPT_TIMEOUT: (DLR_TIMEOUT, UNKNOWN, NO_RECEIPT),
    RECEIPT_LATE: (RECEIPT_LATE, None, TIMEOUT),
}


class Source(IntEnum):
    """Who speaks; the higher the number, the more it knows of the message's head.

    An answer to a cancel_sm knows as little of it as a timer.
    """

    TIMER = 0
    RECEIPT = 1
    OUTCOME = 2
    ROUTER = 3


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one record says. `told` is the state of the message or segment, None for no change."""

    source: Source
    event: str
    mark: str
    told: str | None
    at_ms: int
    head: MtHead | None = None
    is_refused_at_intake: bool = False
    reason: str | None = None
    detail: str | None = None
    segment: int | None = None
    segments: int | None = None
    connector: ConnectorId | None = None
    smsc_message_id: SmscMessageId | None = None
    command_status: int | None = None
    receipt_state: str | None = None
    attempt: int = 0
    hop: int | None = None
    rule: str | None = None
    routes_version: str | None = None
    submitted_ms: int | None = None
    price: str | None = None
    cost: str | None = None
    currency: str | None = None
    retry: Retry = NEVER
    receipts: str = ALL
    silence: str = UNKNOWN
    data_coding: int | None = None
    deadline_ms: int | None = None


def fact_of(record: Record, now_ms: int) -> Fact | None:
    """What `record` says; None when it is no news for a tracker."""
    return _READERS[type(record)](record, now_ms)


def _routed(record: MtRouted, now_ms: int) -> Fact:
    return Fact(
        source=Source.ROUTER,
        event="routed",
        mark=f"{record.hop}",
        told=ROUTED,
        at_ms=record.routed_ms,
        head=record.head,
        segments=record.segments,
        connector=record.connector,
        hop=record.hop,
        rule=record.rule,
        routes_version=record.routes_version,
        price=record.price,
        cost=cost(record.price, record.segments),
        currency=record.currency,
        retry=_retry(record),
        receipts=record.receipts,
        silence=record.silence,
        data_coding=record.data_coding,
        deadline_ms=record.deadline_ms,
    )


def _retry(record: MtRouted) -> Retry:
    """Where no receipt is no failure, nothing is too late either."""
    on, within_s = record.retry_on, record.receipt_within_s
    if record.receipts == FAILURES or record.silence != UNKNOWN:
        on, within_s = tuple(cause for cause in on if cause != TIMEOUT), None
    return Retry(on, record.retry_after_s, within_s, record.deadline_ms) if on else NEVER


def _scheduled(record: MtScheduled, now_ms: int) -> Fact:
    return Fact(
        source=Source.ROUTER,
        event="scheduled",
        mark=f"{record.send_at_ms}",
        told=SCHEDULED,
        at_ms=record.scheduled_ms,
        head=record.head,
        rule=record.rule,
        routes_version=record.routes_version,
    )


def _waiting(record: MtWaiting, now_ms: int) -> Fact:
    return Fact(
        source=Source.ROUTER,
        event="waiting",
        mark=record.connector,
        told=WAITING,
        at_ms=record.waiting_ms,
        head=record.head,
        connector=record.connector,
        rule=record.rule,
        routes_version=record.routes_version,
    )


def _rejected(record: MtRejected, now_ms: int) -> Fact:
    is_repeat = record.reason in REPEATS
    return Fact(
        source=Source.ROUTER,
        event=record.reason if is_repeat else "rejected",
        mark=f"{record.stage}|{record.reason}|{record.source}",
        told=ENDS.get(record.reason, REJECTED),
        at_ms=record.rejected_ms,
        head=record.head,
        is_refused_at_intake=record.stage == "intake",
        reason=record.reason,
        detail=record.detail,
        rule=record.rule,
        routes_version=record.routes_version,
    )


def _submitted(record: MtSubmitted, now_ms: int) -> Fact | None:
    if record.outcome not in OUTCOMES:  # an intent
        return None
    event, told = OUTCOMES[record.outcome]
    if told == ACCEPTED and not record.receipt_expected:
        told = SUBMITTED
    return Fact(
        source=Source.OUTCOME,
        event=event,
        mark=f"{record.segment}|{record.hop}|{record.attempt}|{record.smsc_message_id}",
        told=told,
        at_ms=record.answered_ms,
        head=_head_of_submitted(record),
        reason=record.reason,
        segment=record.segment,
        segments=record.segments,
        connector=record.connector,
        smsc_message_id=record.smsc_message_id,
        command_status=record.command_status,
        attempt=record.attempt,
        hop=record.hop,
        submitted_ms=record.submitted_ms,
    )


def _receipt(record: Dlr, now_ms: int) -> Fact | None:
    if record.message_id is None or record.segment is None:  # an orphan
        return None
    told = RECEIPT_STATES.get(record.state, UNKNOWN if record.final else None)
    return Fact(
        source=Source.RECEIPT,
        event="receipt",
        mark=f"{record.segment}|{record.hop}|{record.smsc_message_id}|{record.state}",
        told=told,
        at_ms=record.received_ms,
        head=_head_of_receipt(record, record.message_id),
        reason=_reason(record, told),
        segment=record.segment,
        segments=record.segments,
        connector=record.connector,
        smsc_message_id=record.smsc_message_id,
        receipt_state=record.state,
        hop=record.hop,
        submitted_ms=record.submitted_ms,
    )


def _timed_out(record: Wake, now_ms: int) -> Fact | None:
    """A receipt did not come at all, or not in the time that the rule gives a way."""
    segment, _, hop = record.what.partition("|")
    if record.kind not in TIMERS or not segment.isdecimal():
        return None
    event, told, reason = TIMERS[record.kind]
    return Fact(
        source=Source.TIMER,
        event=event,
        mark=record.what,
        told=told,
        at_ms=now_ms,
        reason=reason,
        segment=int(segment),
        hop=int(hop) if hop.isdecimal() else None,
    )


def _cancelled(record: SmscCommanded, now_ms: int) -> Fact | None:
    """An SMSC has taken a cancel_sm; nothing else that is said of a command is a fact."""
    if record.action != CANCEL or record.command_status != 0 or record.segment is None:
        return None
    event, told = OUTCOMES[CANCELLED]
    return Fact(
        source=Source.TIMER,
        event=event,
        mark=f"{record.segment}|{record.hop}|{record.command_id}",
        told=told,
        at_ms=record.answered_ms,
        reason="command",
        segment=record.segment,
        connector=record.connector,
        command_status=record.command_status,
        hop=record.hop,
    )


def _reason(record: Dlr, told: str | None) -> str | None:
    """Why a segment failed: the SMSC's state, and its error code where it says one."""
    if told is None or record.state == "DELIVERED":
        return None
    state = record.state.lower()
    return f"{state}:{record.error_code}" if (record.error_code or "").strip("0 ") else state


def _head_of_submitted(record: MtSubmitted) -> MtHead:
    return MtHead(
        message_id=record.message_id,
        recipient=record.recipient,
        sender=record.sender,
        tenant=record.tenant,
        lane=record.submit_lane,
        class_=record.class_,
        campaign=record.campaign,
        requested_ms=record.requested_ms,
        test=record.test,
    )


def _head_of_receipt(record: Dlr, message_id: MessageId) -> MtHead:
    return MtHead(
        message_id=message_id,
        recipient=record.recipient,
        tenant=record.tenant or TENANT_UNKNOWN,
        lane=LANE_UNKNOWN,
        class_=CLASS_UNKNOWN,
        requested_ms=record.submitted_ms or record.received_ms,
        test=record.test,
    )


_READERS: dict[type[Record], Callable[[Any, int], Fact | None]] = {
    MtRouted: _routed,
    MtScheduled: _scheduled,
    MtWaiting: _waiting,
    MtRejected: _rejected,
    MtSubmitted: _submitted,
    Dlr: _receipt,
    SmscCommanded: _cancelled,
    Wake: _timed_out,
}
