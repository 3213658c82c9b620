"""Parts of inbound messages put together, pure: any order, over any bind, and twice.

Parts belong together when key, reference, total and width of the reference are the same. The key is
the caller's: sender and receiver at least, and whatever parts must agree on (data_coding, ports),
but no bind, for parts of one message come over several.

A part that came already counts once. A part that contradicts the one held is of another message
with the same reference: what was there is given up as it is, and nothing is ever mixed. A whole
message is remembered until its time is over, so that a part that comes again begins nothing.

What is held is limited, since anyone may send parts of what never ends: the oldest gives way. All
have one timeout, so the dict's order is the order of deadlines, as in `window`.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from math import inf

from smpp.errors import SegmentError
from smpp.segments import PARTS_MAX
from smpp.udh import Concatenation

MESSAGES_MAX = 10_000
OCTETS_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Assembled:
    """The bodies of a message in their order; `missing` are the numbers that never came."""

    key: Hashable
    octets: bytes
    missing: tuple[int, ...] = ()


@dataclass(slots=True)
class _Held:
    """The bodies of one message so far, by number."""

    key: Hashable
    total: int
    deadline: float
    bodies: dict[int, bytes] = field(default_factory=dict)
    is_told: bool = False

    def told(self) -> Assembled:
        self.is_told = True
        numbers = range(1, self.total + 1)
        octets = b"".join([self.bodies[number] for number in numbers if number in self.bodies])
        return Assembled(self.key, octets, tuple(n for n in numbers if n not in self.bodies))


class Assembly:
    """Unfinished messages; times are the caller's seconds, which never go back."""

    __slots__ = ("_held", "_messages_max", "_octets", "_octets_max", "_timeout_s")

    def __init__(
        self, timeout_s: float, messages_max: int = MESSAGES_MAX, octets_max: int = OCTETS_MAX
    ) -> None:
        """`timeout_s` runs from the first part that came."""
        self._timeout_s = timeout_s
        self._messages_max = messages_max
        self._octets_max = octets_max
        self._octets = 0
        self._held: dict[Hashable, _Held] = {}

    @property
    def deadline(self) -> float:
        """When to call `expire` next; infinite when nothing is held."""
        return next(iter(self._held.values())).deadline if self._held else inf

    def add(self, key: Hashable, part: Concatenation, body: bytes, now: float) -> list[Assembled]:
        """What this part completes, and what it ends unfinished; SegmentError for part 3 of 2."""
        if not 0 < part.number <= part.total <= PARTS_MAX:
            raise SegmentError(f"part {part.number} of {part.total}")
        name = (key, part.reference, part.total, part.is_wide)
        held = self._held.get(name)
        known = None if held is None else held.bodies.get(part.number)
        if known == body:
            return []
        ended = [] if known is None else self._drop(name)
        if held is None or known is not None:
            held = self._held[name] = _Held(key, part.total, now + self._timeout_s)
        held.bodies[part.number] = body
        self._octets += len(body)
        if len(held.bodies) == held.total:
            ended.append(held.told())
        return ended + self._make_room()

    def expire(self, now: float) -> list[Assembled]:
        """What is unfinished and due, as far as it came; all of it when `now` is infinite."""
        due = []
        for name, held in self._held.items():
            if held.deadline > now:
                break
            due.append(name)
        return [ended for name in due for ended in self._drop(name)]

    def _make_room(self) -> list[Assembled]:
        ended = []
        while len(self._held) > self._messages_max or self._octets > self._octets_max:
            ended += self._drop(next(iter(self._held)))
        return ended

    def _drop(self, name: Hashable) -> list[Assembled]:
        held = self._held.pop(name)
        self._octets -= sum(map(len, held.bodies.values()))
        return [] if held.is_told else [held.told()]
