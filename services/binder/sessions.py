"""A rate that is each bind's own, where the contract says so much a session; pure.

Every bind has a bucket of its own. What one leaves unused because it is slow is no other's.
"""

from collections.abc import Collection, Sequence

from services.binder.pacing import Pacer


class Sessions:
    """A `rates.Rate` by bind. Times are monotonic seconds."""

    def __init__(self, contract_per_s: float, headroom: float) -> None:
        """`contract_per_s` is one session's."""
        self._contract_per_s = contract_per_s
        self._headroom = headroom
        self._binds: dict[int, Pacer] = {}

    @property
    def rate_per_s(self) -> float:
        """Of all binds that are ours."""
        return sum(pacer.rate_per_s for pacer in self._binds.values())

    @property
    def owned_per_s(self) -> float:
        """What the contract gives all binds that are ours."""
        return self._contract_per_s * len(self._binds)

    def own(self, _share: float, now: float, binds: Collection[int]) -> None:
        """`binds` are ours from `now` on, and no others."""
        kept = {bind: pacer for bind, pacer in self._binds.items() if bind in binds}
        for bind in binds:
            if bind not in kept:
                kept[bind] = Pacer(self._contract_per_s, self._headroom)
                kept[bind].own(1.0, now)
        self._binds = kept

    def room(self, now: float, rooms: dict[int, int]) -> int:
        """How many segments may be written now; cuts the `rooms` of binds to what each may."""
        for bind, room in rooms.items():
            pacer = self._binds.get(bind)
            rooms[bind] = 0 if pacer is None else min(room, pacer.room(now))
        return sum(rooms.values())

    def spend(self, segments: int, bind: int) -> None:
        """So many of them were, by `bind`."""
        if pacer := self._binds.get(bind):
            pacer.spend(segments)

    def wait_s(self, now: float, binds: Sequence[int]) -> float:
        """Seconds until one of `binds` may write."""
        ours = [self._binds[bind] for bind in binds if bind in self._binds]
        return min((pacer.wait_s(now) for pacer in ours), default=float("inf"))

    def passed(self, bind: int) -> None:
        """An answer on `bind` that was no complaint of the rate."""
        if pacer := self._binds.get(bind):
            pacer.passed()

    def throttled(self, bind: int) -> None:
        """An answer on `bind` that was."""
        if pacer := self._binds.get(bind):
            pacer.throttled()

    def hold(self, seconds: float, now: float, bind: int) -> None:
        """Write nothing on `bind` for a while."""
        if pacer := self._binds.get(bind):
            pacer.hold(seconds, now)
