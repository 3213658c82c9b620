"""What is counted, as whoever asks reads it."""

import pytest
from prometheus_client import generate_latest

from pipeline.metrics import Histogram, Metrics


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
