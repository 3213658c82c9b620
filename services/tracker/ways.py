"""When a message leaves the way it is on, and what it is by all of its ways; pure.

Theory. A message is on one way at a time. It leaves it when nothing of it can have reached the
handset there: each of its segments has come back unwritten, or failed as its rule lists, or, where
`timeout` is listed, was accepted and has waited too long for its receipt. One that was delivered,
may have been (unknown, or accepted without asking for a receipt) or failed otherwise keeps the
message where it is. Only a receipt that is late may still come: so the ways that were left with
something written are remembered, and what was delivered on any of them is delivered.
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
OPEN = frozenset({ROUTED, ACCEPTED})
RETRIED = frozenset({REJECTED, UNDELIVERABLE, EXPIRED})


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


class Here(NamedTuple):
    """The way a message is on: which `segments` have come `back`, of which a receipt is `late`."""

    segments: Sequence[SegmentStatus]
    back: Collection[int]
    late: Collection[int]
    retry: Retry

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
        if segment.state == ACCEPTED:
            return TIMEOUT in self.retry.on and segment.segment in self.late
        return self._is_listed(segment)

    def _is_listed(self, segment: SegmentStatus) -> bool:
        cause = (segment.reason or "").partition(":")[0]  # without the SMSC's own error code
        return segment.state in RETRIED and cause in self.retry.on


def deliveries(here: Here, left: Sequence[Way]) -> int:
    """How many ways have delivered all of the message; ideally one, at last."""
    ways = [way.states for way in left]
    ways += [tuple(segment.state for segment in here.segments)] if here.segments else []
    return sum(aggregate(states) == DELIVERED for states in ways)


class Verdict(NamedTuple):
    """The state of a message, and why."""

    state: str
    reason: str | None


def verdict(here: Here, left: Sequence[Way], *, is_asked: bool, is_refused: bool) -> Verdict:
    """What a message is by its ways: `is_asked` for another one, which may have been refused."""
    states = [segment.state for segment in here.segments]
    ends = [aggregate(way.states) for way in left]
    state = aggregate(states)
    if DELIVERED in (state, *ends):
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
