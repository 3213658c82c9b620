"""What is counted, as whoever asks reads it."""

import threading
from collections.abc import Iterator

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import generate_latest

from pipeline.metrics import Histogram, Metrics, is_pushed, resource
from tests.otlp import Receiver, receiver


@pytest.fixture
def otlp() -> Iterator[Receiver]:
    with receiver() as own:
        yield own


def shown(metrics: Metrics, start: str) -> list[str]:
    lines = generate_latest().decode().splitlines()
    return [line for line in lines if line.startswith(start)]


def test_records_are_counted_under_the_names_that_opentelemetry_gives_them() -> None:
    metrics = Metrics("intake", "intake-counting")
    for topic in ("sms.a", "sms.a", "sms.b"):
        metrics.consumed(topic, "counting").value += 1
        metrics.sent(topic).value += 2
    metrics.consumed("sms.a", "other").value += 7
    consumed = shown(metrics, "messaging_client_consumed_messages_total")
    sent = shown(metrics, "messaging_client_sent_messages_total")
    metrics.close()
    assert {
        (label("messaging_destination_name", line), label("messaging_consumer_group_name", line)): (
            float(line.split()[-1])
        )
        for line in consumed
    } == {("sms.a", "counting"): 2, ("sms.b", "counting"): 1, ("sms.a", "other"): 7}
    assert {
        label("messaging_destination_name", line): float(line.split()[-1]) for line in sent
    } == {
        "sms.a": 4,
        "sms.b": 2,
    }
    assert all(label("messaging_system", line) == "kafka" for line in consumed + sent)


def label(name: str, line: str) -> str:
    return line.split(f'{name}="', 1)[1].split('"', 1)[0]


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([], [0, 0, 0]),
        ([0.5, 1], [2, 0, 0]),
        ([1.01, 5], [0, 2, 0]),
        ([5.01, 900], [0, 0, 2]),
    ],
)
def test_a_histogram_counts_up_to_and_with_each_bound(
    values: list[float], counts: list[int]
) -> None:
    own = Histogram((1, 5))
    for value in values:
        own.note(value)
    assert (own.counts, own.total) == (counts, sum(values))


def test_a_histogram_is_the_same_for_the_same_labels() -> None:
    metrics = Metrics("intake", "intake-histogram")
    name = "sms.records.dead"
    own = metrics.histogram(name, (1, 5), topic="a", reason="b")
    assert metrics.histogram(name, (1, 5), reason="b", topic="a") is own
    assert metrics.histogram(name, (1, 5), topic="a") is not own
    metrics.close()


def test_a_histogram_is_scraped_with_the_rest() -> None:
    metrics = Metrics("intake", "intake-scraped")
    metrics.sent("sms.scraped").value += 1
    own = metrics.histogram("sms.binder.answer.duration", (0.1, 1), connector="scraped")
    for value in (0.05, 0.1, 0.5, 7):
        own.note(value)
    name = "sms_binder_answer_duration_seconds"
    lines = [line.split() for line in shown(metrics, name) if 'connector="scraped"' in line]
    metrics.close()
    assert {key.removeprefix(name): float(value) for key, value in lines} == {
        '_bucket{connector="scraped",le="0.1"}': 2,
        '_bucket{connector="scraped",le="1"}': 3,
        '_bucket{connector="scraped",le="+Inf"}': 4,
        '_count{connector="scraped"}': 4,
        '_sum{connector="scraped"}': 7.65,
    }


def test_a_gauge_that_has_nothing_to_say_is_not_shown() -> None:
    metrics = Metrics("intake", "intake-silent")
    name = "sms.binder.certificate.expires"
    metrics.gauge(name, lambda: None, connector="plain")
    metrics.gauge(name, lambda: 5.0, connector="secure")
    lines = shown(metrics, "sms_binder_certificate_expires_seconds")
    metrics.close()
    assert lines == ['sms_binder_certificate_expires_seconds{connector="secure"} 5.0']


