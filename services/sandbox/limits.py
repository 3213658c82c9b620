"""Counting by the sliding second: any second, wherever it begins, not only those of the clock.

A limit that counts by the clock's seconds lets twice its rate pass around their borders; the
sliding one never does. Times are nanoseconds that never go back.
"""

from collections import deque

SECOND_NS = 1_000_000_000


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
