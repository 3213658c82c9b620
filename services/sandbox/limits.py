"""Counting segments by the second, in the ways carriers do.

    sliding   any second, wherever it begins, holds at most the rate
    fixed     each second of the clock does: twice the rate passes around a border
    leaky     a bucket that leaks at the rate: what fits into it passes at once

A penalty makes any of them unforgiving. Times are nanoseconds since 1970 that never go back.
"""

from collections import deque
from typing import Protocol

from services.sandbox.answers import Limits

SECOND_NS = 1_000_000_000


class Limit(Protocol):
    """Lets some pass and not others."""

    def take(self, now_ns: int) -> bool:
        """Whether one more may pass now; if so, it has."""


class SlidingLimit:
    """Lets at most `events_max` pass in any second."""

    def __init__(self, events_max: int) -> None:
        assert events_max > 0
        self._events_max = events_max
        self._passed_ns: deque[int] = deque()

    def take(self, now_ns: int) -> bool:
        """Whether one more may pass now; if so, it has."""
        passed_ns = self._passed_ns
        if len(passed_ns) >= self._events_max:
            if now_ns - passed_ns[0] < SECOND_NS:
                return False
            passed_ns.popleft()
        passed_ns.append(now_ns)
        return True


class FixedLimit:
    """Lets at most `events_max` pass in each second of the clock."""

    def __init__(self, events_max: int) -> None:
        self._events_max = events_max
        self._second = -1
        self._passed = 0

    def take(self, now_ns: int) -> bool:
        """Whether one more may pass now; if so, it has."""
        second = now_ns // SECOND_NS
        if second != self._second:
            self._second, self._passed = second, 0
        if self._passed >= self._events_max:
            return False
        self._passed += 1
        return True


class LeakyLimit:
    """A bucket for `events_max` that leaks `rate_per_s`; what does not fit does not pass."""

    def __init__(self, rate_per_s: int, events_max: int) -> None:
        self._full = events_max * SECOND_NS  # an event is SECOND_NS high, so that all is integers
        self._rate_per_s = rate_per_s
        self._level = 0
        self._seen_ns = 0

    def take(self, now_ns: int) -> bool:
        """Whether one more may pass now; if so, it has."""
        leaked = (now_ns - self._seen_ns) * self._rate_per_s
        self._level = max(0, self._level - leaked)
        self._seen_ns = now_ns
        if self._level + SECOND_NS > self._full:
            return False
        self._level += SECOND_NS
        return True


class PenaltyLimit:
    """After one too many nothing passes for `penalty_s`, however quiet it becomes."""

    def __init__(self, limit: Limit, penalty_s: float) -> None:
        self._limit = limit
        self._penalty_ns = int(penalty_s * SECOND_NS)
        self._until_ns = 0

    def take(self, now_ns: int) -> bool:
        """Whether one more may pass now; if so, it has."""
        if now_ns < self._until_ns:
            return False
        if self._limit.take(now_ns):
            return True
        self._until_ns = now_ns + self._penalty_ns
        return False


def limit_of(limits: Limits) -> Limit | None:
    """A new count of the rate in `limits`, None when there is none."""
    rate_per_s = limits.rate_per_s
    if rate_per_s is None:
        return None
    limit: Limit
    if limits.counting == "sliding":
        limit = SlidingLimit(rate_per_s)
    elif limits.counting == "fixed":
        limit = FixedLimit(rate_per_s)
    else:
        limit = LeakyLimit(rate_per_s, limits.bucket or rate_per_s)
    return PenaltyLimit(limit, limits.penalty_s) if limits.above == "penalty" else limit


class SlidingPeak:
    """How many events the fullest second had."""

    def __init__(self) -> None:
        self.peak = 0
        self._noted_ns: deque[int] = deque()

    def note(self, now_ns: int) -> None:
        """One event now."""
        noted_ns = self._noted_ns
        noted_ns.append(now_ns)
        oldest_ns = now_ns - SECOND_NS
        while noted_ns[0] <= oldest_ns:
            noted_ns.popleft()
        if len(noted_ns) > self.peak:
            self.peak = len(noted_ns)
