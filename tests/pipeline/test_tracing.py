"""Spans as they are sent, and what goes on in headers."""

import json
import time
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON
from opentelemetry.trace import StatusCode

from pipeline.effects import AS_IT_CAME, Headers, Trace
from pipeline.kafka.clients import Origin
from pipeline.spans import Spans
from pipeline.tracing import make_tracer
from tests.otlp import receiver
from tests.services.correlator.builders import accepted
from tests.traced import SAMPLED, SPAN_ID, TRACE_ID, UNSAMPLED, Traced

CAME: Headers = [("traceparent", SAMPLED.encode()), ("tracestate", b"s"), ("ce_id", b"7")]
VARIABLES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def traced() -> Traced:
    return Traced()


def origin(headers: Headers | None) -> Origin:
    return Origin("sms.router.in", 3, 41, 1_790, headers)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def trace_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def test_a_sampled_record_is_a_span_of_its_producers_trace(traced: Traced) -> None:
    span = traced.tracer.begin(Trace(SAMPLED), "router", origin(CAME), 1_000)
    span.happened("written", 2)
    span.end(accepted(message="m1"))
    (told,) = traced.spans
    assert (told.name, told.kind.name, trace_id(told)) == (
        "process sms.router.in",
        "CONSUMER",
        TRACE_ID,
    )
    assert told.parent is not None
    assert (f"{told.parent.span_id:016x}", told.start_time) == (SPAN_ID, 1_000)
    assert [(event.name, event.timestamp) for event in told.events] == [("written", 2_000_000)]
    assert attributes(told) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "router",
        "messaging.destination.name": "sms.router.in",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 41,
        "messaging.message.id": "m1",
        "sms.record": "MtSubmitted",
        "sms.connector": "fast",
        "sms.outcome": "accepted",
        "sms.command_status": 0,
        "sms.segment": 1,
    }
    assert told.context is not None
    mine = f"00-{TRACE_ID}-{told.context.span_id:016x}-01"
    assert span.headers == [("traceparent", mine), *CAME[1:]]
    assert span.traceparent == mine


def test_what_follows_from_long_ago_begins_a_trace_with_a_link(traced: Traced) -> None:
    span = traced.tracer.begin(Trace(SAMPLED, is_past=True), "tracker", origin(CAME))
    span.end(None)
    (told,) = traced.spans
    assert told.parent is None
    assert trace_id(told) != TRACE_ID
    assert [f"{link.context.trace_id:032x}" for link in told.links] == [TRACE_ID]
    assert span.headers == [("traceparent", span.traceparent), ("ce_id", b"7")]


def test_what_fails_says_so_and_nothing_more(traced: Traced) -> None:
    traced.tracer.begin(Trace(SAMPLED), "router", origin(CAME)).end(None, "not_json")
    (told,) = traced.spans
    assert told.status.status_code is StatusCode.ERROR
    assert attributes(told)["error.type"] == "not_json"


def test_the_log_names_trace_and_message(traced: Traced) -> None:
    with structlog.testing.capture_logs() as lines:
        traced.tracer.begin(Trace(SAMPLED), "g", origin(CAME)).end(accepted(message="m1"))
    (line,) = lines
    assert (line["event"], line["trace_id"], line["message_id"], line["outcome"]) == (
        "process sms.router.in",
        TRACE_ID,
        "m1",
        "accepted",
    )
    assert "4670" not in json.dumps(line)


@pytest.mark.parametrize(
    ("headers", "beginning", "trace"),
    [
        (None, None, None),
        (None, ALWAYS_OFF, None),
        (None, ALWAYS_ON, AS_IT_CAME),
        ([("traceparent", UNSAMPLED)], ALWAYS_ON, None),
        ([("traceparent", SAMPLED)], ALWAYS_OFF, Trace(SAMPLED)),
        ([("traceparent", SAMPLED)], None, Trace(SAMPLED)),
    ],
)
def test_the_producer_decides_and_only_without_it_the_sampler(
    headers: Headers | None, beginning: Any, trace: Trace | None
) -> None:
    assert Traced(beginning).tracer.admit(headers) == trace


