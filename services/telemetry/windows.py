"""What was counted lately: five minutes in slots of ten seconds, and single seconds; pure."""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from services.telemetry.snapshot import POINTS

SLOT_MS = 10_000
SLOTS = 30
LATELY_S = 5  # over which a rate is told: one second alone is too restless
K = TypeVar("K", bound=Hashable)


class Window(Generic[K]):
    """Counts by key of the last SLOTS slots; what is older when it comes is not counted."""

    def __init__(self) -> None:
        self.counts: Counter[K] = Counter()
        self._slots: dict[int, Counter[K]] = {}
        self._oldest = 0

    def note(self, key: K, at_ms: int) -> None:
        """Count one of `at_ms`."""
        number = at_ms // SLOT_MS
        if number < self._oldest:
            return
        slot = self._slots.get(number)
        if slot is None:
            slot = self._slots[number] = Counter()
        slot[key] += 1
        self.counts[key] += 1

    def roll(self, now_ms: int) -> bool:
        """Forget what is no longer lately; whether there was any."""
        self._oldest = now_ms // SLOT_MS - SLOTS + 1
        gone = [number for number in self._slots if number < self._oldest]
        for number in gone:
            self.counts -= self._slots.pop(number)  # and what is 0 then goes
        return bool(gone)


class Rates(Generic[K]):
    """How many a second, by key, of the last POINTS whole seconds."""

    def __init__(self) -> None:
        self._seconds: dict[K, dict[int, int]] = {}

    def note(self, key: K, now_s: int, count: int = 1) -> None:
        """Count them in this second."""
        seconds = self._seconds.setdefault(key, {})
        if now_s not in seconds:
            for second in [second for second in seconds if second < now_s - POINTS]:
                del seconds[second]
        seconds[now_s] = seconds.get(now_s, 0) + count

    def points(self, key: K, now_s: int) -> tuple[float, ...]:
        """POINTS rates, the newest last; the second that is running is not told."""
        seconds = self._seconds.get(key, {})
        return tuple(float(seconds.get(s, 0)) for s in range(now_s - POINTS, now_s))

    def per_s(self, key: K, now_s: int) -> float:
        """The rate of late."""
        return sum(self.points(key, now_s)[-LATELY_S:]) / LATELY_S
