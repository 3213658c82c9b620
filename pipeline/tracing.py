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
from collections.abc import Callable
from typing import Any

import structlog
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
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
        self, facts: dict[str, Any], came_with: Headers | None, tell: Callable[..., None]
    ) -> None:
        """`facts` are those of an SDK's span; at the end `tell(facts, what its log line says)`."""
        context: SpanContext = facts["context"]
        self._facts = facts
        self._tell = tell
        self._trace_id = f"{context.trace_id:032x}"
        self.traceparent = f"00-{self._trace_id}-{context.span_id:016x}-01"
        self.headers = onward(came_with, self.traceparent, is_new=facts["parent"] is None)

    def happened(self, event: str, at_ms: int) -> None:
        """Something that it did at a time since 1970 UTC."""
        self._facts.setdefault("events", []).append(Event(event, timestamp=at_ms * 1_000_000))

    def end(self, record: object, error: str | None = None) -> None:
        """It is over; of the record is told what is no number and no text. `error` is a word."""
        facts, said = self._facts, said_of(record)
        facts["attributes"].update({SAID[field]: value for field, value in said.items()})
        if error is not None:
            facts["attributes"]["error.type"] = error
            facts["status"] = Status(StatusCode.ERROR)
            said["error"] = error
        self._tell({**facts, "end_time": time.time_ns()}, {"trace_id": self._trace_id, **said})


class Tracer:
    """Makes the spans of one process.

    Not by the SDK's own tracer: by that one costs half as much again.
    """

    def __init__(
        self, processor: SpanProcessor, resource: Resource, beginning: Sampler | None = None
    ) -> None:
        """`processor` takes what is over; `beginning` says which requests begin a trace that come
        without one."""
        self._processor = processor
        self._resource = resource
        self._beginning = beginning
        self._ids = RandomIdGenerator()
        self._log = LOG.bind()  # once: that costs as much as a span

    def admit(self, headers: Headers | None) -> Trace | None:
        """The trace a request is in, if it is sampled; AS_IT_CAME for one that begins its own."""
        if self._beginning is None or is_traced(headers):
            return trace_of(headers)
        trace_id = self._ids.generate_trace_id()
        found = self._beginning.should_sample(None, trace_id, "process").decision
        return AS_IT_CAME if found is Decision.RECORD_AND_SAMPLE else None

    def begin(self, trace: Trace, group: str, origin: Origin, since_ns: int = 0) -> Span:
        """The span of a record that `group` has read; it began at `since_ns`, or begins now."""
        came_from = _context(trace) if trace.traceparent else None
        parent = None if trace.is_past else came_from
        trace_id = parent.trace_id if parent else self._ids.generate_trace_id()
        facts = {
            "name": f"process {origin.topic}",
            "context": SpanContext(trace_id, self._ids.generate_span_id(), False, SAMPLED),
            "parent": parent,
            "links": [Link(came_from)] if came_from and not parent else [],
            "start_time": since_ns or time.time_ns(),
            "attributes": {
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": group,
                "messaging.destination.name": origin.topic,
                "messaging.destination.partition.id": str(origin.partition),
                "messaging.kafka.offset": origin.offset,
            },
        }
        return Span(facts, origin.headers, self._tell)

    def _tell(self, facts: dict[str, Any], said: dict[str, Any]) -> None:
        self._processor.on_end(
            ReadableSpan(
                **facts,
                resource=self._resource,
                kind=SpanKind.CONSUMER,
                instrumentation_scope=SCOPE,
            )
        )
        self._log.info(facts["name"], **said)

    def close(self) -> None:
        """Send what is left, to a receiver that takes it now."""
        send_the_rest(self._processor.shutdown)


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
    processor = BatchSpanProcessor(OTLPSpanExporter())
    return Tracer(processor, resource(service, replica), beginning)


def _context(trace: Trace) -> SpanContext:
    _, trace_id, span_id, flags = trace.traceparent.split("-")[:4]
    flag = TraceFlags(int(flags, 16))
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flag)
