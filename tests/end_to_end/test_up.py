"""`heliograph up`: publish with nothing of ours, see it delivered, hear its story."""

import json
import os
import subprocess
import sys
import time

import pytest
from confluent_kafka import Consumer, Producer

from pipeline.codec import Codec
from pipeline.records import MtStatus

DEADLINE_S = 30


def delivered_after_s(bootstrap: str, message_id: str, value: bytes) -> float:
    """Publish `value`; seconds until sms.mt.status says that `message_id` is delivered."""
    settings = {"bootstrap.servers": bootstrap, "group.id": message_id}
    consumer = Consumer({**settings, "auto.offset.reset": "earliest"})
    consumer.subscribe(["sms.mt.status"])
    producer = Producer({"bootstrap.servers": bootstrap})
    codec, started = Codec(), time.monotonic()
    producer.produce("sms.mt.request", value)
    producer.flush(10)
    try:
        while time.monotonic() - started < DEADLINE_S:
            message = consumer.poll(0.1)
            if message is None or message.error() or message.key() != message_id.encode():
                continue
            if codec.decode(message.value(), MtStatus).state == "delivered":
                return time.monotonic() - started
    finally:
        consumer.close()
    pytest.fail(f"{message_id} was not delivered within {DEADLINE_S} s")


def heliograph(*arguments: str, bootstrap: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap}
    command = [sys.executable, "-m", "heliograph", *arguments]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_json_from_anybody_is_delivered(up: str) -> None:
    request = {"message_id": "warm", "to": "+46701234567", "from": "ACME", "text": "hello"}
    delivered_after_s(up, "warm", json.dumps(request).encode())
    request["message_id"] = "hello-1"
    delivered_after_s(up, "hello-1", json.dumps(request).encode() + b"\n")


def test_the_story_of_a_message_is_told_from_the_topics(up: str) -> None:
    done = heliograph("trace", "hello-1", bootstrap=up)
    assert done.returncode == 0, done.stderr
    for words in (
        "requested by default",
        "routed to slow",
        "submitted to slow",
        "accepted by slow",
    ):
        assert words in done.stdout
    assert "DELIVERED - delivered" in done.stdout.splitlines()[-1]


def test_nobody_knows_a_message_that_was_never_sent(up: str) -> None:
    done = heliograph("trace", "no-such-message", bootstrap=up)
    assert done.returncode == 2
    assert done.stderr.strip() == "heliograph: no event speaks of a message 'no-such-message'"


def test_the_command_sends_too(up: str) -> None:
    done = heliograph("send", "+447911123456", "hi", "--message-id", "cli-1", bootstrap=up)
    assert done.stdout.strip() == "cli-1"
    assert heliograph("trace", "cli-1", bootstrap=up).returncode in (0, 2)


def test_topics_are_there_already(up: str) -> None:
    done = heliograph("topics", "apply", bootstrap=up)
    assert done.stdout.splitlines()[-1] == "0 topics created"


@pytest.mark.parametrize("command", [("send", "+46701234567", "hi"), ("trace", "m1")])
def test_without_a_broker_one_sentence_says_so(command: tuple[str, ...]) -> None:
    done = heliograph(*command, bootstrap="127.0.0.1:1")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("heliograph: no broker")
    assert len(done.stderr.splitlines()) == 1
