"""Telemetry as a process: reads the public topics, serves what they add up to.

It reads all of them from their beginning, under a group of its own that commits as it goes; nothing
depends on it, and its lag slows nobody.
"""

import threading
from collections.abc import Callable
from functools import cache

import structlog
from confluent_kafka import Consumer, KafkaException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline import topics
from pipeline.config import Config, section
from pipeline.errors import BrokerError, UnreadableError
from pipeline.kafka.clients import make_member, next_offsets, take
from pipeline.kafka.lag import Lag
from pipeline.metrics import Metrics
from pipeline.process import Process, process, stop_signal
from pipeline.readers import reader_of
from pipeline.records import Dlr, Mo, MtEvent
from services.telemetry.config import TelemetryConfig
from services.telemetry.core import Summary, percentile

LOG = structlog.get_logger()
GROUP = "telemetry"
READS = (topics.MT_EVENT, topics.DLR, topics.DLR_ORPHAN, topics.MO)
POLL_S = 0.1


class Counters:
    """The counters of what is read, each looked up once."""

    def __init__(self, metrics: Metrics) -> None:
        counter = metrics.counter
        self.dead = cache(lambda topic, why: counter("sms.records.dead", topic=topic, reason=why))
        self.events = cache(
            lambda event, connector: counter(
                "sms.telemetry.events", event=event, connector=connector
            )
        )


class Shell:
    """One telemetry process."""

    def __init__(self, config: TelemetryConfig) -> None:
        self._config = config
        self._summary = Summary(config.latencies_max)
        self._lag: dict[str, int] = {}
        self._lock = threading.Lock()

    def summary(self, _: Request) -> JSONResponse:
        """What the live table of the demo shows."""
        with self._lock:
            return JSONResponse({**self._summary.as_dict(), "lag": self._lag})

    def run(self, ground: Process, stopping: threading.Event) -> None:
        """Work until `stopping`."""
        self._declare_metrics(ground)
        counters = Counters(ground.metrics)
        consumer = make_member(ground.config.kafka, GROUP)
        consumer.subscribe(list(READS), on_assign=lambda *_: self._note_assignment(ground))
        measuring = threading.Thread(
            target=self._measure_lag, args=(ground, stopping), name="lag", daemon=True
        )
        measuring.start()
        try:
            while not stopping.is_set():
                self._read(ground, consumer, counters)
        finally:
            consumer.close()

    def _note_assignment(self, ground: Process) -> None:
        ground.is_ready = lambda: True

    def _read(self, ground: Process, consumer: Consumer, counters: "Counters") -> None:
        messages = take(consumer, POLL_S)
        if not messages:
            return
        with self._lock:
            for message in messages:
                topic = message.topic() or ""
                try:
                    record = ground.codec.decode(message.value(), MtEvent, Dlr, Mo)
                except UnreadableError as error:
                    counters.dead(topic, error.reason).value += 1
                    continue
                self._summary.note(record)
                ground.metrics.consumed(topic, GROUP).value += 1
                if isinstance(record, MtEvent):
                    counters.events(record.event, record.connector or "").value += 1
        consumer.commit(offsets=next_offsets(messages), asynchronous=True)

    def _measure_lag(self, ground: Process, stopping: threading.Event) -> None:
        group_of = reader_of(ground.config)
        lag: Lag | None = None
        groups = sorted(set(group_of.values()))
        for group in groups:
            ground.metrics.gauge("sms.telemetry.lag", self._lag_of(group), group=group)
        while not stopping.wait(self._config.lag_interval_s):
            try:
                lag = lag or Lag(ground.config.kafka, group_of)
                told = lag.ask()
            except (KafkaException, BrokerError) as error:
                LOG.warning("the backlogs on show are old", error=str(error))
                continue
            found = dict.fromkeys(groups, 0)
            for topic, progress in told.items():
                found[group_of[topic]] += progress.behind
            with self._lock:
                self._lag = found

    def _lag_of(self, group: str) -> Callable[[], float]:
        return lambda: self._lag.get(group, 0)

    def _declare_metrics(self, ground: Process) -> None:
        for step in self._summary.latency_ms:
            for percent in (50, 99):
                ground.metrics.gauge(
                    "sms.telemetry.latency",
                    self._latency_of(step, percent),
                    step=step,
                    quantile=f"p{percent}",
                )

    def _latency_of(self, step: str, percent: int) -> Callable[[], float]:
        def read() -> float:
            with self._lock:
                return (percentile(self._summary.latency_ms[step], percent) or 0) / 1000

        return read


def main(config: Config, replica: str) -> None:
    """Run telemetry."""
    stopping = stop_signal()
    shell = Shell(section(config, "telemetry", TelemetryConfig))
    with process(
        "telemetry", config, replica, routes=[Route("/v1/summary", shell.summary)]
    ) as ground:
        shell.run(ground, stopping)
