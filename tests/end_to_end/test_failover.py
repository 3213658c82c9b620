"""The first carrier of a pool goes down: what waits there and what comes is sent by the second."""

import itertools
import json
import re
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from confluent_kafka import Producer

from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtEvent, MtStatus
from tests.end_to_end.pipelines import DEADLINE_S, Pipeline, heliograph, running

RATE_PER_S = 20
WAITING = 80  # when it goes down, at most: four seconds of its rate
LOOKS = 20  # at once: both replicas of the first must have bound again
UNKNOWN_MAX = 8  # written and not answered when it goes down, at some 40 ms an answer
ROUTES = """
version: "1"
rules:
  - {name: all, prefix: "", connectors: [slow, fast], return_after_s: 1}
"""
FIRST = """
base: fast
message_ids: {in_response: hexadecimal, in_receipt: decimal}
responses: {latency_ms: {min: 20, max: 60}}
"""
NUMBERS = itertools.count()
MOVED = [("routed", "slow", 0), ("segment_returned", "slow", 0), ("routed", "fast", 1)]


def of_a_slow_first(config: Any) -> None:
    config["services"]["binder"] = {"reconnect_max_s": 2}
    config["connectors"]["slow"]["rate_per_s"] = RATE_PER_S


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("failover")
    with running(folder, {"slow": FIRST}, routes=ROUTES, change=of_a_slow_first) as own:
        yield own


def ask(bootstrap: str, names: Iterable[str]) -> None:
    """Each to a number of its own; none may be sent twice."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for name in names:
        request = {"message_id": name, "to": f"+4670{next(NUMBERS):07}", "text": "hi"}
        octets = json.dumps({**request, "from": "ACME", "on_ambiguous": "give_up"}).encode()
        producer.produce("sms.mt.request", octets)
    assert producer.flush(10) == 0


def taken(carrier: str) -> set[str]:
    """Ids of the messages in its ledger."""
    with urllib.request.urlopen(f"{carrier}/ledger/segments", timeout=10) as answer:
        return {json.loads(line)["message_id"] for line in answer.read().splitlines()}


def post(url: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=10):
        pass


def until(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def ended(bootstrap: str, names: Iterable[str]) -> dict[str, MtStatus]:
    """How each of these has ended, once all have."""
    found: dict[str, MtStatus] = {}

    def have_all() -> bool:
        for message in read_to_end(KafkaConfig(bootstrap_servers=bootstrap), ["sms.mt.status"]):
            status = Codec().decode(message.value(), MtStatus)
            found[status.head.message_id] = status
        return all(name in found and found[name].terminal for name in names)

    until(have_all)
    return {name: found[name] for name in names}


def stories(bootstrap: str) -> dict[str, list[tuple[object, ...]]]:
    """Of each message which ways it was sent, and where it came back."""
    found: dict[str, list[tuple[object, ...]]] = defaultdict(list)
    for message in read_to_end(KafkaConfig(bootstrap_servers=bootstrap), ["sms.mt.event"]):
        event = Codec().decode(message.value(), MtEvent)
        if event.event in {row[0] for row in MOVED}:
            found[event.message_id].append((event.event, event.connector, event.hop))
    return found


def test_what_waits_and_what_comes_goes_by_the_second_carrier_until_the_first_is_back(
    pipeline: Pipeline,
) -> None:
    bootstrap, _, carriers = pipeline
    slow, fast = carriers["slow"], carriers["fast"]
    before, new, after = (
        [f"{what}-{number}" for number in range(count)]
        for what, count in (("before", WAITING), ("new", 20), ("after", 20))
    )
    ask(bootstrap, before)
    until(lambda: len(taken(slow)) >= RATE_PER_S)
    post(f"{slow}/listeners/0/down")
    until(lambda: taken(fast))
    ask(bootstrap, new)
    assert {status.path for status in ended(bootstrap, new).values()} == {("fast",)}
    post(f"{slow}/listeners/0/up")
    looks: list[str] = []

    def is_back() -> bool:
        batch = [f"look-{len(looks) + number}" for number in range(LOOKS)]
        looks.extend(batch)
        ask(bootstrap, batch)
        return {status.path for status in ended(bootstrap, batch).values()} == {("slow",)}

    until(is_back)
    ask(bootstrap, after)

    asked = {*before, *new, *looks, *after}
    statuses = ended(bootstrap, asked)
    path_of = {name: statuses[name].path for name in asked}
    assert {path_of[name] for name in before} == {("slow",), ("slow", "fast")}
    assert {path_of[name] for name in after} == {("slow",)}
    moved = [name for name in before if path_of[name] == ("slow", "fast")]
    told = stories(bootstrap)
    assert all(told[name] == MOVED for name in moved)
    unknown = {name for name in asked if statuses[name].state == "unknown"}
    assert all(statuses[name].state == "delivered" for name in asked - unknown)
    assert unknown <= set(before) - set(moved)
    assert len(unknown) <= UNKNOWN_MAX
    assert taken(slow) | taken(fast) >= asked - unknown
    assert not taken(slow) & taken(fast)
    options = ("--ledger", f"slow={slow}", "--ledger", f"fast={fast}")
    verdict = heliograph(bootstrap, "verify", *options)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert re.search(r"L1\s+ok", verdict.stdout)
    assert re.search(r"L4\s+ok .* 0 duplicates", verdict.stdout)
