"""Spans: what each service did about a sampled record, sent by OTLP; the one door to the SDK.

One span a service and record, `process <topic>`, by the messaging conventions of OpenTelemetry. The
producer decides what is sampled, by its `traceparent`; a record that is not costs one look at its
headers. A request without one begins a trace only where OTEL_TRACES_SAMPLER says how many do.

Without an OTLP endpoint there is no tracer, and headers go on as they come. Nothing waits for the
receiver of spans: what can't be sent in time is dropped. A span ends with the decision: when a
transaction is aborted, or a batch repeated after a crash, it is told twice.
"""

import os
import threading
import time
from typing import Any

import structlog
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision, Sampler
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from pipeline.effects import AS_IT_CAME, Headers, Trace
from pipeline.kafka.clients import Origin
from pipeline.metrics import is_pushed, resource
from pipeline.traceparent import is_traced, onward, trace_of

LOG = structlog.get_logger()
CLOSE_S = 2
SAID = {  # what is told of a record, by field of it or of its head: span attribute
    "record": "sms.record",  # the name of its schema
    "message_id": "messaging.message.id",
    "connector": "sms.connector",
    "outcome": "sms.outcome",
    "state": "sms.state",
    "reason": "sms.reason",
    "command_status": "sms.command_status",
    "segment": "sms.segment",
    "kind": "sms.kind",
}


class Span:
    """What a service does about one record; `headers` go on with what follows from it."""

    def __init__(
        self, span: Any, name: str, came_with: Headers | None, log: Any, *, is_new: bool
    ) -> None:
        context = span.get_span_context()
        self._span = span
        self._log = log
        self._name = name
        self._trace_id = f"{context.trace_id:032x}"
        self.traceparent = f"00-{self._trace_id}-{context.span_id:016x}-01"
        self.headers = onward(came_with, self.traceparent, is_new=is_new)

    def happened(self, event: str, at_ms: int) -> None:
        """Something that it did at a time since 1970 UTC."""
        self._span.add_event(event, timestamp=at_ms * 1_000_000)

    def end(self, record: object, error: str | None = None) -> None:
        """It is over; of the record is told what is no number and no text. `error` is a word."""
        said = said_of(record)
        self._span.set_attributes({SAID[field]: value for field, value in said.items()})
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
            said["error"] = error
        self._span.end()
        self._log.info(self._name, trace_id=self._trace_id, **said)


class Tracer:
    """Makes the spans of one process."""

    def __init__(self, provider: TracerProvider, beginning: Sampler | None = None) -> None:
        """`beginning` says which requests begin a trace that come without one."""
        self._provider = provider
        self._tracer = provider.get_tracer("heliograph")
        self._beginning = beginning
        self._log = LOG.bind()  # once: that costs as much as a span

    def admit(self, headers: Headers | None) -> Trace | None:
        """The trace a request is in, if it is sampled; AS_IT_CAME for one that begins its own."""
        if self._beginning is None or is_traced(headers):
            return trace_of(headers)
        trace_id = self._provider.id_generator.generate_trace_id()
        found = self._beginning.should_sample(None, trace_id, "process").decision
        return AS_IT_CAME if found is Decision.RECORD_AND_SAMPLE else None

    def begin(self, trace: Trace, group: str, origin: Origin, since_ns: int = 0) -> Span:
        """The span of a record that `group` has read; it began at `since_ns`, or begins now."""
        name = f"process {origin.topic}"
        came_from = _context(trace) if trace.traceparent else None
        is_new = came_from is None or trace.is_past
        context = Context()
        if came_from is not None and not is_new:
            context = set_span_in_context(NonRecordingSpan(came_from), context)
        span = self._tracer.start_span(
            name,
            context,
            SpanKind.CONSUMER,
            {
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": group,
                "messaging.destination.name": origin.topic,
                "messaging.destination.partition.id": str(origin.partition),
                "messaging.kafka.offset": origin.offset,
            },
            [Link(came_from)] if came_from is not None and is_new else (),
            since_ns or time.time_ns(),
        )
        return Span(span, name, origin.headers, self._log, is_new=is_new)

    def close(self) -> None:
        """Send what is left, to a receiver that takes it now."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(CLOSE_S)


def said_of(record: object) -> dict[str, Any]:
    """What is told of a record, by field: words and small numbers, nothing a person has written."""
    if record is None:
        return {}
    head = getattr(record, "head", None)
    found = {field: getattr(record, field, getattr(head, field, None)) for field in SAID}
    found["record"] = type(record).__name__
    return {field: value for field, value in found.items() if isinstance(value, str | int)}


def make_tracer(service: str, replica: str) -> Tracer | None:
    """The tracer of a process, as the OTEL_* variables say; None when nobody takes spans."""
    if not is_pushed("traces"):
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider = TracerProvider(ALWAYS_ON, resource(service, replica), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    is_asked = os.environ.get("OTEL_TRACES_SAMPLER")
    beginning = TracerProvider(shutdown_on_exit=False).sampler if is_asked else None
    return Tracer(provider, beginning)


def _context(trace: Trace) -> SpanContext:
    _, trace_id, span_id, flags = trace.traceparent.split("-")[:4]
    flag = TraceFlags(int(flags, 16))
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flag)
