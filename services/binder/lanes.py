"""Segments that wait to be written, pure: the priority lane first, each lane in order of arrival.

A segment that must be written again goes before everything that arrived after it, however the
answers came in; one that has been put off comes back to its place when its time has come.
"""

import heapq
from collections import deque
from collections.abc import Callable

from services.binder.core import Segment

Waiting = tuple[int, Segment]  # number of arrival first: heaps compare nothing else


class Lanes:
    """The waiting segments of one connector."""

    def __init__(self) -> None:
        self._fresh: dict[bool, deque[Waiting]] = {True: deque(), False: deque()}
        self._again: dict[bool, list[Waiting]] = {True: [], False: []}  # heaps by arrival
        self._put_off: list[tuple[float, int, Segment]] = []  # heap by when they may go
        self._arrivals = 0

    def __len__(self) -> int:
        lanes = (*self._fresh.values(), *self._again.values())
        return sum(map(len, lanes)) + len(self._put_off)

    def add(self, segment: Segment) -> None:
        """A segment has arrived."""
        self._arrivals += 1
        segment.arrival = self._arrivals
        self._fresh[segment.position.priority].append((segment.arrival, segment))

    def again(self, segment: Segment) -> None:
        """A segment that was taken is to be written again, in its old place."""
        heapq.heappush(self._again[segment.position.priority], (segment.arrival, segment))

    def put_off(self, segment: Segment, due: float) -> None:
        """A segment that was taken comes back to its old place at `due`."""
        heapq.heappush(self._put_off, (due, segment.arrival, segment))

    def ripen(self, now: float) -> None:
        """Bring back what was put off until now."""
        while self._put_off and self._put_off[0][0] <= now:
            self.again(heapq.heappop(self._put_off)[2])

    @property
    def next_due(self) -> float | None:
        """When the next segment that was put off comes back."""
        return self._put_off[0][0] if self._put_off else None

    @property
    def head(self) -> Segment | None:
        """The next segment to write."""
        for lane in (True, False):
            if self._again[lane]:
                return self._again[lane][0][1]
            if self._fresh[lane]:
                return self._fresh[lane][0][1]
        return None

    def take(self) -> Segment:
        """Take the head away."""
        for lane in (True, False):
            if self._again[lane]:
                return heapq.heappop(self._again[lane])[1]
            if self._fresh[lane]:
                return self._fresh[lane].popleft()[1]
        raise IndexError("nothing waits")

    def leave(self, is_left: Callable[[Segment], bool]) -> None:
        """Forget the segments that `is_left` says yes to."""
        for lane in (True, False):
            self._fresh[lane] = deque(w for w in self._fresh[lane] if not is_left(w[1]))
            self._again[lane] = [w for w in self._again[lane] if not is_left(w[1])]
            heapq.heapify(self._again[lane])
        self._put_off = [item for item in self._put_off if not is_left(item[2])]
        heapq.heapify(self._put_off)
