"""Segments that wait to be written, pure: which is the next one.

    priority ─┐   within a lane, tenants in turn; within a tenant, order of arrival;
    normal ───┴─> what must be written again before all that arrived after it

Priority goes first, but of ten segments one is the normal lane's while it has any. A recipient that
cannot take more now is held: the refused segment and all that came after it to that number wait
together, nobody else does, and when the time has come the first goes alone to see. What is paused
waits aside until it is let go.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.ids import Msisdn
from services.binder.core import Segment

PRIORITY_IN_A_ROW = 9  # then the normal lane's turn: its share is at least a tenth

Waiting = tuple[int, Segment]  # number of arrival first: heaps compare nothing else


@dataclass(slots=True)
class Held:
    """What waits for one recipient, a heap by arrival."""

    waiting: list[Waiting] = field(default_factory=list)
    due: float = 0.0


class Lane:
    """One lane."""

    def __init__(self) -> None:
        self._again: list[Waiting] = []  # a heap by arrival
        self._fresh: dict[str, deque[Segment]] = {}  # by tenant, those whose turn it is first

    @property
    def head(self) -> Segment | None:
        """The next segment."""
        if self._again:
            return self._again[0][1]
        for waiting in self._fresh.values():
            return waiting[0]
        return None

    def add(self, segment: Segment) -> None:
        """It has arrived."""
        tenant = segment.submit.tenant
        waiting = self._fresh.get(tenant)
        if waiting is None:
            self._fresh[tenant] = deque((segment,))
        else:
            waiting.append(segment)

    def again(self, segment: Segment) -> None:
        """It is to be written after all, in its old place."""
        heapq.heappush(self._again, (segment.arrival, segment))

    def take(self) -> Segment:
        """Take the head away; the next tenant's turn."""
        if self._again:
            return heapq.heappop(self._again)[1]
        tenant, waiting = next(iter(self._fresh.items()))
        segment = waiting.popleft()
        if not waiting:
            del self._fresh[tenant]
        elif len(self._fresh) > 1:
            self._fresh[tenant] = self._fresh.pop(tenant)
        return segment

    def __iter__(self) -> Iterator[Segment]:
        yield from (segment for _, segment in self._again)
        for waiting in self._fresh.values():
            yield from waiting

    def leave(self, is_left: Callable[[Segment], bool]) -> None:
        """Forget those that `is_left` says yes to."""
        self._again = [w for w in self._again if not is_left(w[1])]
        heapq.heapify(self._again)
        kept = {t: deque(s for s in ws if not is_left(s)) for t, ws in self._fresh.items()}
        self._fresh = {tenant: waiting for tenant, waiting in kept.items() if waiting}


class Lanes:
    """The waiting segments of one connector. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._priority = Lane()
        self._normal = Lane()
        self._in_a_row = 0  # priority segments taken while the normal lane waited
        self._held: dict[Msisdn, Held] = {}
        self._due: list[tuple[float, Msisdn]] = []  # a heap
        self._paused: list[Segment] = []
        self._arrivals = 0
        self._count = 0

    def __len__(self) -> int:
        """How many wait, the paused ones not counted: they keep nobody from taking more."""
        return self._count

    @property
    def paused_count(self) -> int:
        """How many are paused."""
        return len(self._paused)

    def add(self, segment: Segment) -> None:
        """A segment has arrived."""
        self._arrivals += 1
        segment.arrival = self._arrivals
        self._count += 1
        if self._held and (held := self._held.get(segment.submit.recipient)):
            heapq.heappush(held.waiting, (segment.arrival, segment))
        else:
            self._lane(segment).add(segment)

    def again(self, segment: Segment) -> None:
        """A segment that was taken is to be written in its old place."""
        self._count += 1
        self._lane(segment).again(segment)

    def delay(self, segment: Segment, due: float) -> None:
        """A segment that was taken, and whatever follows it to its recipient, waits until `due`."""
        self._count += 1
        recipient = segment.submit.recipient
        held = self._held.setdefault(recipient, Held())
        heapq.heappush(held.waiting, (segment.arrival, segment))
        held.due = due
        heapq.heappush(self._due, (due, recipient))

    def ended(self, recipient: Msisdn) -> None:
        """A segment to this recipient has come to its end: those that waited may go."""
        held = self._held.pop(recipient, None)
        while held is not None and held.waiting:
            self._release_first(held)

    def pause(self, segment: Segment) -> None:
        """A segment that was taken waits aside."""
        self._paused.append(segment)

    def let_go(self) -> None:
        """All that is paused goes back to its place, to be judged anew."""
        paused, self._paused = self._paused, []
        for segment in paused:
            self.again(segment)

    def ripen(self, now: float) -> None:
        """Of every recipient whose time has come, let one segment go."""
        while self._due and self._due[0][0] <= now:
            due, recipient = heapq.heappop(self._due)
            held = self._held.get(recipient)
            if held is not None and held.waiting and held.due == due:
                self._release_first(held)

    @property
    def next_due(self) -> float | None:
        """When a held recipient's time comes."""
        return self._due[0][0] if self._due else None

    @property
    def head(self) -> Segment | None:
        """The next segment to write."""
        return self._turn().head

    def take(self) -> Segment:
        """Take the head away."""
        lane = self._turn()
        if lane is self._priority and self._normal.head is not None:
            self._in_a_row += 1
        else:
            self._in_a_row = 0
        segment = lane.take()
        self._count -= 1
        return segment

    def __iter__(self) -> Iterator[Segment]:
        yield from self._priority
        yield from self._normal
        for held in self._held.values():
            yield from (segment for _, segment in held.waiting)
        yield from self._paused

    def leave(self, is_left: Callable[[Segment], bool]) -> None:
        """Forget the segments that `is_left` says yes to; it is asked once of each."""
        self._priority.leave(is_left)
        self._normal.leave(is_left)
        for recipient, held in list(self._held.items()):
            held.waiting = [w for w in held.waiting if not is_left(w[1])]
            heapq.heapify(held.waiting)
            self.ended(recipient)  # the one that went to see may be gone, and then nobody would
        self._paused = [segment for segment in self._paused if not is_left(segment)]
        self._count = sum(1 for _ in self) - len(self._paused)

    def _turn(self) -> Lane:
        if self._in_a_row >= PRIORITY_IN_A_ROW and self._normal.head is not None:
            return self._normal
        return self._priority if self._priority.head is not None else self._normal

    def _lane(self, segment: Segment) -> Lane:
        return self._priority if segment.position.priority else self._normal

    def _release_first(self, held: Held) -> None:
        segment = heapq.heappop(held.waiting)[1]
        self._lane(segment).again(segment)
