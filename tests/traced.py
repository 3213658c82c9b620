"""A tracer whose spans stay here, and a trace to be in."""

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from pipeline.effects import Headers
from pipeline.tracing import Telling, Tracer

TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = (f"00-{TRACE_ID}-{SPAN_ID}-{flags}" for flags in ("01", "00"))
CAME: Headers = [("traceparent", SAMPLED.encode())]
PASSED: Headers = [("traceparent", UNSAMPLED.encode())]


class Traced:
    """One, and what it has told."""

    def __init__(self, beginning: Sampler | None = None) -> None:
        self._sent = InMemorySpanExporter()
        telling = Telling(self._sent, Resource({}))
        self.tracer = Tracer(SimpleSpanProcessor(telling), beginning)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Those that are over."""
        return self._sent.get_finished_spans()

    def headers(self, number: int = 0) -> Headers:
        """What goes on with a span that is over."""
        context = self.spans[number].context
        assert context is not None
        return [("traceparent", f"00-{context.trace_id:032x}-{context.span_id:016x}-01")]
