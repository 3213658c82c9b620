"""A receiver of OTLP in this process: what it has been sent, decoded."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


class Spanned(NamedTuple):
    """A span as it was received; ids in hexadecimal, "" for no parent."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[str, ...]  # trace_ids
    events: tuple[str, ...]
    attributes: dict[str, str | int]
    is_error: bool
    start_ns: int
    end_ns: int


@dataclass(slots=True)
class Receiver:
    """What was sent, and where to send it."""

    url: str
    spans: list[Spanned] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)
    octets: list[bytes] = field(default_factory=list)

    def of(self, trace_id: str) -> list[Spanned]:
        """The spans of a trace, by the time they began."""
        return sorted((s for s in self.spans if s.trace_id == trace_id), key=lambda s: s.start_ns)

    def wait_for(self, count: int, trace_id: str, timeout_s: float = 30) -> list[Spanned]:
        """The spans of a trace once there are so many; fails when they don't come."""
        deadline = time.monotonic() + timeout_s
        while len(found := self.of(trace_id)) < count:
            assert time.monotonic() < deadline, [(s.service, s.name) for s in self.spans]
            time.sleep(0.05)
        return found

    def take(self, path: str, body: bytes) -> None:
        """One export."""
        self.octets.append(body)
        if path.endswith("/v1/metrics"):
            told = ExportMetricsServiceRequest.FromString(body)
            self.metrics |= {
                metric.name
                for resource in told.resource_metrics
                for scope in resource.scope_metrics
                for metric in scope.metrics
            }
            return
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = str(_values(resource.resource.attributes)["service.name"])
            self.spans += [
                Spanned(
                    service,
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    tuple(link.trace_id.hex() for link in span.links),
                    tuple(event.name for event in span.events),
                    _values(span.attributes),
                    span.status.code == span.status.STATUS_CODE_ERROR,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                )
                for scope in resource.scope_spans
                for span in scope.spans
            ]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """One that listens."""
    own = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            own.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield own
    finally:
        server.shutdown()
        server.server_close()


def _values(attributes: "Iterator[KeyValue] | object") -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for one in attributes:  # type: ignore[attr-defined]
        value = one.value
        found[one.key] = value.int_value if value.HasField("int_value") else value.string_value
    return found
