"""The names under which Prometheus finds what METRICS declares, as the real exporter has them."""

import ast
from functools import cache
from pathlib import Path

from prometheus_client import generate_latest

from pipeline.instruments import METRICS, MetricName
from pipeline.metrics import Metrics
from services.sandbox.measured import GROWING

ROOT = Path(__file__).parents[2]


@cache
def names_rendered() -> frozenset[str]:
    """All of them, with what a histogram adds."""
    metrics = Metrics("names", "names-0")
    counted = _counted()
    for name in METRICS:
        if name.endswith(".duration"):
            metrics.histogram(name, (1,))
        elif name in counted:
            metrics.counter(name)
        else:
            watch = metrics.growing if name in GROWING else metrics.gauge
            watch(name, lambda: 1.0)
    text = generate_latest().decode()
    metrics.close()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset(line.split("{")[0].split()[0] for line in lines)


def _counted() -> set[MetricName]:
    """Those that anybody counts: what is no histogram and is not counted is read as it is."""
    calls = (
        node
        for folder in ("pipeline", "services")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)
    )
    return {
        call.args[0].value
        for call in calls
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in ("counter", "count")
    }