def test_all_of_it_is_pushed_by_otlp(otlp: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", otlp.url)
    metrics = Metrics("intake", "intake-pushed")
    metrics.sent("sms.pushed").value += 3
    own = metrics.histogram("sms.binder.answer.duration", (0.1, 1), connector="pushed")
    own.note(0.5)
    metrics.close()  # pushes what is left
    (octets,) = otlp.octets
    (whole,) = ExportMetricsServiceRequest.FromString(octets).resource_metrics
    by_name = {one.name: one for scope in whole.scope_metrics for one in scope.metrics}
    (point,) = by_name["messaging.client.sent.messages"].sum.data_points
    assert point.as_int == 3
    (bucket,) = by_name["sms.binder.answer.duration"].histogram.data_points
    assert (list(bucket.bucket_counts), list(bucket.explicit_bounds)) == ([0, 1, 0], [0.1, 1])
    assert (bucket.count, bucket.sum, bucket.HasField("min")) == (1, 0.5, False)


def test_nobody_waits_for_a_receiver_that_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, taken, ended = Metrics("intake", "intake-slow"), threading.Event(), list[bool]()
    with monkeypatch.context() as slow:
        slow.setattr("pipeline.metrics.CLOSE_S", 0.01)
        slow.setattr(MeterProvider, "shutdown", lambda _: ended.append(taken.wait(60)))
        metrics.close()
        assert not ended
        taken.set()
    metrics.close()


@pytest.mark.parametrize(
    ("variables", "service"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL"}, "heliograph-intake"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "URL/v1/metrics"}, "heliograph-intake"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_SERVICE_NAME": "ours"}, "ours"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_METRICS_EXPORTER": "none"}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "URL", "OTEL_SDK_DISABLED": "true"}, None),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "URL/v1/traces"}, None),
        ({}, None),
    ],
)
def test_a_receiver_hears_what_the_usual_variables_say_and_of_whom(
    variables: dict[str, str],
    service: str | None,
    otlp: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("URL", otlp.url))
    metrics = Metrics("intake", "intake-7")
    metrics.sent("sms.heard").value += 1
    metrics.close()
    told = [
        {one.key: one.value.string_value for one in whole.resource.attributes}
        for octets in otlp.octets
        for whole in ExportMetricsServiceRequest.FromString(octets).resource_metrics
    ]
    names = [(own["service.name"], own["service.instance.id"]) for own in told]
    assert names == ([] if service is None else [(service, "intake-7")])


ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("variables", "metrics", "traces"),
    [
        ({}, False, False),
        (ENDPOINT, True, True),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}, True, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, False, True),
        (ENDPOINT | {"OTEL_METRICS_EXPORTER": "none"}, False, True),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "none"}, True, False),
        (ENDPOINT | {"OTEL_METRICS_EXPORTER": "otlp"}, True, True),
        (ENDPOINT | {"OTEL_METRICS_EXPORTER": "prometheus, otlp"}, True, True),
        (ENDPOINT | {"OTEL_METRICS_EXPORTER": "prometheus"}, False, True),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, False, False),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, False, False),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True, True),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False, False),
        (ENDPOINT | {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "grpc"}, False, True),
    ],
)
def test_what_is_pushed_is_said_by_the_usual_variables(
    variables: dict[str, str], metrics: bool, traces: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (is_pushed("metrics"), is_pushed("traces")) == (metrics, traces)


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "heliograph-router"),
        ({"OTEL_SERVICE_NAME": "ours"}, "ours"),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs,zone=a"}, "theirs"),
    ],
)
def test_who_says_it_is_named_by_the_operator_or_by_us(
    variables: dict[str, str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    found = resource("router", "router-7").attributes
    assert (found["service.name"], found["service.instance.id"]) == (name, "router-7")


def test_nothing_is_on_show_where_the_sdk_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    metrics = Metrics("intake", "intake-off")
    metrics.sent("sms.off").value += 1
    metrics.histogram("sms.binder.answer.duration", (1,), connector="off").note(3)
    lines = [*shown(metrics, "messaging_client_sent"), *shown(metrics, "sms_binder_answer")]
    metrics.close()
    assert [line for line in lines if '"sms.off"' in line or '"off"' in line] == []
