"""The window that a congested SMSC leaves us: `congestion_state`, SMPP 5.0 section 4.8.4.18.

A 5.0 peer tells with its answers how loaded it is, 0 (idle) to 100 (congested), and wants to be
kept at 80 to 89. Those numbers come with every answer and are about the whole window before it, so
a step is taken once a window, not once an answer: up by an eighth of the full window, down by a
quarter, to one request at 100. A peer that never tells leaves the window as it is.
"""

STEP_UP_BELOW = 80
STEP_DOWN_FROM = 90
CONGESTED = 100


class Congestion:
    """How many of `requests_max` requests may be in flight: `allowed`, 1 to `requests_max`."""

    __slots__ = ("_heard", "_requests_max", "allowed")

    def __init__(self, requests_max: int) -> None:
        self.allowed = requests_max
        self._requests_max = requests_max
        self._heard = 0

    def resize(self, requests_max: int) -> None:
        """The window is of another size from now on; what is in flight stays."""
        self.allowed = self._requests_max = requests_max

    def hear(self, congestion_state: int) -> None:
        """An answer said so; numbers over 100 are as good as 100."""
        self._heard += 1
        if self._heard < self.allowed:
            return
        self._heard = 0
        if congestion_state >= CONGESTED:
            self.allowed = 1
        elif congestion_state >= STEP_DOWN_FROM:
            self.allowed = max(1, self.allowed * 3 // 4)
        elif congestion_state < STEP_UP_BELOW:
            self.allowed = min(self._requests_max, self.allowed + max(1, self._requests_max // 8))
