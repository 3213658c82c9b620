"""What is written of an outcome, and the span it is of a sampled segment."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.connectors import ConnectorConfig
from pipeline.effects import Headers
from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.traceparent import trace_of
from services.binder.core import CRASHED, Outcome, Position, Segment, accepted
from services.binder.leases import Lease
from services.binder.outbox import Outbox
from tests.builders import mt_submit, mt_submitted
from tests.traced import CAME, PASSED, SPAN_ID, TRACE_ID, Traced

HERE = ConnectorId("here")
ACCOUNT = ConnectorConfig(hosts="h", system_id="s", password="p", rate_per_s=1)
CODEC = Codec()
REFUSED = Outcome("rejected", "ESME_RINVDSTADR", 11)


class Kafka:
    """Takes what is written, and confirms when it is told to."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Headers | None]] = []
        self._reports: list[tuple[str, Callable[[Any, Any], None]]] = []

    def produce(self, topic: str, *_: object, headers: Headers | None, on_delivery: Any) -> None:
        self.written.append((topic, headers))
        self._reports.append((topic, on_delivery))

    def confirm(self) -> None:
        for topic, report in self._reports:
            report(None, Said(topic))
        self._reports.clear()


class Said:
    """A record as Kafka shows it."""

    def __init__(self, topic: str, octets: bytes = b"", headers: Headers | None = None) -> None:
        self._topic, self._octets, self._headers = topic, octets, headers

    def topic(self) -> str:
        return self._topic

    def offset(self) -> int:
        return 7

    def value(self) -> bytes:
        return self._octets

    def headers(self) -> Headers | None:
        return self._headers


class Bench:
    """An outbox, and what it has written."""

    def __init__(self, traced: Traced | None) -> None:
        config = Config(dev=True, connectors={HERE: ACCOUNT})
        metrics = Metrics("binder", "binder-0")
        process = Process(config, "binder-0", metrics, CODEC, traced.tracer if traced else None)
        self.kafka = Kafka()
        self.done: list[int] = []
        self.outbox = Outbox(HERE, process, self.kafka, 2, self._fail)  # type: ignore[arg-type]

    def conclude(self, headers: Headers | None, outcome: Outcome, **changed: Any) -> Segment:
        lease: Any = Lease
        segment = Segment(mt_submit(), Position(False, 3, 41), lease, headers, attempt=1)
        segment.trace, segment.taken_ns, segment.written_ms = trace_of(headers), 1_000, 2
        for name, value in changed.items():
            setattr(segment, name, value)
        self.outbox.conclude(segment, outcome, 5, self.done.append)
        self.kafka.confirm()
        return segment

    def _fail(self, error: Exception) -> None:
        raise error


def test_a_sampled_segment_is_a_span_from_kafka_to_its_answer() -> None:
    traced = Traced()
    bench = Bench(traced)
    bench.conclude(CAME, accepted(0, "1a2b"))
    (span,) = traced.spans
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == SPAN_ID
    assert span.name == "process sms.mt.submit.here.g2"
    assert (span.start_time, [(e.name, e.timestamp) for e in span.events]) == (
        1_000,
        [("written", 2_000_000), ("answered", 5_000_000)],
    )
    said = dict(span.attributes or {})
    assert (said["messaging.consumer.group.name"], said["messaging.kafka.offset"]) == (
        "binder-here",
        41,
    )
    assert (said["sms.outcome"], said["sms.command_status"], span.status.is_ok) == (
        "accepted",
        0,
        True,
    )
    own = traced.headers()
    assert bench.kafka.written == [("sms.mt.submitted.here.g2", own), ("sms.correlator.in", own)]
    assert own[0][1] != CAME[0][1]
    assert str(own[0][1])[3:35] == TRACE_ID
    assert bench.done == [7]


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(accepted(0, "1"), None), (REFUSED, "ESME_RINVDSTADR"), (CRASHED, "crash")],
)
def test_what_failed_says_why(outcome: Outcome, error: str | None) -> None:
    traced = Traced()
    Bench(traced).conclude(CAME, outcome)
    (span,) = traced.spans
    assert dict(span.attributes or {}).get("error.type") == error
    assert span.status.is_ok == (error is None)


@pytest.mark.parametrize("headers", [None, PASSED])
def test_the_headers_of_a_segment_that_is_not_sampled_go_on_as_they_are(
    headers: Headers | None,
) -> None:
    traced = Traced()
    bench = Bench(traced)
    bench.conclude(headers, accepted(0, "1"))
    assert traced.spans == ()
    assert all(found is headers for _, found in bench.kafka.written)


def test_without_a_tracer_headers_go_on_as_they_are() -> None:
    bench = Bench(None)
    bench.conclude(CAME, accepted(0, "1"), trace=None)
    assert [found for _, found in bench.kafka.written] == [CAME, CAME]


def test_what_one_that_died_has_left_is_of_the_trace_of_its_record() -> None:
    traced = Traced()
    bench = Bench(traced)
    message: Any = Said("sms.mt.submit.here.g2", CODEC.encode(mt_submit(), ""), CAME)
    bench.outbox.repeat(mt_submitted(), message, lambda: bench.done.append(1))
    bench.kafka.confirm()
    assert bench.kafka.written == [("sms.correlator.in", CAME)]
    assert (traced.spans, bench.done) == ((), [1])
