"""Everything that happens later, in one heap with one alarm of the event loop.

No task and no handle an item: the loop is asked for the next due time only, and one alarm does all
that has become due.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Any

NEVER_NS = 1 << 63
EPOCH_NS = time.time_ns() - time.monotonic_ns()


def now_ns() -> int:
    """Nanoseconds since 1970 UTC that never go back, whatever is done to the machine's clock."""
    return EPOCH_NS + time.monotonic_ns()


class Timers:
    """A heap of (due time, what to call, with what)."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[int, int, Callable[[Any], object], Any]] = []
        self._numbered = 0  # equal due times keep their order
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_ns = NEVER_NS

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due_ns: int, action: Callable[[Any], object], item: object) -> None:
        """Call `action(item)` at `due_ns`, never before it."""
        self._numbered += 1
        heapq.heappush(self._heap, (due_ns, self._numbered, action, item))
        if due_ns < self._alarm_ns:
            self._set_alarm(due_ns)

    def clear(self) -> None:
        """Forget everything."""
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            self._alarm_ns = NEVER_NS

    def _set_alarm(self, due_ns: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_ns = due_ns
        in_s = max(0, due_ns - now_ns()) / 1e9
        self._alarm = self._loop.call_at(self._loop.time() + in_s, self._ring)

    def _ring(self) -> None:
        heap, pop = self._heap, heapq.heappop
        self._alarm = None
        self._alarm_ns = 0  # while this runs nothing can set an alarm: it is set once, below
        reached_ns = now_ns()
        try:
            while heap and heap[0][0] <= reached_ns:
                _, _, action, item = pop(heap)
                action(item)
        finally:
            self._alarm_ns = NEVER_NS
            if heap:
                self._set_alarm(heap[0][0])
