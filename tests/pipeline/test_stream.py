"""What a stateful service does with one record, without Kafka: headers and spans."""

from collections.abc import Sequence
from typing import Any

import pytest

from pipeline import stream, topics
from pipeline.batches import Batch
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.effects import AS_IT_CAME, Effect, Headers, KeyEntries, Publish, PublishLater, Trace
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import Wake
from tests.traced import CAME, PASSED, SAMPLED, Traced

CODEC = Codec()
WAKE = Wake(key="m1", kind="test", what="", set_ms=0)
OCTETS = CODEC.encode(WAKE, topics.TRACKER_IN)


class Core:
    """Publishes now, later, and of the traces it is told."""

    def __init__(self, *traces: Trace | None) -> None:
        self._traces = traces
        self.seen: list[str | None] = []

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        self.seen.append(state.trace)
        later = PublishLater(now_ms + 60_000, topics.TRACKER_IN, "m1", record)
        told = [Publish(topics.MT_EVENT, "m1", record, trace) for trace in self._traces]
        return [*told, later]


def written(
    core: Core, headers: Headers | None, traced: Traced | None, octets: bytes = OCTETS
) -> list[Headers | None]:
    """The headers of what is written about one record."""
    ground = Process(
        Config(), "t-0", Metrics("tracker", "t-0"), CODEC, traced.tracer if traced else None
    )
    batch = Batch(ground.metrics, "tracker")
    decide = stream._decider(core, topics.TRACKER_IN, "tracker", (Wake,), ground, batch)
    found: list[Headers | None] = []

    def produce(*, headers: Headers | None, **_: object) -> None:
        found.append(headers)

    stream._actor(decide, produce)(octets, b"m1", 0, headers, None)
    return found


@pytest.fixture(autouse=True)
def somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_place", lambda: (3, 41))


@pytest.mark.parametrize(
    ("headers", "traced"), [(CAME, None), (PASSED, None), (PASSED, Traced()), ([], Traced())]
)
def test_what_is_not_traced_goes_on_as_it_came(headers: Headers, traced: Traced | None) -> None:
    core = Core(AS_IT_CAME)
    assert all(found is headers for found in written(core, headers, traced))
    assert core.seen == [None]
    assert traced is None or traced.spans == ()


def test_what_is_sampled_is_a_span_and_goes_on_as_that() -> None:
    traced, core = Traced(), Core(AS_IT_CAME)
    assert written(core, CAME, traced) == [traced.headers(), traced.headers()]
    assert core.seen == [traced.headers()[0][1]]
    (span,) = traced.spans
    said = dict(span.attributes or {})
    assert (span.name, said["messaging.kafka.offset"]) == ("process sms.tracker.in", 41)


def test_a_core_says_what_follows_from_another_trace() -> None:
    traced = Traced()
    first, none, _ = written(Core(Trace(SAMPLED), None), None, traced)
    assert (first, none) == (traced.headers(), [])
    traced = Traced()
    late, _ = written(Core(Trace(SAMPLED, is_past=True)), None, traced)
    assert late == traced.headers()
    assert [link.context.trace_id for link in traced.spans[0].links] == [int(SAMPLED[3:35], 16)]


def test_without_a_tracer_what_a_core_says_of_traces_is_not_heard() -> None:
    assert written(Core(Trace(SAMPLED), None), PASSED, None) == [PASSED] * 3


def test_a_dead_letter_keeps_its_trace_and_its_span_says_why() -> None:
    traced = Traced()
    (headers,) = written(Core(), CAME, traced, b"garbage")
    assert headers is not None
    assert headers[0] == CAME[0]
    assert dict(traced.spans[0].attributes or {})["error.type"] == "unknown_framing"
