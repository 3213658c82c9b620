"""Segments that wait to be written, pure: which is the next one.

    priority ─┐   within a lane, tenants in turn; within a tenant, order of arrival;
    normal ───┴─> what must be written again before all that arrived after it

Priority goes first, but a share of all is the normal lane's while it has any. A recipient that
cannot take more now is held: the refused segment and all that came after it to that number wait
together, nobody else does, and when the time has come the first goes alone to see. A sender at its
budget is held likewise, and in strict order whatever follows a segment that is on its way. What is
paused waits aside until it is let go.
"""

import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from math import floor, inf

from services.binder.core import Segment

NORMAL_SHARE = 0.1

Waiting = tuple[int, Segment]  # number of arrival first: heaps compare nothing else


@dataclass(slots=True)
class Held:
    """What waits for one recipient or sender, a heap by arrival."""

    waiting: list[Waiting] = field(default_factory=list)
    due: float = 0.0
    waited_s: float = 0.0  # in delays, since it has been held
    out: Segment | None = None  # the one that goes alone, until it is held again or has ended


def from_sender(segment: Segment) -> str:
    """What a segment's sender is held by; recipients, digits, are by themselves."""
    return "from " + segment.submit.source_addr


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

    def __init__(self, normal_share: float = NORMAL_SHARE) -> None:
        """`normal_share`: what is the normal lane's at least, 0 to 0.5; 0 keeps nothing for it."""
        self._priority = Lane()
        self._normal = Lane()
        self._in_a_row_max = floor(1 / normal_share) - 1 if normal_share else inf
        self._in_a_row = 0  # priority segments taken while the normal lane waited
        self.held: dict[str, Held] = {}
        self._due: list[tuple[float, str]] = []  # a heap
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
        self._lane(segment).add(segment)

    def again(self, segment: Segment) -> None:
        """A segment that was taken is to be written in its old place."""
        self._count += 1
        self._lane(segment).again(segment)

    def delay(self, segment: Segment, due: float, key: str | None = None) -> Held:
        """A segment that was taken, and whatever follows it to its recipient, or under another
        `key`, waits until `due`; returns who waits."""
        key = key or segment.submit.recipient
        held = self._wait(segment, key)
        held.due = due
        heapq.heappush(self._due, (due, key))
        return held

    def ended(self, key: str) -> None:
        """A segment to this recipient has come to its end: those that waited may go."""
        held = self.held.pop(key, None)
        while held is not None and held.waiting:
            self._release_first(held)

    def release(self, key: str) -> None:
        """The one that went has done so: the next one may, alone."""
        held = self.held.get(key)
        if held is not None and held.waiting:
            self._release_first(held)
        elif held is not None:
            del self.held[key]

    def go(self, segment: Segment) -> None:
        """Strict order: it is on its way, and those that follow it wait for its end."""
        self.held.setdefault(segment.submit.recipient, Held()).out = segment

    def is_out(self, segment: Segment, key: str) -> bool:
        """Whether others of the same `key` wait for this one."""
        held = self.held.get(key)
        return held is not None and held.out is segment

    def is_behind(self, segment: Segment, key: str) -> bool:
        """Whether its recipient, or what else `key` says, is held, and another goes before it.

        It is asked when its turn comes and not before: who waits has had its turn, and so came
        before all that have not.
        """
        held = self.held.get(key)
        if held is None or held.out is segment:
            return False
        return held.out is not None or bool(held.waiting)

    def follow(self, segment: Segment, key: str) -> None:
        """A segment that was taken waits with those of the same `key`."""
        self._wait(segment, key)

    def passed(self, segment: Segment) -> None:
        """Its end has come, and the next one's turn, alone, unless another is on its way."""
        held = self.held.get(segment.submit.recipient)
        if held is not None and held.out in (None, segment):
            self.release(segment.submit.recipient)

    def pause(self, segment: Segment) -> None:
        """A segment that was taken waits aside; nobody waits for it."""
        self._paused.append(segment)
        for key in (segment.submit.recipient, from_sender(segment)) if self.held else ():
            held = self.held.get(key)
            if held is not None and held.out is segment:
                self.ended(key)

    def let_go(self) -> None:
        """All that is paused goes back to its place, to be judged anew."""
        paused, self._paused = self._paused, []
        for segment in paused:
            self.again(segment)

    def ripen(self, now: float) -> None:
        """Of every recipient whose time has come, let one segment go."""
        while self._due and self._due[0][0] <= now:
            due, recipient = heapq.heappop(self._due)
            held = self.held.get(recipient)
            if held is not None and held.waiting and held.due == due and held.out is None:
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
        for held in self.held.values():
            yield from (segment for _, segment in held.waiting)
        yield from self._paused

    def leave(self, is_left: Callable[[Segment], bool]) -> Collection[Segment]:
        """Forget and return those that `is_left` says yes to; it is asked once of each."""
        left: dict[Segment, None] = {}

        def leaves(segment: Segment) -> bool:
            if is_left(segment):
                left[segment] = None
            return segment in left

        self._priority.leave(leaves)
        self._normal.leave(leaves)
        for key, held in list(self.held.items()):
            held.waiting = [w for w in held.waiting if not leaves(w[1])]
            heapq.heapify(held.waiting)
            if held.out in left:  # nobody else would let the others go
                self.ended(key)
            elif held.out is None and not held.waiting:
                del self.held[key]
        self._paused = [segment for segment in self._paused if not leaves(segment)]
        self._count = sum(1 for _ in self) - len(self._paused)
        return left.keys()

    def _turn(self) -> Lane:
        if self._in_a_row >= self._in_a_row_max and self._normal.head is not None:
            return self._normal
        return self._priority if self._priority.head is not None else self._normal

    def _lane(self, segment: Segment) -> Lane:
        return self._priority if segment.position.priority else self._normal

    def _wait(self, segment: Segment, key: str) -> Held:
        self._count += 1
        held = self.held.setdefault(key, Held())
        heapq.heappush(held.waiting, (segment.arrival, segment))
        if held.out is segment:
            held.out = None
        return held

    def _release_first(self, held: Held) -> None:
        segment = held.out = heapq.heappop(held.waiting)[1]
        self._lane(segment).again(segment)
