"""What stands in the headers of a dead letter."""

import pytest
import structlog

from pipeline import dead_letters
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import Origin
from pipeline.metrics import Metrics

ERROR = UnreadableError("no_json", "no object begins here")
OWN = [("traceparent", b"00-01"), ("ce_id", b"7"), ("ce_id", b"8"), ("empty", None)]


@pytest.mark.parametrize(
    ("came_with", "kept"),
    [
        (None, []),
        ([], []),
        (OWN, OWN),
        (
            [*OWN, ("error.topic", b"elsewhere"), ("error.note", b"x"), ("errors", b"1")],
            [*OWN, ("errors", b"1")],
        ),
    ],
)
def test_headers_stay_but_for_those_of_an_earlier_burial(
    came_with: Headers | None, kept: Headers
) -> None:
    with structlog.testing.capture_logs() as lines:
        headers = error_headers(Origin("sms.mt.request", 3, 41, 1_790, came_with), "intake", ERROR)
    assert not lines  # to make headers is to make headers
    assert headers[: len(kept)] == kept
    said = headers[len(kept) :]
    assert {name: value for name, value in said if name != "error.timestamp"} == {
        "error.topic": "sms.mt.request",
        "error.partition": "3",
        "error.offset": "41",
        "error.record_timestamp": "1790",
        "error.group": "intake",
        "error.stage": "decode",
        "error.class": "no_json",
        "error.message": "no object begins here",
    }
    assert len(said) == len(dict(said)) == 9


def test_each_is_counted_and_the_log_says_one_of_a_topic_in_a_second_and_nothing_of_its_content(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics, moment = Metrics("intake", "dead-letters"), 1000.0
    monkeypatch.setattr(dead_letters.time, "monotonic", lambda: moment)
    traced: Headers = [("traceparent", f"00-{'a' * 32}-{'b' * 16}-00".encode())]
    with structlog.testing.capture_logs() as lines:
        for moment in (1000.0, 1000.5, 1001.5):
            for topic in ("sms.one", "sms.two"):
                note_burial(metrics, Origin(topic, 3, int(moment), 0, traced), "intake", ERROR)
    counted = metrics.counter("sms.records.dead", topic="sms.one", reason=ERROR.reason).value
    metrics.close()
    assert counted == 3
    assert [(line["topic"], line["offset"]) for line in lines] == [
        ("sms.one", 1000),
        ("sms.two", 1000),
        ("sms.one", 1001),
        ("sms.two", 1001),
    ]
    assert {line["trace_id"] for line in lines} == {"a" * 32}
    assert all(ERROR.detail not in str(line) for line in lines)
