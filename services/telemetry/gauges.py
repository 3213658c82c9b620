"""Figures as metrics: what was told last of each; what is told no more has no value."""

import math

from pipeline.instruments import MetricName
from pipeline.metrics import Metrics

Key = tuple[MetricName, tuple[tuple[str, str], ...]]


class Gauges:
    """Declares each as it first comes."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._values: dict[Key, float] = {}
        self._fresh: set[Key] = set()

    def put(self, name: MetricName, value: float | None, **labels: str) -> None:
        """It is so now; None is not known."""
        key = name, tuple(sorted(labels.items()))
        self._fresh.add(key)
        is_new = key not in self._values
        self._values[key] = math.nan if value is None else value
        if is_new:
            self._metrics.gauge(name, lambda: self._values[key], **labels)

    def turn(self) -> None:
        """All has been put: what was not has no value any more."""
        for key in self._values.keys() - self._fresh:
            self._values[key] = math.nan
        self._fresh.clear()
