"""How long a router may stand and wait for somebody else: a share of its time, and no more; pure.

What is allowed grows with the time that passes and is spent by waiting, so that in no stretch of
time more than this share of it, and one wait, has gone into waiting.
"""


class Patience:
    """An allowance of seconds; times are of a clock that never goes back."""

    def __init__(self, share: float, wait_s: float, now_s: float) -> None:
        """`wait_s`: the longest single wait, and the most that is saved up."""
        self._share = share
        self._wait_s = wait_s
        self._left_s = wait_s
        self._at_s = now_s

    def left_s(self, now_s: float) -> float:
        """How long may be waited now."""
        grown_s = self._left_s + (now_s - self._at_s) * self._share
        self._left_s, self._at_s = min(self._wait_s, grown_s), now_s
        return max(0.0, self._left_s)

    def spend(self, waited_s: float) -> None:
        """So long has been waited."""
        self._left_s -= waited_s
