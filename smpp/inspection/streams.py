"""TCP segments of a capture become streams of octets in order, RFC 9293 section 3.10.

Segments may come out of order, twice, or overlapping. What a capture missed never comes: a hole is
given up when the other end acknowledges what lies behind it, or when too much waits there. Then the
`Piece` after it says how many octets are lost. A capture may begin in the middle of a connection,
so the first segment of a direction is where its stream begins. The end of a connection is not
watched for: the next one with the same ports begins with SYN.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from smpp.inspection.packets import SYN, Flow, Segment

WAITING_OCTETS_MAX = 1 << 18  # behind a hole, in one direction
WAITING_SEGMENTS_MAX = 1024
FLOWS_MAX = 1000  # directions remembered; the one silent longest is forgotten
SEQUENCE_SPAN = 1 << 32


class Piece(NamedTuple):
    """The next octets of one direction; `is_new` when it begins with its first ones."""

    flow: Flow
    octets: bytes
    is_new: bool = False
    lost_octets: int = 0  # before these


class Direction:
    """One direction. Sequence numbers are counted on where TCP's wrap round."""

    __slots__ = ("is_new", "next", "waiting", "waiting_octets")

    def __init__(self, sequence: int, *, is_new: bool) -> None:
        self.next = sequence
        self.is_new = is_new
        self.waiting: list[tuple[int, bytes]] = []
        self.waiting_octets = 0

    def place(self, sequence: int) -> int:
        """Where the number lies: at most half the span from what comes next."""
        half = SEQUENCE_SPAN // 2
        return self.next + (sequence - self.next + half) % SEQUENCE_SPAN - half

    def add(self, sequence: int, octets: bytes) -> None:
        """Keep octets until what is before them is here."""
        heappush(self.waiting, (self.place(sequence), octets))
        self.waiting_octets += len(octets)

    def take(self, upto: int | None) -> tuple[int, bytes]:
        """The octets that are next, and how many before them are given up for lost.

        A hole is given up when all to the number `upto` was acknowledged, or too much waits.
        """
        lost, ready = 0, list[bytes]()
        while self.waiting:
            at, octets = self.waiting[0]
            if at > self.next:
                is_full = (
                    self.waiting_octets > WAITING_OCTETS_MAX
                    or len(self.waiting) > WAITING_SEGMENTS_MAX
                )
                if ready or not (is_full or (upto is not None and self.place(upto) >= at)):
                    break
                lost = at - self.next
                self.next = at
            heappop(self.waiting)
            self.waiting_octets -= len(octets)
            ready.append(octets[self.next - at :])
            self.next = max(self.next, at + len(octets))
        return lost, b"".join(ready)


class Streams:
    """All connections of one capture."""

    def __init__(self) -> None:
        self._directions: dict[Flow, Direction] = {}

    def take(self, segment: Segment) -> Iterator[Piece]:
        """What is in order now: mostly the segment itself, and what it makes room for."""
        flow = segment.flow
        if segment.flags & SYN:
            self._remember(flow, Direction(segment.sequence + 1, is_new=True))
        elif segment.payload:
            direction = self._directions.pop(flow, None)
            direction = direction or Direction(segment.sequence, is_new=False)
            self._remember(flow, direction)
            direction.add(segment.sequence, segment.payload)
            yield from self._pieces(flow, None)
        if segment.acknowledged is not None and flow.back in self._directions:
            yield from self._pieces(flow.back, segment.acknowledged)

    def rest(self) -> Iterator[Piece]:
        """At the end of the capture: what still waits behind a hole."""
        for flow, direction in self._directions.items():
            while direction.waiting:
                yield from self._pieces(flow, direction.waiting[0][0])

    def _pieces(self, flow: Flow, upto: int | None) -> Iterator[Piece]:
        direction = self._directions[flow]
        while True:
            lost, octets = direction.take(upto)
            if not octets:
                return
            yield Piece(flow, octets, direction.is_new, lost)
            direction.is_new = False

    def _remember(self, flow: Flow, direction: Direction) -> None:
        """Last in the dict, so the first one is silent longest."""
        self._directions.pop(flow, None)
        self._directions[flow] = direction
        if len(self._directions) > FLOWS_MAX:
            del self._directions[next(iter(self._directions))]
