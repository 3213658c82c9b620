"""Segments a second: a token bucket, pure.

The rate counts segments written to the socket, whatever bind they take. The bucket is small, so
that no second sees more than the contract: at rate r with headroom h, a sliding second holds at
most r(1-h) plus the bucket, which is half the headroom (at least one segment).
"""


class Pacer:
    """The rate this process owns of one account."""

    def __init__(self, contract_per_s: float, headroom: float) -> None:
        self._contract_per_s = contract_per_s
        self._headroom = headroom
        self._tokens = 0.0
        self._filled_at = 0.0
        self._held_until = 0.0
        self.rate_per_s = 0.0

    def own(self, share: float, now: float) -> None:
        """`share` (0..1) of the account's rate is ours from `now` on."""
        self._fill(now)
        self.rate_per_s = self._contract_per_s * (1 - self._headroom) * share

    def hold(self, seconds: float, now: float) -> None:
        """Write nothing for a while: the SMSC has said we are too fast."""
        self._held_until = max(self._held_until, now + seconds)
        self._tokens = 0.0

    def take(self, now: float) -> bool:
        """Whether one segment may be written now; if so, it counts."""
        if now < self._held_until:
            return False
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def wait_s(self, now: float) -> float:
        """Seconds until `take` can say yes; infinite while no rate is owned."""
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
