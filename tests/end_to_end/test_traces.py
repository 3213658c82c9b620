"""One SMS of a sampled trace, from its producer to its receipt, as a receiver of OTLP has it."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.reader import read_to_end
from pipeline.records import Dlr
from pipeline.traceparent import trace_id_of
from tests.otlp import Receiver, receiver
from tests.traced import CAME, PASSED, SPAN_ID, TRACE_ID

CODEC = Codec()
TEXT, NUMBER = "a text that nobody else may read", "46701234560"
SPANS = {  # of one segment, with its receipt
    ("heliograph-intake", "process sms.mt.request"): 1,
    ("heliograph-router", "process sms.router.in"): 1,
    ("heliograph-binder", "process sms.mt.submit.slow.g1"): 1,
    ("heliograph-correlator", "process sms.correlator.in"): 2,
    ("heliograph-tracker", "process sms.tracker.in"): 3,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pipeline puts its logs, somewhere below."""
    return tmp_path_factory.mktemp("traced")


@pytest.fixture(scope="module")
def there(folder: Path) -> Iterator[Receiver]:
    """A receiver that the whole pipeline sends to."""
    with receiver() as own, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", own.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "200")
        patch.setenv("TMPDIR", str(folder))
        yield own


def test_a_sampled_sms_is_one_tree_and_another_is_nothing(
    there: Receiver, folder: Path, request: pytest.FixtureRequest
) -> None:
    bootstrap = request.getfixturevalue("up")
    producer = Producer({"bootstrap.servers": bootstrap})
    for message_id, headers in (("passed", PASSED), ("bare", []), ("traced", CAME)):
        asked = {"message_id": message_id, "to": f"+{NUMBER}", "from": "ACME", "text": TEXT}
        producer.produce("sms.mt.request", json.dumps(asked).encode(), headers=headers)
        assert producer.flush(10) == 0
    found = there.wait_for(sum(SPANS.values()), TRACE_ID, timeout_s=60)
    assert Counter((span.service, span.name) for span in found) == SPANS
    assert {span.parent_id for span in found} <= {SPAN_ID} | {span.span_id for span in found}
    assert [span.service for span in found if span.parent_id == SPAN_ID] == ["heliograph-intake"]
    assert {span.trace_id for span in there.spans} == {TRACE_ID}
    (binder,) = (span for span in found if span.service == "heliograph-binder")
    assert binder.events == ("written", "answered")
    assert (binder.attributes["sms.outcome"], binder.is_error) == ("accepted", False)
    assert {span.attributes["messaging.message.id"] for span in found} == {"traced"}
    assert traces_of_receipts(bootstrap)["traced"] == TRACE_ID
    said = [line for line in lines(folder) if line.get("trace_id") == TRACE_ID]
    assert Counter((f"heliograph-{line['service']}", line["event"]) for line in said) == SPANS
    assert {line["message_id"] for line in said} == {"traced"}
    for octets in (*there.octets, *(file.read_bytes() for file in logs(folder))):
        assert NUMBER.encode() not in octets
        assert TEXT.encode() not in octets


def logs(folder: Path) -> list[Path]:
    """Those of all processes."""
    return list(folder.glob("heliograph-up-*/log/*.log"))


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """What they say."""
    for file in logs(folder):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("{"):
                yield json.loads(line)


def traces_of_receipts(bootstrap: str) -> dict[str, str | None]:
    """The trace that whoever reads `sms.dlr` finds each message in."""
    found = {}
    for message in read_to_end(KafkaConfig(bootstrap_servers=bootstrap), ["sms.dlr"]):
        headers = message.headers()
        assert not isinstance(headers, dict)
        found[str(CODEC.decode(message.value(), Dlr).message_id)] = trace_id_of(headers)
    return found
