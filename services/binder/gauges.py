"""What of a connector can be read at any time, as metrics.

What is counted later is declared here at 0: of a counter that begins with 1, nobody sees the 1.
"""

from collections.abc import Callable

from pipeline.ids import ConnectorId
from pipeline.instruments import MetricName
from pipeline.metrics import Metrics
from services.binder.binds import Binds
from services.binder.engine import Engine
from smpp.credentials import WRONG_CREDENTIALS

ATTEMPTS = ("bound", "failed", *(status.name for status in WRONG_CREDENTIALS))


def declare(metrics: Metrics, name: ConnectorId, engine: Engine, binds: Binds) -> None:
    """Show the connector `name`; who showed it before is forgotten."""
    gauges: dict[MetricName, Callable[[], float | None]] = {
        "sms.binder.unconfirmed": lambda: engine.unconfirmed,
        "sms.binder.unconfirmed.max": lambda: engine.unconfirmed_max,
        "sms.binder.binds": lambda: len(engine.wires),
        "sms.binder.receivers": lambda: binds.receiver_count,
        "sms.binder.binds.wanted": lambda: binds.wanted_count,
        "sms.binder.binds.denied": lambda: binds.denied_count,
        "sms.binder.certificate.expires": lambda: binds.certificate_expires_s,
        "sms.binder.queue": lambda: len(engine.lanes),
        "sms.binder.paused": lambda: engine.lanes.paused_count,
        "sms.binder.rate": lambda: engine.pacer.rate_per_s,
        "sms.binder.contract": lambda: engine.pacer.owned_per_s,
        "sms.binder.stopped": lambda: engine.circuit.stopped_by is not None,
        "sms.binder.maintenance": lambda: engine.maintenance is not None,
    }
    for gauge, value in gauges.items():
        metrics.gauge(gauge, value, connector=name)
    for result in ATTEMPTS:
        metrics.counter("sms.binder.bind.attempts", connector=name, result=result)
