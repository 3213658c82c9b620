"""How long a batch takes, from its first record to its commit, and how long the commit itself.

Of a batch, not of a record: whoever waits for what follows from a record waits for the commit.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.instruments import MetricName
from pipeline.metrics import KAFKA, Metrics

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
OPERATIONS: tuple[tuple[MetricName, str], ...] = (
    ("messaging.process.duration", "process"),
    ("messaging.client.operation.duration", "commit"),
)

R = TypeVar("R")


class Batch:
    """The one that is open, if one is."""

    __slots__ = ("_commits", "_since_s", "_whole")

    def __init__(self, metrics: Metrics, group: str) -> None:
        self._whole, self._commits = (
            metrics.histogram(
                name,
                BOUNDS_S,
                **KAFKA,
                **{"messaging.operation.name": operation, "messaging.consumer.group.name": group},
            )
            for name, operation in OPERATIONS
        )
        self._since_s = 0.0

    def begin(self) -> None:
        """A record is read; the first one opens the batch."""
        if not self._since_s:
            self._since_s = time.monotonic()

    def ended_by(self, commit: Callable[..., R]) -> Callable[..., R]:
        """`commit`, which ends the batch; one that raises leaves it open."""

        def committed(*args: object, **kwargs: object) -> R:
            begun_s = time.monotonic()
            result = commit(*args, **kwargs)
            now_s = time.monotonic()
            self._commits.note(now_s - begun_s)
            if self._since_s:
                self._whole.note(now_s - self._since_s)
                self._since_s = 0.0
            return result

        return committed
