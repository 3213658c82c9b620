"""How long a batch takes, from its first record to its commit: `messaging.process.duration`.

Of a batch, not of a record: whoever waits for what follows from a record waits for the commit.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.metrics import KAFKA, Metrics

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)

R = TypeVar("R")


class Batch:
    """The one that is open, if one is."""

    __slots__ = ("_histogram", "_since_s")

    def __init__(self, metrics: Metrics, group: str) -> None:
        labels = {"messaging.operation.name": "process", "messaging.consumer.group.name": group}
        self._histogram = metrics.histogram(
            "messaging.process.duration", BOUNDS_S, **KAFKA, **labels
        )
        self._since_s = 0.0

    def begin(self) -> None:
        """A record is read; the first one opens the batch."""
        if not self._since_s:
            self._since_s = time.monotonic()

    def end(self) -> None:
        """It is committed."""
        if self._since_s:
            self._histogram.note(time.monotonic() - self._since_s)
            self._since_s = 0.0

    def ended_by(self, commit: Callable[..., R]) -> Callable[..., R]:
        """`commit`, which ends the batch."""

        def committed(*args: object, **kwargs: object) -> R:
            result = commit(*args, **kwargs)
            self.end()
            return result

        return committed
