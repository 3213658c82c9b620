"""Spans: what each service did about a sampled record, sent by OTLP; the one door to the SDK.

One span a service and record, `process <topic>`, by the messaging conventions of OpenTelemetry. The
producer decides what is sampled, by its `traceparent`; a record that is not costs one look at its
headers. A request without one begins a trace only where OTEL_TRACES_SAMPLER says how many do.

Without an OTLP endpoint there is no tracer, and headers go on as they come. Nothing waits for the
receiver of spans: what can't be sent in time is dropped. A span ends with the decision: when a
transaction is aborted, or a batch repeated after a crash, it is told twice.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from pipeline.effects import AS_IT_CAME, Headers, Trace
from pipeline.kafka.clients import Origin
from pipeline.metrics import is_pushed, resource, send_the_rest
from pipeline.traceparent import is_traced, onward, trace_of

LOG = structlog.get_logger()
SCOPE = InstrumentationScope("heliograph")
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
IDS = RandomIdGenerator()
NS_PER_MS = 1_000_000
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
    """What a service does about one record; `headers` go on with what follows from it.

    It keeps what it is told as it is: what is sent is made of it by who sends it.
    """

    context = SpanContext(1, 1, is_remote=False, trace_flags=SAMPLED)  # for who asks if it is

    def __init__(
        self, trace: Trace, group: str, origin: Origin, since_ns: int, end: Callable[["Span"], None]
    ) -> None:
        self.came_from = trace.traceparent
        self.is_new = trace.is_past or not trace.traceparent
        own = IDS.generate_trace_id() if self.is_new else None
        self.trace_id = trace.traceparent[3:35] if own is None else f"{own:032x}"
        self.span_id = f"{IDS.generate_span_id():016x}"
        self.group = group
        self.origin = origin
        self.since_ns = since_ns or time.time_ns()
        self.until_ns = 0
        self.events: list[tuple[str, int]] = []
        self.record: object = None
        self.error: str | None = None
        self.traceparent = f"00-{self.trace_id}-{self.span_id}-01"
        self.headers = onward(origin.headers, self.traceparent, is_new=self.is_new)
        self._end = end

    def happened(self, event: str, at_ms: int) -> None:
        """Something that it did at a time since 1970 UTC."""
        self.events.append((event, at_ms))

    def end(self, record: object, error: str | None = None) -> None:
        """It is over; of the record is told what is no number and no text. `error` is a word."""
        self.record, self.error, self.until_ns = record, error, time.time_ns()
        self._end(self)


class Tracer:
    """Begins the spans of one process.

    Not by the SDK's own tracer: by that one costs half as much again.
    """

    def __init__(self, processor: SpanProcessor, beginning: Sampler | None = None) -> None:
        """`processor` gives what is over to a `Telling`; `beginning` says which requests begin a
        trace that come without one."""
        self._processor = processor
        self._beginning = beginning
        self._end: Callable[[Any], None] = processor.on_end  # asks of it only if it is sampled

    def admit(self, headers: Headers | None) -> Trace | None:
        """The trace a request is in, if it is sampled; AS_IT_CAME for one that begins its own."""
        if self._beginning is None or is_traced(headers):
            return trace_of(headers)
        found = self._beginning.should_sample(None, IDS.generate_trace_id(), "process").decision
        return AS_IT_CAME if found is Decision.RECORD_AND_SAMPLE else None

    def begin(self, trace: Trace, group: str, origin: Origin, since_ns: int = 0) -> Span:
        """The span of a record that `group` has read; it began at `since_ns`, or begins now."""
        return Span(trace, group, origin, since_ns, self._end)

    def close(self) -> None:
        """Send what is left, to a receiver that takes it now."""
        send_the_rest(self._processor.shutdown)


class Telling(SpanExporter):
    """Sends spans, and says so in the log, where each is a line.

    On the thread that sends, many at once: amid the deciding each took four times as long.
    """

    def __init__(self, exporter: SpanExporter, resource: Resource) -> None:
        self._exporter = exporter
        self._resource = resource
        self._log = LOG.bind()  # once: that costs as much as a span

    def export(self, spans: Sequence[Any]) -> SpanExportResult:
        """Those that are over, each a `Span`."""
        return self._exporter.export([self._told(span) for span in spans])

    def shutdown(self) -> None:
        """No more will come."""
        self._exporter.shutdown()

    def _told(self, span: Span) -> ReadableSpan:
        said, name = said_of(span.record), f"process {span.origin.topic}"
        attributes = {SAID[field]: value for field, value in said.items()}
        status = Status()
        if span.error is not None:
            said["error"] = attributes["error.type"] = span.error
            status = Status(StatusCode.ERROR)
        self._log.info(name, trace_id=span.trace_id, **said)
        parent = _context(span.came_from) if span.came_from else None
        own = int(span.trace_id, 16), int(span.span_id, 16)
        return ReadableSpan(
            name=name,
            context=SpanContext(*own, is_remote=False, trace_flags=SAMPLED),
            parent=None if span.is_new else parent,
            links=[Link(parent)] if parent and span.is_new else [],
            start_time=span.since_ns,
            end_time=span.until_ns,
            events=[Event(event, timestamp=at_ms * NS_PER_MS) for event, at_ms in span.events],
            attributes={**_attributes(span), **attributes},
            status=status,
            resource=self._resource,
            kind=SpanKind.CONSUMER,
            instrumentation_scope=SCOPE,
        )


def _attributes(span: Span) -> dict[str, Any]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": span.group,
        "messaging.destination.name": span.origin.topic,
        "messaging.destination.partition.id": str(span.origin.partition),
        "messaging.kafka.offset": span.origin.offset,
    }


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

    is_asked = os.environ.get("OTEL_TRACES_SAMPLER")
    beginning = TracerProvider(shutdown_on_exit=False).sampler if is_asked else None
    telling = Telling(OTLPSpanExporter(), resource(service, replica))
    return Tracer(BatchSpanProcessor(telling), beginning)


def _context(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")[:4]
    flag = TraceFlags(int(flags, 16))
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flag)
