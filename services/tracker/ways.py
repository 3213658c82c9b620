"""When a message leaves the way it is on, and what it is by all of its ways; pure.

Theory. A message is on one way at a time. It leaves it when nothing of it can have reached the
handset there: each of its segments has come back unwritten, or failed as its rule lists, or, where
`timeout` is listed, was accepted and has waited too long for its receipt. One that was delivered,
may have been (unknown, or accepted without asking for a receipt) or failed otherwise keeps the
message where it is. Only a receipt that is late may still come: so the ways that were left with
something written are remembered, and what was delivered on any of them is delivered.

Where any segment's receipt will do, the first final one stands for all segments that were accepted
and have none of their own.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from pipeline.ids import ConnectorId
from pipeline.records import SegmentStatus
from services.tracker.costs import Cost
from services.tracker.states import (
    ACCEPTED,
    DELIVERED,
    EXPIRED,
    FAILED,
    REJECTED,
    ROUTED,
    SENDING,
    TERMINAL,
    UNDELIVERABLE,
    UNKNOWN,
    aggregate,
)

TIMEOUT = "timeout"
NO_RECEIPT = "dlr_timeout"
ALL, ANY, FAILURES = (
    "all",
    "any",
    "failures",
)  # which segments ask for a receipt, as far as it matters
OPEN = frozenset({ROUTED, ACCEPTED})
RETRIED = frozenset({REJECTED, UNDELIVERABLE, EXPIRED})
REPORTED = frozenset({DELIVERED, UNDELIVERABLE, EXPIRED})  # by a receipt, of what was accepted
SPOKEN_FOR = frozenset({ACCEPTED, UNKNOWN})


class Retry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The failures that are not the end of a message, as its MtRouted says, and when they are."""

    on: tuple[str, ...] = ()
    after_s: int | None = None
    receipt_within_s: int | None = None
    deadline_ms: int = 0

    def is_over(self, at_ms: int) -> bool:
        """Whether nothing is retried any more: another way would begin too late."""
        return not self.on or at_ms + (self.after_s or 0) * 1000 >= self.deadline_ms


NEVER = Retry()


class Way(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A way that was left with something written: the states of its segments, why, and over what.

    A segment of which nothing was written is rejected there: it can't arrive any more. `spent` is
    None where nobody knows.
    """

    hop: int
    states: tuple[str, ...]
    reason: str | None = None
    connector: ConnectorId | None = None
    spent: Cost | None = None
    receipts: str = ALL

    @property
    def end(self) -> str:
        """What the message was by this way."""
        if self.receipts == ANY and DELIVERED in self.states:
            return aggregate([DELIVERED if s in SPOKEN_FOR else s for s in self.states])
        return aggregate(self.states)

    @property
    def is_reported(self) -> bool:
        """Whether a receipt has come that stands for all.

        Or one was never written and has expired, which ends that way as well.
        """
        return self.receipts == ANY and not REPORTED.isdisjoint(self.states)


class Here(NamedTuple):
    """The way a message is on: which `segments` have come `back`, of which a receipt is `late`."""

    segments: Sequence[SegmentStatus]
    back: Collection[int]
    late: Collection[int]
    retry: Retry
    receipts: str = ALL

    @property
    def states(self) -> Sequence[str]:
        """Of each segment, or of the one whose receipt stands for it."""
        states = [s.state for s in self.segments]
        if self.receipts != ANY or DELIVERED not in states:
            return states
        return [DELIVERED if _is_spoken_for(s) else s.state for s in self.segments]

    @property
    def is_reported(self) -> bool:
        """Whether a receipt has come that stands for all."""
        return self.receipts == ANY and any(_is_reported(s) for s in self.segments)

    @property
    def is_delivered(self) -> bool:
        """Whether all of it has arrived by it."""
        return bool(self.segments) and aggregate(self.states) == DELIVERED

    @property
    def is_over(self) -> bool:
        """Whether nothing holds the message on it."""
        return bool(self.segments) and all(self._holds_nothing(s) for s in self.segments)

    @property
    def may_be_over(self) -> bool:
        """Whether that may still come, though something has failed."""
        return all(s.state in OPEN or self._is_listed(s) for s in self.segments)

    @property
    def reason(self) -> str | None:
        """Why it is left: of what failed first, else of what came back."""
        failed = [s.reason for s in self.segments if s.state in FAILED]
        if failed or self.late:
            return failed[0] if failed else TIMEOUT
        return next((s.reason for s in self.segments if s.segment in self.back), None)

    @property
    def is_written(self) -> bool:
        """Whether anything of it was written."""
        return any(s.state != ROUTED for s in self.segments)

    def _holds_nothing(self, segment: SegmentStatus) -> bool:
        if segment.state == ROUTED:
            return segment.segment in self.back
        if segment.state == ACCEPTED and self.is_reported:  # by that one, which holds it or not
            return True
        if segment.state == ACCEPTED:
            return TIMEOUT in self.retry.on and segment.segment in self.late
        return self._is_listed(segment)

    def _is_listed(self, segment: SegmentStatus) -> bool:
        cause = (segment.reason or "").partition(":")[0]  # without the SMSC's own error code
        return segment.state in RETRIED and cause in self.retry.on


def deliveries(here: Here, left: Sequence[Way]) -> int:
    """How many ways have delivered all of the message; ideally one, at last."""
    return sum(way.end == DELIVERED for way in left) + here.is_delivered


class Verdict(NamedTuple):
    """The state of a message, and why."""

    state: str
    reason: str | None


def verdict(here: Here, left: Sequence[Way], *, is_asked: bool, is_refused: bool) -> Verdict:
    """What a message is by its ways: `is_asked` for another one, which may have been refused."""
    states = here.states
    ends = [way.end for way in left]
    state = aggregate(states)
    if state == DELIVERED:
        told = (s.reason for s in here.segments if s.state == DELIVERED and s.reason)
        return Verdict(DELIVERED, next(told, None))
    if DELIVERED in ends:
        return Verdict(DELIVERED, None)
    if is_asked and not is_refused:
        return Verdict(ROUTED, here.reason)
    if state in FAILED and here.may_be_over:
        rest = aggregate([state for state in states if state not in FAILED])
        return Verdict(SENDING if rest == ROUTED else rest, None)
    reason = next((s.reason for s in here.segments if s.state == state), None)
    if is_refused and state == ROUTED and left:
        state, reason = ends[-1], left[-1].reason
    if state in FAILED and any(end not in TERMINAL for end in ends):
        return Verdict(ACCEPTED, None)  # what was too late for a retry may still be delivered
    if state in FAILED and UNKNOWN in ends:
        return Verdict(UNKNOWN, NO_RECEIPT)
    return Verdict(state, reason)


def _is_reported(segment: SegmentStatus) -> bool:
    return segment.receipt_ms is not None and segment.state in REPORTED


def _is_spoken_for(segment: SegmentStatus) -> bool:
    """Whether it was accepted, and no receipt of its own has said more."""
    return segment.accepted_ms is not None and segment.state in SPOKEN_FOR
