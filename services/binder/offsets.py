"""Which records of one partition are done: completed in any order, committed in order.

The committed offset says that everything before it is done. What is done beyond it is not lost
either: each outcome stands in the own output, and so does each intent to write what must not be
written twice. The commit's metadata holds the position in that output before which nothing of what
is not committed stands. The next owner reads from there to the end, and so knows every outcome
without a map of offsets in the metadata (4,095 characters at most, measured). An owner that leaves
in order also says up to which offset a record may be on the wire although nothing says so; of one
that does not, anything it may have taken can be.

Offsets have gaps: transaction markers take some. So the order is that of records taken, and the
next offset is always the next one delivered.
"""

import json
from collections import deque
from collections.abc import Mapping


class OffsetTracker:
    """One assignment of one partition; a new assignment gets a new tracker."""

    def __init__(self, base: int, output_position: int, known: Mapping[int, int]) -> None:
        """`base` is the next offset to take, `output_position` the end of the own output; `known`
        says of offsets beyond `base` where the own output speaks of them."""
        self.base = base
        self._output_end = output_position
        self._open: deque[int] = deque()
        self._done: set[int] = set()
        self._dropped: set[int] = set()
        self._places = dict(known)  # of what is not committed: where the own output begins with it

    @property
    def unfinished_count(self) -> int:
        """Records taken and neither done nor dropped."""
        return len(self._open) - len(self._done) - len(self._dropped)

    @property
    def done_ahead(self) -> int:
        """Records done beyond `base`."""
        return len(self._done)

    def take(self, offset: int) -> None:
        """A record has been taken; offsets come in order."""
        assert not self._open or offset > self._open[-1]
        self._open.append(offset)

    def drop(self, offset: int) -> None:
        """The record is left to the next owner: `base` never passes it."""
        self._dropped.add(offset)

    def intend(self, offset: int, output_offset: int) -> None:
        """An intent to write the record stands at `output_offset` of the own output."""
        self._note(offset, output_offset)

    def finish(self, offset: int, output_offset: int | None) -> None:
        """The record's outcome stands at `output_offset` of the own output; None: it has none."""
        if output_offset is not None:
            self._note(offset, output_offset)
        self._done.add(offset)
        while self._open and self._open[0] in self._done:
            passed = self._open.popleft()
            self.base = passed + 1
            self._done.discard(passed)
            self._places.pop(passed, None)

    def metadata(self, doubtful_before: int | None = None) -> str:
        """For the commit of `base`: from where to read the own output, and what is in doubt."""
        begin = min(self._places.values(), default=self._output_end)
        doubt = {} if doubtful_before is None else {"doubtful": doubtful_before}
        return json.dumps({"output": begin} | doubt)

    def _note(self, offset: int, output_offset: int) -> None:
        self._places.setdefault(offset, output_offset)
        self._output_end = max(self._output_end, output_offset + 1)


def output_position(metadata: str) -> int | None:
    """What `metadata` of an earlier commit said; None when it says nothing."""
    if not metadata:
        return None
    position = json.loads(metadata)["output"]
    return position if isinstance(position, int) else None


def doubtful_before(metadata: str) -> int | None:
    """Before which offset a record may be on the wire; None when the last owner did not say."""
    found = json.loads(metadata).get("doubtful") if metadata else None
    return found if isinstance(found, int) else None
