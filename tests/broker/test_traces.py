"""Traces through a stateful service on the real broker: headers as Quix Streams gives and takes."""

import time
from pathlib import Path

import pytest

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.effects import Headers
from pipeline.kafka.clients import make_producer, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import Wake
from tests.broker.test_stream import counting
from tests.otlp import receiver
from tests.traced import SAMPLED, SPAN_ID, TRACE_ID, UNSAMPLED

DEADLINE_S = 60
CODEC = Codec()
CAME: dict[str, Headers] = {
    "sampled": [("traceparent", SAMPLED.encode()), ("tracestate", b"a=b")],
    "unsampled": [("traceparent", UNSAMPLED.encode())],
    "late": [("sms-link", SAMPLED.encode())],
    "none": [],
}


def answered(kafka: KafkaConfig) -> dict[str, Headers]:
    """The headers of the answers of each key, which are all the same."""
    found: dict[str, list[Headers]] = {}
    for message in read_to_end(kafka, [topics.MT_EVENT]):
        headers = message.headers() or []
        assert isinstance(headers, list)
        found.setdefault((message.key() or b"").decode(), []).append(headers)
    assert all(one == each[0] for each in found.values() for one in each)
    return {key: each[0] for key, each in found.items()}


def test_a_trace_goes_on_through_a_stateful_service(
    own_kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = make_producer(own_kafka)
    for key, headers in CAME.items():
        octets = CODEC.encode(Wake(key=key, kind="test", what="1", set_ms=0), "")
        produce(producer, topics.TRACKER_IN, key, octets, headers=headers)
    assert producer.flush(DEADLINE_S) == 0
    with receiver() as there:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", there.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        deadline = time.monotonic() + DEADLINE_S
        with counting(own_kafka, tmp_path):
            while (found := answered(own_kafka)).keys() != CAME.keys():
                assert time.monotonic() < deadline
            (span,) = there.wait_for(1, TRACE_ID)
            while len(there.spans) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    assert (span.name, span.parent_id) == ("process sms.tracker.in", SPAN_ID)
    assert span.attributes["messaging.consumer.group.name"] == "tracker"
    traceparent = f"00-{TRACE_ID}-{span.span_id}-01".encode()
    assert found["sampled"] == [("traceparent", traceparent), ("tracestate", b"a=b")]
    assert found["unsampled"] == CAME["unsampled"]
    assert found["none"] == []
    (late,) = (span for span in there.spans if span.trace_id != TRACE_ID)
    assert (late.parent_id, late.links) == ("", (TRACE_ID,))
    assert found["late"] == [("traceparent", f"00-{late.trace_id}-{late.span_id}-01".encode())]
