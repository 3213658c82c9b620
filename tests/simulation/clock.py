"""Virtual time: what happens later, in one heap; a run of an hour takes as long as its events."""

import heapq
from collections.abc import Callable

EPOCH_MS = 1_790_000_000_000


class Clock:
    """Seconds since the beginning; events of the same moment in the order they were asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbered = 0

    @property
    def ms(self) -> int:
        """Wall clock, milliseconds since 1970."""
        return EPOCH_MS + int(self.now * 1000)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` in so many seconds."""
        self._numbered += 1
        heapq.heappush(self._heap, (self.now + max(0.0, seconds), self._numbered, action))

    def run(self, until: float, is_over: Callable[[], bool]) -> None:
        """Let things happen until `is_over`, or until a moment, or until nothing is left."""
        while self._heap and not is_over():
            at, _, action = heapq.heappop(self._heap)
            if at > until:
                return
            self.now = at
            action()
