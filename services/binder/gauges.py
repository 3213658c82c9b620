"""What of a connector can be read at any time, as metrics."""

from collections.abc import Callable

from pipeline.ids import ConnectorId
from pipeline.instruments import MetricName
from pipeline.metrics import Metrics
from services.binder.binds import Binds
from services.binder.engine import Engine


def declare(metrics: Metrics, name: ConnectorId, engine: Engine, binds: Binds) -> None:
    """Show the connector `name`; who showed it before is forgotten."""
    gauges: dict[MetricName, Callable[[], float]] = {
        "sms.binder.unconfirmed": lambda: engine.unconfirmed,
        "sms.binder.unconfirmed.max": lambda: engine.unconfirmed_max,
        "sms.binder.binds": lambda: len(engine.wires),
        "sms.binder.receivers": lambda: binds.receiver_count,
        "sms.binder.queue": lambda: len(engine.lanes),
        "sms.binder.paused": lambda: engine.lanes.paused_count,
        "sms.binder.rate": lambda: engine.pacer.rate_per_s,
        "sms.binder.stopped": lambda: engine.circuit.stopped_by is not None,
        "sms.binder.maintenance": lambda: engine.maintenance is not None,
    }
    for gauge, value in gauges.items():
        metrics.gauge(gauge, value, connector=name)
