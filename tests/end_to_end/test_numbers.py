"""People write to a number of ours: they vote, and are answered on their handsets."""

import os
import subprocess
import sys
import time
from typing import Any

from confluent_kafka import Consumer

from heliograph.ledgers import get_json, post_json
from pipeline.codec import Codec
from pipeline.records import Mo
from tests.end_to_end.test_tenants import publish

DEADLINE_S = 40
SANDBOX = "http://127.0.0.1:8776"  # `fast` of examples/heliograph.yaml, which keeps handsets
VOTER, OTHER, LEAVER, ASKED = "4793555001", "4793555002", "4793555003", "4793555004"
CODEC = Codec()


def write(handset: str, text: str) -> None:
    post_json(f"{SANDBOX}/mo", {"from": handset, "to": "12345", "text": text})


def until_there(bootstrap: str, topic: str, count: int) -> list[Mo]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": topic,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    found: list[Mo] = []
    deadline = time.monotonic() + DEADLINE_S
    try:
        while len(found) < count:
            assert time.monotonic() < deadline, found
            message = consumer.poll(0.2)
            if message is not None and not message.error():
                value = message.value()
                assert value is not None
                found.append(CODEC.decode(value, Mo))
    finally:
        consumer.close()
    return found


def votes(bootstrap: str) -> list[str]:
    command = [sys.executable, "-m", "heliograph", "votes", "song-contest"]
    environ = {**os.environ, "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap}
    told = subprocess.run(
        command, check=True, timeout=60, capture_output=True, text=True, env=environ
    )
    return told.stdout.splitlines()


def texts_on(handset: str) -> list[str]:
    shown: Any = get_json(f"{SANDBOX}/handsets/{handset}")
    return [message["text"] for message in shown]


def test_a_vote_is_counted_and_told_on_the_topic_of_its_keyword(up: str) -> None:
    for handset, text in ((VOTER, "VOTE A"), (VOTER, "vote b"), (OTHER, "Vote: Benno!")):
        write(handset, text)
    told = {(mo.sender, mo.option): mo.vote_result for mo in until_there(up, "sms.mo.vote", 3)}
    assert told[OTHER, "B"] == "counted"
    assert sorted([told[VOTER, "A"], told[VOTER, "B"]]) == ["counted", "repeated"]
    last = votes(up)[-1]
    assert last.split(";")[0] == "  2 counted"
    assert "1 repeated" in last


def test_a_stop_is_confirmed_on_the_handset(up: str) -> None:
    write(LEAVER, "STOP")
    deadline = time.monotonic() + DEADLINE_S
    while not (texts := texts_on(LEAVER)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert texts == ["You get no more advertisements from 12345. START brings them back."]


def test_a_reply_names_the_message_it_answers(up: str) -> None:
    publish(up, "sms.mt.request", message_id="asked", to=f"+{ASKED}", **{"from": "12345"})
    deadline = time.monotonic() + DEADLINE_S
    while not texts_on(ASKED):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(1)  # its acceptance is on its way to the correlator
    write(ASKED, "VOTE maybe")
    told = {mo.sender: mo for mo in until_there(up, "sms.mo.vote", 4)}
    assert (told[ASKED].in_reply_to, told[ASKED].vote_result) == ("asked", "no_option")
