"""Query, cancel and replace by a user's hand, wherever the message is, against a simulated SMSC."""

import json
import time
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from confluent_kafka import Producer

from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtStatus
from tests.end_to_end.pipelines import DEADLINE_S, TO_SLOW, Pipeline, heliograph, running

CODEC = Codec()
CARRIER = """
base: fast
receipts: {delay_ms: {min: 3600000, max: 3600000}}
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("commands")
    with running(folder, {"slow": CARRIER}, routes=TO_SLOW) as own:
        yield own


def send(pipeline: Pipeline, message_id: str, **more: object) -> None:
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    asked = {"message_id": message_id, "to": "+46701234560", "from": "ACME", "text": "old"}
    producer.produce("sms.mt.request", json.dumps({**asked, **more}).encode())
    assert producer.flush(10) == 0


def status(pipeline: Pipeline, message_id: str, *states: str) -> MtStatus:
    """The message's status once it is in one of these states."""
    kafka = KafkaConfig(bootstrap_servers=pipeline.bootstrap)
    deadline = time.monotonic() + DEADLINE_S
    found: MtStatus | None = None
    while time.monotonic() < deadline:
        for message in read_to_end(kafka, ["sms.mt.status"]):
            if message.key() == message_id.encode():
                found = CODEC.decode(message.value(), MtStatus)
        if found is not None and found.state in states:
            return found
    raise AssertionError(f"{message_id} is {found and found.state}, not {states}")


def order(pipeline: Pipeline, *arguments: str) -> tuple[int, str]:
    done = heliograph(pipeline.bootstrap, "message", *arguments, "--wait", f"{DEADLINE_S}")
    return done.returncode, done.stdout + done.stderr


def written(pipeline: Pipeline) -> dict[str, int]:
    """Octets of each message in the carrier's ledger, by message_id."""
    with urlopen(f"{pipeline.carriers['slow']}/ledger/segments", timeout=10) as answer:
        rows = [json.loads(line) for line in answer.read().splitlines()]
    return {str(row["message_id"]): int(row["short_message_octets"]) for row in rows}


def test_what_an_smsc_has_is_asked_for_given_another_text_and_cancelled_there(
    pipeline: Pipeline,
) -> None:
    send(pipeline, "there")
    status(pipeline, "there", "accepted")
    code, told = order(pipeline, "query", "there")
    assert (code, "segment 1 by slow: done, its SMSC says ENROUTE" in told) == (0, True), told
    code, told = order(pipeline, "replace", "there", "--text", "new")
    assert (code, "segment 1 by slow: done" in told) == (0, True), told
    code, told = order(pipeline, "cancel", "there")
    assert (code, "cancel there: done, the message is cancelled" in told) == (0, True), told
    assert status(pipeline, "there", "cancelled").terminal
    code, told = order(pipeline, "cancel", "there")
    assert (code, "refused, cancelled" in told) == (1, True), told


def test_what_is_scheduled_is_given_another_text_or_never_sent(pipeline: Pipeline) -> None:
    soon_ms = int(time.time() * 1000) + 25_000  # both orders are kept by then
    send(pipeline, "never", send_at_ms=soon_ms)
    send(pipeline, "reworded", send_at_ms=soon_ms, to="+46701234561")
    status(pipeline, "never", "scheduled")
    status(pipeline, "reworded", "scheduled")
    code, told = order(pipeline, "cancel", "never")
    assert (code, "cancel never: done, the message is cancelled" in told) == (0, True), told
    code, told = order(pipeline, "replace", "reworded", "--text", "much newer")
    assert (code, "replace reworded: done" in told) == (0, True), told
    status(pipeline, "reworded", "accepted")
    assert status(pipeline, "never", "cancelled").segments == ()
    found = written(pipeline)
    assert ("never" in found, found["reworded"]) == (False, len("much newer"))


def test_what_is_scheduled_ends_with_its_campaign_once_it_is_due(pipeline: Pipeline) -> None:
    due_ms = int(time.time() * 1000) + 20_000  # the order is in force by then
    send(pipeline, "off", send_at_ms=due_ms, campaign="off")
    send(pipeline, "on", send_at_ms=due_ms, campaign="on", to="+46701234562")
    status(pipeline, "off", "scheduled")
    stop = ("--campaign", "off")
    assert heliograph(pipeline.bootstrap, "stop", "cancel", *stop).returncode == 0
    ended = status(pipeline, "off", "cancelled")
    assert ended.final_ms is not None
    assert (ended.final_ms >= due_ms, ended.segments) == (True, ())
    status(pipeline, "on", "accepted")
    assert "off" not in written(pipeline)
    assert heliograph(pipeline.bootstrap, "stop", "resume", *stop).returncode == 0


def test_what_is_on_its_way_is_never_written(pipeline: Pipeline) -> None:
    stop = ("--campaign", "halted")
    assert heliograph(pipeline.bootstrap, "stop", "pause", *stop).returncode == 0
    time.sleep(2)  # until it is in force
    send(pipeline, "halted", campaign="halted")
    status(pipeline, "halted", "routed")
    code, told = order(pipeline, "cancel", "halted")
    assert (code, "cancel halted: done, the message is cancelled" in told) == (0, True), told
    assert heliograph(pipeline.bootstrap, "stop", "resume", *stop).returncode == 0
    send(pipeline, "after", campaign="halted")
    status(pipeline, "after", "accepted")
    assert "halted" not in written(pipeline)


def test_what_nobody_knows_and_what_is_no_command_stops_nothing(pipeline: Pipeline) -> None:
    producer = Producer({"bootstrap.servers": pipeline.bootstrap})
    producer.produce("sms.command", b"{nonsense", b"x")
    assert producer.flush(10) == 0
    code, told = order(pipeline, "cancel", "nobody")
    assert (code, "refused, unknown_message" in told) == (1, True), told
    kafka = KafkaConfig(bootstrap_servers=pipeline.bootstrap)
    assert [m.value() for m in read_to_end(kafka, ["sms.command.dlq"])] == [b"{nonsense"]
