"""What has been read and waits for its turn: lanes by weight, tenants of a lane in turn; pure.

    priority  acme ▮▮        bank ▮▮▮▮      16 of 21 while all have something, never held
    normal    acme ▮▮▮▮▮▮    bank            4
    bulk      acme ▮▮▮▮▮▮▮▮                   1

A tenant above its segments per second waits here, and so does a lane above its own, and all that
is not urgent while the credit is used up: see `pressure.py`. Within a flow (one lane of one tenant)
the order of arrival is kept.

Bulk that comes back from where it waited (`waiting.py`) is no flow, but has the same credit: it
comes after these, and what it would have had as one more lane of the least weight is kept for it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

URGENT = "priority"
TURN = 16  # records of one weight that a lane may give in a row
OWED_MAX = 100  # records kept for what comes back: a fifth of a batch

T = TypeVar("T")


@dataclass(slots=True)
class Bucket:
    """So many a second of somebody, at most one second's worth at once; `None` is any number."""

    rate_per_s: float | None
    _tokens: float = 1.0
    _at_s: float = 0.0

    def left(self, now_s: float) -> float:
        """How many may go now."""
        if self.rate_per_s is None:
            return float("inf")
        grown = self._tokens + (now_s - self._at_s) * self.rate_per_s
        self._tokens, self._at_s = min(grown, max(1.0, self.rate_per_s)), now_s
        return self._tokens

    def take(self, count: int) -> None:
        """So many have gone; what was urgent, or turned out long, may leave less than nothing."""
        if self.rate_per_s is not None:
            self._tokens -= count


@dataclass(slots=True, eq=False)
class Flow(Generic[T]):
    """One lane of one tenant."""

    lane: str
    tenant: str
    bucket: Bucket
    waiting: deque[T] = field(default_factory=deque)
    is_held: bool = False  # its tenant is paused

    def may_give(self, now_s: float) -> int:
        """How many of it may go now, as far as its tenant is concerned."""
        if self.is_held or not self.waiting:
            return 0
        count = len(self.waiting)
        return count if self.lane == URGENT else int(max(0, min(count, self.bucket.left(now_s))))


class Queues(Generic[T]):
    """All flows of one process. Times are monotonic seconds."""

    def __init__(
        self,
        weights: Mapping[str, int],
        rates: Mapping[str, float | None],
        lane_rates: Mapping[str, float | None] = MappingProxyType({}),
    ) -> None:
        """`weights` of the lanes, the most urgent first; `rates` of the tenants, per second, and
        `lane_rates` of lanes that are not urgent."""
        self._turns = {lane: weight * TURN for lane, weight in weights.items()}
        least = min(weights.values())
        self._parts = {lane: least / weight for lane, weight in weights.items()}
        buckets = {tenant: Bucket(rate) for tenant, rate in rates.items()}
        self._flows = {
            (lane, tenant): Flow[T](lane, tenant, buckets[tenant])
            for lane in weights
            for tenant in rates
        }
        self._rings = {lane: deque(self.flows(lane)) for lane in weights}
        self._rates = dict(rates)
        self._shares = dict.fromkeys(rates, 1.0)
        self._lane_rates = dict(lane_rates)
        self._lanes = {lane: Bucket(lane_rates.get(lane)) for lane in weights}
        self._owed = 0.0  # to what comes back
        self.credit = 0
        """Records that are not urgent and may still go."""

    def flows(self, lane: str) -> Sequence[Flow[T]]:
        """Those of one lane."""
        return [flow for flow in self._flows.values() if flow.lane == lane]

    def flow(self, lane: str, tenant: str) -> Flow[T]:
        """One of them."""
        return self._flows[lane, tenant]

    def own(self, tenant: str, share: float) -> None:
        """So much of what a tenant sends comes to this process, and so much of its rate is ours."""
        self._shares[tenant] = share
        rate = self._rates[tenant]
        self._flows[URGENT, tenant].bucket.rate_per_s = None if rate is None else rate * share

    def own_lane(self, lane: str, share: float) -> None:
        """So much of a lane comes to this process, and so much of its rate is ours."""
        rate = self._lane_rates.get(lane)
        self._lanes[lane].rate_per_s = None if rate is None else rate * share

    def limit(self, rates: Mapping[str, float | None]) -> None:
        """Tenants have these rates from now on; those that are not told of keep theirs."""
        for tenant in self._rates.keys() & rates.keys():
            self._rates[tenant] = rates[tenant]
            self.own(tenant, self._shares[tenant])

    def is_limited(self, lane: str, tenant: str) -> bool:
        """Whether either has a rate."""
        return self._rates[tenant] is not None or self._lane_rates.get(lane) is not None

    def tenants(self) -> Iterable[str]:
        """All there are."""
        return self._rates.keys()

    def charge(self, lane: str, tenant: str, more: int) -> None:
        """What was taken as one has turned out to be so many more."""
        self._flows[lane, tenant].bucket.take(more)
        self._lanes[lane].take(more)

    def hold(self, tenants: Iterable[str]) -> None:
        """These wait, all others do not."""
        held = set(tenants)
        for flow in self._flows.values():
            flow.is_held = flow.tenant in held

    def forget(self, is_gone: Callable[[T], bool]) -> None:
        """Drop what somebody else will read."""
        for flow in self._flows.values():
            flow.waiting = deque(item for item in flow.waiting if not is_gone(item))

    def take(self, most: int, now_s: float) -> list[T]:
        """The next ones whose turn it is, at most `most`."""
        taken: list[T] = []
        kept = min(int(self._owed), self.credit)
        self.credit -= kept
        before = -1
        while before < len(taken) < most:
            before = len(taken)
            for lane, turn in self._turns.items():
                self._serve(lane, min(turn, most - len(taken)), now_s, taken)
        self.credit += kept
        return taken

    def came_back(self, count: int, most: int) -> None:
        """So many have gone of what comes back, at most `most` and the credit: fewer than it could
        is all it wanted, so nothing is owed to it."""
        is_content = count < min(most, self.credit)
        self.credit = max(0, self.credit - count)
        self._owed = 0.0 if is_content else max(0.0, self._owed - count)

    def _serve(self, lane: str, turn: int, now_s: float, taken: list[T]) -> None:
        """Let the tenants of a lane give `turn` together, each its equal part."""
        ring, bucket = self._rings[lane], self._lanes[lane]
        if lane != URGENT:
            turn = int(max(0, min(turn, self.credit, bucket.left(now_s))))
        givers = sum(1 for flow in ring if flow.waiting)
        for _ in range(len(ring)):
            if turn <= 0 or not givers:
                break  # who has had nothing is the first the next time
            flow = ring[0]
            ring.rotate(-1)
            if not flow.waiting:
                continue
            count = min(max(1, turn // givers), flow.may_give(now_s))
            givers -= 1
            if lane != URGENT:
                self.credit -= count
                self._owed = min(OWED_MAX, self._owed + count * self._parts[lane])
            taken.extend(flow.waiting.popleft() for _ in range(count))
            flow.bucket.take(count)
            bucket.take(count)
            turn -= count
