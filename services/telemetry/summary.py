"""What the live table of the demo shows: `/v1/summary`, and the same as metrics."""

import threading
from collections.abc import Callable, Sequence
from functools import cache

import structlog
from confluent_kafka import KafkaException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.errors import BrokerError
from pipeline.kafka.lag import Lag
from pipeline.process import Process
from pipeline.readers import reader_of
from pipeline.records import MtEvent
from services.telemetry.config import TelemetryConfig
from services.telemetry.core import Summary, percentile
from services.telemetry.heard import Heard, Moved
from services.telemetry.parts import Desk, Part

LOG = structlog.get_logger()


def part(desk: Desk) -> Part:
    """What it adds to telemetry."""
    own = Board(desk.ground, desk.own)
    return Part([Route("/v1/summary", own.show)], [own], [own.measure_lag])


class Board:
    """Running totals and how far the groups are behind, as they are now."""

    def __init__(self, ground: Process, own: TelemetryConfig) -> None:
        self.lag: dict[str, int] = {}
        self._ground = ground
        self._interval_s = own.lag_interval_s
        self._summary = Summary(own.latencies_max)
        self._lock = threading.Lock()
        self._events = cache(
            lambda event, connector: ground.metrics.counter(
                "sms.telemetry.events", event=event, connector=connector
            )
        )
        for step in self._summary.latency_ms:
            for percent in (50, 99):
                ground.metrics.gauge(
                    "sms.telemetry.latency",
                    self._latency_of(step, percent),
                    step=step,
                    quantile=f"p{percent}",
                )

    def show(self, _: Request) -> JSONResponse:
        """All of it."""
        with self._lock:
            return JSONResponse({**self._summary.as_dict(), "lag": self.lag})

    def heard(self, batch: Sequence[Heard], moved: Sequence[Moved]) -> None:
        """Count them."""
        with self._lock:
            for one in batch:
                record = one.record
                self._summary.note(record)
                if isinstance(record, MtEvent):
                    self._events(record.event, record.connector or "").value += 1

    def measure_lag(self, stopping: threading.Event) -> None:
        """Ask how far the groups are behind, again and again."""
        group_of = reader_of(self._ground.config)
        lag: Lag | None = None
        groups = sorted(set(group_of.values()))
        for group in groups:
            self._ground.metrics.gauge("sms.telemetry.lag", self._lag_of(group), group=group)
        while not stopping.wait(self._interval_s):
            try:
                lag = lag or Lag(self._ground.config.kafka, group_of)
                told = lag.ask()
            except (KafkaException, BrokerError) as error:
                LOG.warning("the backlogs on show are old", error=str(error))
                continue
            found = dict.fromkeys(groups, 0)
            for topic, progress in told.items():
                found[group_of[topic]] += progress.behind
            with self._lock:
                self.lag = found

    def _lag_of(self, group: str) -> Callable[[], float]:
        return lambda: self.lag.get(group, 0)

    def _latency_of(self, step: str, percent: int) -> Callable[[], float]:
        def read() -> float:
            with self._lock:
                return (percentile(self._summary.latency_ms[step], percent) or 0) / 1000

        return read
