"""The names under which Prometheus finds what METRICS declares, as the real exporter has them."""

import ast
from functools import cache
from pathlib import Path

from prometheus_client import generate_latest

from pipeline.instruments import METRICS, MetricName
from pipeline.metrics import Metrics

ROOT = Path(__file__).parents[2]
OF_HISTOGRAMS = ("_bucket", "_sum", "_count")


@cache
def names_rendered() -> frozenset[str]:
    """All of them, with what a histogram adds."""
    metrics = Metrics("names", "names-0")
    kinds = _kinds()
    for name in METRICS:
        match kinds.get(name, "gauge"):
            case "counter":
                metrics.counter(name)
            case "histogram":
                metrics.histogram(name, (1,))
            case _:
                metrics.gauge(name, lambda: 1.0)
    text = generate_latest().decode()
    metrics.close()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset(line.split("{")[0].split()[0] for line in lines)


def _kinds() -> dict[MetricName, str]:
    """What the services make of each: who is no counter and no histogram is a gauge."""
    found: dict[MetricName, str] = {}
    for folder in ("pipeline", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                    first = node.args[0]
                    if called in ("counter", "histogram") and isinstance(first, ast.Constant):
                        found[first.value] = called
    return found
