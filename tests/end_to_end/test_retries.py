"""Two carriers, the first of which fails: a message is sent by the second, or ends as it failed."""

import json
import re
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer

from pipeline.codec import Codec
from pipeline.records import MtStatus
from tests.end_to_end.pipelines import DEADLINE_S, Pipeline, heliograph, running

ROUTES = """
version: "1"
rules:
  - name: all
    prefix: ""
    connectors: [slow, fast]
    retry_on: [ESME_RSUBMITFAIL, undeliverable, timeout]
    receipt_within_s: 2
"""
FIRST = """
base: fast
message_ids: {in_response: hexadecimal, in_receipt: decimal}
responses: {statuses: [{suffix: "1", status: ESME_RSUBMITFAIL}]}
outcomes:
  - {suffix: "2", state: UNDELIVERABLE, error: "001"}
  - {suffix: "3", receipt: never}
  - {suffix: "4", state: UNDELIVERABLE, error: "002"}
"""
SECOND = """
base: fast
outcomes: [{suffix: "4", state: UNDELIVERABLE, error: "003"}]
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("retries")
    with running(folder, {"slow": FIRST, "fast": SECOND}, routes=ROUTES) as own:
        yield own


def ended(bootstrap: str, message_ids: set[str]) -> dict[str, MtStatus]:
    """The last status of each of these messages, once all have ended."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "retries"}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    consumer.subscribe(["sms.mt.status"])
    found: dict[str, MtStatus] = {}
    codec, deadline = Codec(), time.monotonic() + DEADLINE_S
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                status = codec.decode(message.value(), MtStatus)
                found[status.head.message_id] = status
            if {name for name, status in found.items() if status.terminal} >= message_ids:
                return found
    finally:
        consumer.close()
    raise AssertionError(f"not ended within {DEADLINE_S} s: {found}")


def test_what_one_carrier_fails_the_other_delivers_and_no_handset_gets_it_twice(
    pipeline: Pipeline,
) -> None:
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    asked = {"plain": "0", "refused": "1", "reported": "2", "silent": "3", "hopeless": "4"}
    for name, last in asked.items():
        request = {"message_id": name, "to": f"+4670123456{last}", "from": "ACME", "text": "hi"}
        producer.produce("sms.mt.request", json.dumps(request).encode())
    assert producer.flush(10) == 0
    statuses = ended(pipeline.bootstrap, set(asked))
    told = {name: (status.state, status.reason, status.path) for name, status in statuses.items()}
    assert told == {
        "plain": ("delivered", None, ("slow",)),
        "refused": ("delivered", None, ("slow", "fast")),
        "reported": ("delivered", None, ("slow", "fast")),
        "silent": ("delivered", None, ("slow", "fast")),
        "hopeless": ("undeliverable", "undeliverable:003", ("slow", "fast")),
    }
    story = heliograph(pipeline.bootstrap, "trace", "refused").stdout
    for words in (
        "segment 1/1 refused by slow: ESME_RSUBMITFAIL",
        "left slow, way 0: ESME_RSUBMITFAIL",
        "routed to fast",
        "receipt: DELIVERED - delivered",
    ):
        assert words in story
    verdict = heliograph(pipeline.bootstrap, "verify", *pipeline.ledgers)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert re.search(r"L4\s+ok", verdict.stdout)
