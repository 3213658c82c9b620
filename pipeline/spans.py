"""The spans of the record that a stateful service is deciding.

There is its own, if it is sampled. What a core says to follow from another trace, as a receipt
follows from what was submitted, is a span of that one.
"""

import time
from collections.abc import Callable

from pipeline.effects import AS_IT_CAME, Headers, Trace
from pipeline.kafka.clients import Origin
from pipeline.traceparent import trace_of
from pipeline.tracing import Span, Tracer


class Spans:
    """Those of one record at a time; `place()` is the partition and offset it has."""

    __slots__ = ("_at_ms", "_group", "_others", "_own", "_place", "_since_ns", "_topic", "_tracer")

    def __init__(
        self, tracer: Tracer, group: str, topic: str, place: Callable[[], tuple[int, int]]
    ) -> None:
        self._tracer = tracer
        self._group = group
        self._topic = topic
        self._place = place
        self._own: Span | None = None
        self._others: dict[Trace, tuple[Span, object]] = {}
        self._at_ms = self._since_ns = 0

    def begin(self, headers: Headers | None, at_ms: int) -> str | None:
        """The next record; the traceparent that goes on from it, if it is sampled."""
        self._at_ms, self._since_ns = at_ms, time.time_ns()
        trace = trace_of(headers)
        if trace is None:
            self._own = None
            return None
        self._own = self._begin(trace, headers)
        return self._own.traceparent

    def headers_of(self, trace: Trace | None, record: object) -> Headers | None:
        """What goes on with an effect of that trace; None for what has come with its cause."""
        own = self._own
        if trace is AS_IT_CAME:
            return own.headers if own else None
        if trace is None:
            return []
        if own is not None and own.traceparent == trace.traceparent:
            return own.headers
        if trace not in self._others:
            self._others[trace] = self._begin(trace, None), record
        span, _ = self._others[trace]
        return span.headers

    def end(self, record: object, error: str | None) -> None:
        """The record is decided; what follows from another trace says of itself what it is."""
        if self._own is not None:
            self._own.end(record, error)
        if self._others:
            for span, effect in self._others.values():
                span.end(effect)
            self._others.clear()

    def _begin(self, trace: Trace, came_with: Headers | None) -> Span:
        origin = Origin(self._topic, *self._place(), self._at_ms, came_with)
        return self._tracer.begin(trace, self._group, origin, self._since_ns)
