"""Two carriers, the first of which fails: a message is sent by the second, or ends as it failed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import yaml
from confluent_kafka import Consumer, Producer

from heliograph.local import EXAMPLE
from pipeline.codec import Codec
from pipeline.records import MtStatus
from tests.end_to_end.conftest import in_foreground

DEADLINE_S = 60
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


class Pipeline(NamedTuple):
    """One that runs: its broker, and the ledgers of its carriers."""

    bootstrap: str
    ledgers: list[str]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("retries")
    config = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    for name, scenario in (("slow", FIRST), ("fast", SECOND)):
        file = folder / f"carrier_{name}.yaml"
        file.write_text(scenario, encoding="utf-8")
        config["services"]["sandbox"][name]["scenario"] = str(file)
    (folder / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    own = folder / "heliograph.yaml"
    own.write_text(yaml.safe_dump(config), encoding="utf-8")
    with in_foreground("up", "--config", str(own)) as process:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if "Ctrl-C ends all" in line:
                break
        broker = re.search(r"Kafka\s+(127\.0\.0\.1:\d+)", text)
        ledgers = dict(re.findall(r"sandbox-(slow|fast)\s+(http\S+)", text))
        assert broker, text
        yield Pipeline(broker[1], [f"{name}={url}" for name, url in ledgers.items()])
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE_S)


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


def heliograph(bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap}
    command = [sys.executable, "-m", "heliograph", *arguments]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


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
    options = [part for ledger in pipeline.ledgers for part in ("--ledger", ledger)]
    verdict = heliograph(pipeline.bootstrap, "verify", *options)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert re.search(r"L4\s+ok", verdict.stdout)
