"""Receipts that wait for their segment, and orphans that may yet find theirs; pure.

    parked    those of the handset, in the order in which they came

Not under their ids: a segment may come under an id written otherwise, or without one.
"""

import msgspec

from pipeline.effects import Entries
from services.correlator.receipts import Receipt

PARKED = "parked"
PARKED_RECEIPTS_MAX = 16


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A receipt without a segment; `is_told` once it was published as an orphan."""

    receipt: Receipt
    parked_ms: int
    until_ms: int
    is_told: bool = False


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that wait."""

    waiting: tuple[Waiting, ...] = ()


class Parked:
    """What waits at one handset."""

    def __init__(self, state: Entries, now_ms: int) -> None:
        self._state = state
        self._now_ms = now_ms
        stored = state.get(PARKED, Stored) or Stored()
        self.waiting = tuple(one for one in stored.waiting if one.until_ms > now_ms)

    def add(self, receipt: Receipt, life_s: int) -> bool:
        """Let it wait; False when there is no room. An orphan makes room for one that waits."""
        waiting = list(self.waiting)
        if len(waiting) >= PARKED_RECEIPTS_MAX:
            told = next((one for one in waiting if one.is_told), None)
            if told is None:
                return False
            waiting.remove(told)
        mine = Waiting(receipt, self._now_ms, self._now_ms + life_s * 1000)
        self.keep([*waiting, mine])
        return True

    def keep(self, waiting: list[Waiting]) -> None:
        """These wait from now on, as long as a segment would live: a timer may come late."""
        self.waiting = tuple(waiting)
        if not waiting:
            self._state.drop(PARKED)
            return
        left_ms = max(one.until_ms for one in waiting) - self._now_ms
        self._state.put(PARKED, Stored(self.waiting), max(1, -(-left_ms // 1000)))
