"""So much a second for each sender, where a carrier counts by sender; pure.

The submit topic is keyed by sender then, so the owner of a partition owns the whole budget of its
senders. Who is at its budget waits aside like a recipient that can't take more; others pass.
"""

from collections.abc import Mapping

from services.binder.core import Segment
from services.binder.lanes import Lanes, from_sender
from services.binder.pacing import Pacer

SENDERS_MAX = 10_000  # one that is forgotten begins anew with an empty bucket: it is never over


class Budget:
    """One sender's; segments whose intent is on its way to Kafka have their token reserved."""

    def __init__(self, rate_per_s: float, headroom: float, now: float) -> None:
        self.pacer = Pacer(rate_per_s, headroom)
        self.pacer.own(1.0, now)
        self.reserved: set[Segment] = set()

    def wait_s(self, segment: Segment, now: float) -> float:
        """Seconds until the segment may be written; 0: now."""
        room = self.pacer.room(now) - len(self.reserved)
        if room > 0 or (segment in self.reserved and room + len(self.reserved) > 0):
            return 0.0
        return max(self.pacer.wait_s(now), 1 / self.pacer.rate_per_s)


class Budgets:
    """A `turns.Turns` by sender. Times are monotonic seconds."""

    def __init__(
        self, lanes: Lanes, rate_per_s: float | None, of: Mapping[str, float], headroom: float
    ) -> None:
        """`of` says it for some senders, `rate_per_s` for all others; None: they have no limit."""
        self._lanes = lanes
        self._rate_per_s = rate_per_s
        self._of = of
        self._headroom = headroom
        self._budgets: dict[str, Budget] = {}

    def holds_back(self, segment: Segment, now: float) -> bool:
        """See Turns."""
        budget = self._budget(segment.submit.source_addr, now)
        if budget is None:
            return False
        key = from_sender(segment)
        if segment not in budget.reserved and self._lanes.is_behind(segment, key):
            self._lanes.follow(self._lanes.take(), key)
            return True
        wait_s = budget.wait_s(segment, now)
        if wait_s:
            self._lanes.delay(self._lanes.take(), now + wait_s, key)
        return wait_s > 0

    def intended(self, segment: Segment) -> None:
        """See Turns."""
        if budget := self._budgets.get(segment.submit.source_addr):
            budget.reserved.add(segment)
            self._lanes.release(from_sender(segment))

    def written(self, segment: Segment) -> None:
        """See Turns."""
        if budget := self._budgets.get(segment.submit.source_addr):
            budget.reserved.discard(segment)
            budget.pacer.spend(1)
            self._lanes.release(from_sender(segment))

    def stepped_aside(self, segment: Segment) -> None:
        """See Turns."""
        if budget := self._budgets.get(segment.submit.source_addr):
            budget.reserved.discard(segment)
            self._lanes.release(from_sender(segment))

    def ended(self, segment: Segment) -> None:
        """See Turns."""
        self._lanes.ended(segment.submit.recipient)
        if segment.written_ms is None or self._lanes.is_out(segment, from_sender(segment)):
            self.stepped_aside(segment)

    def _budget(self, sender: str, now: float) -> Budget | None:
        budget = self._budgets.get(sender)
        rate_per_s = self._of.get(sender, self._rate_per_s)
        if budget is None and rate_per_s is not None:
            if len(self._budgets) >= SENDERS_MAX:
                del self._budgets[next(iter(self._budgets))]
            budget = self._budgets[sender] = Budget(rate_per_s, self._headroom, now)
        return budget
