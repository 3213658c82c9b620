"""What is left where it is while others pass it, by partition; pure.

    offset    3  4  5  6  7  8        3 and 6 are paused: committed is 3, and the partition is read
              L  x  x  L  x  .        again from there; then 4, 5 and 7 have passed and 8 is new

So nothing passes twice, as long as the partition is ours.
"""

from collections.abc import Iterable, Mapping

Place = tuple[str, int]  # topic and partition
LEFT_MAX = 10_000  # of one partition: then nothing passes any more


class Left:
    """Records are told of in the order of their offsets, those left before again and again."""

    def __init__(self) -> None:
        self._left: dict[Place, dict[int, None]] = {}  # offsets, rising
        self._next: dict[Place, int] = {}  # whatever is below has passed or is left

    def is_new(self, place: Place, offset: int) -> bool:
        """Whether a record that was read, maybe again, is to be dealt with."""
        return offset >= self._next.get(place, 0) or offset in self._left.get(place, ())

    def leave(self, place: Place, offset: int) -> bool:
        """Leave it where it is; False when too many are, and others must not pass it."""
        own = self._left.setdefault(place, {})
        if offset not in own:
            if len(own) >= LEFT_MAX:
                return False
            own[offset] = None
        self._reach(place, offset)
        return True

    def passed(self, place: Place, offset: int) -> None:
        """It has gone on."""
        self._left.get(place, {}).pop(offset, None)
        self._reach(place, offset)

    def firsts(self) -> Mapping[Place, int]:
        """Where to read again, of each partition where any is left."""
        return {place: next(iter(own)) for place, own in self._left.items() if own}

    def end(self, place: Place) -> int:
        """How far a partition may be committed, once all that has passed is confirmed."""
        return next(iter(self._left.get(place, ())), self._next[place])

    def forget(self, places: Iterable[Place]) -> None:
        """These are read by somebody else, from what was committed."""
        for place in places:
            self._left.pop(place, None)
            self._next.pop(place, None)

    def _reach(self, place: Place, offset: int) -> None:
        self._next[place] = max(self._next.get(place, 0), offset + 1)
