"""Everything that happens later, by milliseconds, with one alarm of the event loop.

No task and no handle an item: what is due in the same millisecond is one list, the heap holds
milliseconds, and the loop is asked for the next of them only. Within a millisecond the order is
that in which it was planned.
"""

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Any

NEVER_MS = 1 << 63
NS_PER_MS = 1_000_000
EPOCH_NS = time.time_ns() - time.monotonic_ns()


def now_ns() -> int:
    """Nanoseconds since 1970 UTC that never go back, whatever is done to the machine's clock."""
    return EPOCH_NS + time.monotonic_ns()


class Timers:
    """What to call, with what, by the millisecond since 1970 in which it is due."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: dict[int, list[tuple[Callable[[Any], object], Any]]] = {}
        self._heap: list[int] = []
        self._count = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_ms = NEVER_MS

    def __len__(self) -> int:
        return self._count

    def at(self, due_ns: int, action: Callable[[Any], object], item: object) -> None:
        """Call `action(item)` at `due_ns`, never before it and at most a millisecond later."""
        due_ms = -(-due_ns // NS_PER_MS)
        planned = self._due.get(due_ms)
        self._count += 1
        if planned is not None:
            planned.append((action, item))
            return
        self._due[due_ms] = [(action, item)]
        heapq.heappush(self._heap, due_ms)
        if due_ms < self._alarm_ms:
            self._set_alarm(due_ms)

    def clear(self) -> None:
        """Forget everything."""
        self._due.clear()
        self._heap.clear()
        self._count = 0
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            self._alarm_ms = NEVER_MS

    def _set_alarm(self, due_ms: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_ms = due_ms
        in_s = max(0, due_ms * NS_PER_MS - now_ns()) / 1e9
        self._alarm = self._loop.call_at(self._loop.time() + in_s, self._ring)

    def _ring(self) -> None:
        heap = self._heap
        self._alarm = None
        self._alarm_ms = 0  # while this runs nothing can set an alarm: it is set once, below
        reached_ms = now_ns() // NS_PER_MS
        try:
            while heap and heap[0] <= reached_ms:
                self._do_all(heap[0])
                heapq.heappop(heap)
        finally:
            self._alarm_ms = NEVER_MS
            if heap:
                self._set_alarm(heap[0])

    def _do_all(self, due_ms: int) -> None:
        """What is planned for a millisecond, and what is added to it meanwhile."""
        planned, done = self._due[due_ms], 0
        try:
            for action, item in planned:
                done += 1
                action(item)
        except BaseException:
            self._due[due_ms] = planned[done:]
            self._count -= done
            raise
        del self._due[due_ms]
        self._count -= done
