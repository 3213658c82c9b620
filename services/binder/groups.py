"""A rate that several connectors share, because the carrier counts them together; pure.

Partition p of any of them owns the same part of it, and a process pools what it owns. Who of them
may write is settled by turns: of those that wait for nothing but the rate, the one that has had
least for what it owns. So nobody starves, and what one leaves unused is the others'.
"""

from collections.abc import Collection, Sequence

from services.binder.pacing import Pacer


class Group:
    """The group's rate in this process, and who shares it."""

    def __init__(self, contract_per_s: float, headroom: float, partitions: int) -> None:
        """`partitions` is how many its connectors have together."""
        self.contract_per_s = contract_per_s
        self.pacer = Pacer(contract_per_s, headroom)
        self.partitions = partitions
        self.members: list[Member] = []

    def join(self) -> "Member":
        """One more connector."""
        self.members.append(Member(self))
        return self.members[-1]


class Member:
    """A `rates.Rate`: what one connector has of its group. Times are monotonic seconds."""

    def __init__(self, group: Group) -> None:
        self.share = 0.0
        self.had = 0.0  # segments written, by what is owned
        self.is_waiting = False  # for the rate, and for nothing else
        self._group = group
        self._pacer = group.pacer

    @property
    def rate_per_s(self) -> float:
        """What is ours of the rate in force."""
        return self._pacer.rate_per_s * self.share / (self._shared or 1.0)

    @property
    def owned_per_s(self) -> float:
        """What the contract gives the partitions that are ours."""
        return self._group.contract_per_s * self.share

    def own(self, _share: float, now: float, binds: Collection[int]) -> None:
        """`binds` are ours from `now` on, and no others."""
        self.share = len(binds) / self._group.partitions
        self.is_waiting = False
        self._pacer.own(self._shared, now)

    def room(self, now: float, _rooms: dict[int, int]) -> int:
        """How many segments may be written now."""
        self.is_waiting = False
        is_turn = self.share and self.had <= self._least_had()
        return self._pacer.room(now) if is_turn else 0

    def spend(self, segments: int, _bind: int) -> None:
        """So many of them were."""
        self._pacer.spend(segments)
        self.had += segments / self.share

    def wait_s(self, now: float, _binds: Sequence[int]) -> float:
        """Seconds until there is room."""
        if not self.is_waiting:  # who wanted nothing for a while has no claim to that while
            self.had = max(self.had, self._least_had() - 1 / (self.share or 1.0))
            self.is_waiting = True
        return self._pacer.wait_s(now)

    def passed(self, _bind: int) -> None:
        """An answer that was no complaint of the rate."""
        self._pacer.passed()

    def throttled(self, _bind: int) -> None:
        """An answer that was."""
        self._pacer.throttled()

    def hold(self, seconds: float, now: float, _bind: int) -> None:
        """Write nothing for a while: the contract is one, so it is meant for all."""
        self._pacer.hold(seconds, now)

    def _least_had(self) -> float:
        others = (other.had for other in self._group.members if other.is_waiting)
        return min(others, default=self.had)

    @property
    def _shared(self) -> float:
        return sum(member.share for member in self._group.members)
