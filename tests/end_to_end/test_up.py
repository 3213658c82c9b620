"""`heliograph up`: publish with nothing of ours, see it delivered, hear its story."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from pipeline.codec import Codec
from pipeline.records import MtStatus
from tests.end_to_end.conftest import Up

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


def told(up: Up, path: str, *, token: str = "") -> Any:
    """What telemetry answers; None to what it does not know, or is allowed to nobody without."""
    request = urllib.request.Request(up.telemetry + path)
    request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
            return json.load(answer)
    except urllib.error.HTTPError:
        return None


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


def test_it_is_found_by_its_id_and_with_the_token_by_its_number(whole: Up) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while (story := told(whole, "/v1/messages/hello-1")) is None or story["state"] != "delivered":
        assert time.monotonic() < deadline, story
        time.sleep(0.1)
    assert story["head"]["recipient"] == "46…567"
    assert story["why"].startswith("It was delivered by the carrier slow at ")
    by_number = "/v1/messages?number=%2B46701234567"
    assert told(whole, by_number) is None
    heads = told(whole, by_number, token=whole.token)["messages"]
    assert [head["message_id"] for head in heads[:2]] == ["hello-1", "warm"]


def test_top_shows_what_became_of_them_and_how_the_carriers_are(whole: Up) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        done = heliograph("top", "--json", "--url", whole.telemetry, bootstrap=whole.bootstrap)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        cards = {card["name"]: card for card in seen["connectors"]}
        if seen["funnel"]["delivered"] >= 2 and cards["slow"]["statuses"].get("ESME_ROK", 0) >= 2:
            break
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)
    assert all(card["binds"] == card["binds_wanted"] for card in cards.values())
    assert cards["slow"]["delivery_rate"] == 1.0
    steps = {row["step"] for row in seen["latency"] if row["country"] == "SE"}
    assert {"request_to_submit", "submit_to_answer", "request_to_receipt"} <= steps
    assert (seen["letters"], seen["failures"]) == ([], [])
    shown = heliograph("top", "--once", "--url", whole.telemetry, bootstrap=whole.bootstrap)
    assert "binder-slow" in shown.stdout


def test_lag_says_of_every_group_how_far_it_is_behind(up: str) -> None:
    done = heliograph("lag", "--max", "1000", "--json", bootstrap=up)
    assert done.returncode == 0, done.stderr
    groups = {row["name"]: row for row in json.loads(done.stdout)}
    assert {"intake", "router", "binder-slow", "correlator", "tracker", "telemetry"} <= set(groups)
    assert groups["binder-slow"]["lag"] == 0


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
