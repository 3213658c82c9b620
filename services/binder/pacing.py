"""Segments a second: a token bucket that learns, pure.

The rate counts segments written to the socket, whatever bind they take. The bucket is small, so
that no second sees more than the contract: at rate r with headroom h, a sliding second holds at
most r(1-h) plus the bucket, which is half the headroom (at least one segment). Where one segment
is more than the headroom (2.5 a second is what each of four replicas owns of 10) the rate is less:
a second never holds more than the whole segments owned, so that all replicas together hold to it.

An SMSC that throttles below the contract is believed: once a second the rate in force falls by the
share of answers that were ESME_RTHROTTLED, at most to a half (multiplicative decrease), and rises
by `GAIN` of the contract in a second without one (additive increase). By shares, because one answer
in a hundred says that the rate is a hundredth too high, and nine in ten that it is far too high.
"""

from collections.abc import Collection, Sequence
from math import floor

GAIN = 0.05  # of the contract, a second
FACTOR_MIN = 0.02  # of the contract: somebody must ask whether it has become better
CUT_MAX = 0.5
JUDGED_EVERY_S = 1.0
LESS = 1e-6  # a rate of n and a bucket of one make n + 1; a little less than n makes n
NO_BINDS: dict[int, int] = {}


class Pacer:
    """The rate this process owns of one account, a `rates.Rate`. Times are monotonic seconds."""

    def __init__(self, contract_per_s: float, headroom: float) -> None:
        self.rate_per_s = 0.0
        self.owned_per_s = 0.0  # by contract
        self.factor = 1.0  # of what is owned: less than 1 while the SMSC takes less
        self._contract_per_s = contract_per_s
        self._headroom = headroom
        self._paced_per_s = 0.0
        self._tokens = 0.0
        self._filled_at = 0.0
        self._held_until = 0.0
        self._judged_at = 0.0
        self._throttled = 0
        self._passed = 0

    def own(self, share: float, now: float, _binds: Collection[int] = ()) -> None:
        """`share` (0..1) of the account's rate is ours from `now` on."""
        self._fill(now)
        self.owned_per_s = self._contract_per_s * share
        paced = self.owned_per_s * (1 - self._headroom)
        whole = floor(self.owned_per_s)
        self._paced_per_s = min(paced, whole - LESS) if whole else paced
        self.rate_per_s = self._paced_per_s * self.factor

    def hold(self, seconds: float, now: float, _bind: int = 0) -> None:
        """Write nothing for a while: the SMSC has said we are too fast."""
        self._held_until = max(self._held_until, now + seconds)
        self._tokens = 0.0

    def passed(self, _bind: int = 0) -> None:
        """An answer that was no complaint of the rate."""
        self._passed += 1

    def throttled(self, _bind: int = 0) -> None:
        """An answer that was."""
        self._throttled += 1

    def room(self, now: float, _rooms: dict[int, int] = NO_BINDS) -> int:
        """How many segments may be written now."""
        if now < self._held_until:
            return 0
        self._fill(now)
        return int(self._tokens)

    def spend(self, segments: int, _bind: int = 0) -> None:
        """So many of them were."""
        self._tokens -= segments

    def wait_s(self, now: float, _binds: Sequence[int] = ()) -> float:
        """Seconds until there is room; infinite while no rate is owned."""
        if not self.rate_per_s:
            return float("inf")
        self._fill(now)
        missing = max(0.0, 1 - self._tokens) / self.rate_per_s
        return max(missing, self._held_until - now)

    def _fill(self, now: float) -> None:
        start = max(self._filled_at, self._held_until)
        if now > start:
            size = max(1.0, self.rate_per_s * self._headroom / 2)
            self._tokens = min(size, self._tokens + (now - start) * self.rate_per_s)
        self._filled_at = max(self._filled_at, now)
        if now - self._judged_at >= JUDGED_EVERY_S:
            self._judge(now)

    def _judge(self, now: float) -> None:
        answers = self._passed + self._throttled
        if self._throttled:
            cut = max(CUT_MAX, 1 - self._throttled / answers)
            self.factor = max(FACTOR_MIN, self.factor * cut)
        elif answers:
            self.factor = min(1.0, self.factor + GAIN)
        self.rate_per_s = self._paced_per_s * self.factor
        self._throttled = self._passed = 0
        self._judged_at = now