@pytest.mark.parametrize(
    ("sampler", "share", "trace"),
    [
        ("", "", None),
        ("always_on", "", AS_IT_CAME),
        ("always_off", "", None),
        ("parentbased_traceidratio", "1", AS_IT_CAME),
        ("parentbased_traceidratio", "0", None),
    ],
)
def test_which_requests_begin_a_trace_is_said_by_the_usual_variables(
    monkeypatch: pytest.MonkeyPatch, sampler: str, share: str, trace: Trace | None
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", share)
    tracer = make_tracer("intake", "intake-0")
    assert tracer is not None
    assert tracer.admit(None) == trace
    tracer.close()


def test_a_request_that_begins_a_trace_has_no_parent_and_no_link(traced: Traced) -> None:
    span = traced.tracer.begin(AS_IT_CAME, "intake", origin(None))
    span.end(None)
    (told,) = traced.spans
    assert (told.parent, told.links) == (None, ())
    assert span.headers == [("traceparent", span.traceparent)]


@pytest.fixture
def spans(traced: Traced) -> Spans:
    return Spans(traced.tracer, "correlator", "sms.correlator.in", lambda: (3, 41))


@pytest.mark.parametrize("headers", [None, [], [("traceparent", UNSAMPLED.encode())]])
def test_of_a_record_that_is_not_sampled_there_is_no_span_and_its_headers_go_on(
    spans: Spans, traced: Traced, headers: Headers | None
) -> None:
    assert spans.begin(headers, 0) is None
    assert spans.headers_of(AS_IT_CAME, accepted()) is None
    spans.end(None, None)
    assert traced.spans == ()


def test_what_follows_from_another_trace_is_a_span_of_that(spans: Spans, traced: Traced) -> None:
    assert spans.begin(None, 0) is None
    headers = spans.headers_of(Trace(SAMPLED), accepted(message="m7"))
    assert spans.headers_of(Trace(SAMPLED), accepted()) == headers
    assert spans.headers_of(None, accepted()) == []
    spans.end(None, None)
    (told,) = traced.spans
    assert told.context is not None
    assert headers == [("traceparent", f"00-{TRACE_ID}-{told.context.span_id:016x}-01")]
    assert attributes(told)["messaging.message.id"] == "m7"
    spans.begin(None, 0)
    spans.end(None, None)
    assert len(traced.spans) == 1


def test_what_follows_from_the_record_itself_needs_no_other_span(
    spans: Spans, traced: Traced
) -> None:
    own = spans.begin(CAME, 0)
    assert own is not None
    headers = spans.headers_of(Trace(own), accepted())
    assert headers == spans.headers_of(AS_IT_CAME, accepted()) != CAME
    spans.end(None, None)
    assert len(traced.spans) == 1


@pytest.mark.parametrize(
    ("variables", "is_on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "URL/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
    ],
)
def test_spans_are_sent_as_the_variables_say(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], is_on: bool
) -> None:
    with receiver() as there:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("URL", there.url))
        tracer = make_tracer("router", "router-0")
        assert (tracer is not None) == is_on
        if tracer is not None:
            tracer.begin(Trace(SAMPLED), "router", origin(CAME)).end(accepted())
            tracer.close()
            (told,) = there.of(TRACE_ID)
            assert (told.service, told.parent_id) == ("heliograph-router", SPAN_ID)
            assert told.attributes["messaging.kafka.offset"] == 41


def test_a_protocol_that_is_not_spoken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with structlog.testing.capture_logs() as lines:
        assert make_tracer("router", "router-0") is None
    (line,) = lines
    assert "set OTEL_EXPORTER_OTLP_PROTOCOL" in line["event"]
    assert (line["signal"], line["protocol"]) == ("traces", "grpc")


def test_nobody_waits_for_a_receiver_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.metrics.CLOSE_S", 0.2)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    tracer = make_tracer("router", "router-0")
    assert tracer is not None
    tracer.begin(Trace(SAMPLED), "router", origin(CAME)).end(None)
    begun = time.monotonic()
    tracer.close()
    assert time.monotonic() - begun < 1
