"""Which records of one partition are done: completed in any order, committed in order.

The committed offset says that everything before it is done. What is done beyond it is not lost
either: each outcome stands in the own output, and the commit's metadata holds the position in that
output before which nothing of it is. The next owner reads from there to the end, and so knows every
outcome without a map of offsets in the metadata (4,095 characters at most, measured).

Offsets have gaps: transaction markers take some. So the order is that of records taken, and the
next offset is always the next one delivered.
"""

import json
from collections import deque


class OffsetTracker:
    """One assignment of one partition; a new assignment gets a new tracker."""

    def __init__(self, base: int, output_position: int) -> None:
        """`base` is the next offset to take, `output_position` the end of the own output."""
        self.base = base
        self._output_end = output_position
        self._open: deque[int] = deque()
        self._done: dict[int, int] = {}  # offset: where its outcome stands in the own output
        self._dropped: set[int] = set()

    @property
    def unfinished_count(self) -> int:
        """Records taken and neither done nor dropped."""
        return len(self._open) - len(self._done) - len(self._dropped)

    def take(self, offset: int) -> None:
        """A record has been taken; offsets come in order."""
        assert not self._open or offset > self._open[-1]
        self._open.append(offset)

    def drop(self, offset: int) -> None:
        """The record is left to the next owner: `base` never passes it."""
        self._dropped.add(offset)

    def finish(self, offset: int, output_offset: int | None) -> None:
        """The record's outcome stands at `output_offset` of the own output; None: it has none."""
        if output_offset is None:
            output_offset = self._output_end
        else:
            self._output_end = max(self._output_end, output_offset + 1)
        self._done[offset] = output_offset
        while self._open and self._open[0] in self._done:
            self.base = self._open.popleft() + 1
            del self._done[self.base - 1]

    def metadata(self) -> str:
        """For the commit of `base`: where the outcomes of later offsets begin in the own output."""
        return json.dumps({"output": min(self._done.values(), default=self._output_end)})


def output_position(metadata: str) -> int | None:
    """What `metadata` of an earlier commit said; None when it says nothing."""
    if not metadata:
        return None
    position = json.loads(metadata)["output"]
    return position if isinstance(position, int) else None
