"""A stateful service on the real broker: exactly once under SIGKILL, dead letters, slow commits."""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from pipeline import topics
from pipeline.broker import die_with_parent
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, make_transactional_producer, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import Wake

DEADLINE_S = 60
CODEC = Codec()
KEYS, PER_KEY = 200, 20
COUNTING = (sys.executable, "-m", "tests.broker.counting")
CHANGELOG = topics.changelog_of("tracker", topics.TRACKER_IN)


@contextmanager
def counting(kafka: KafkaConfig, folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [*COUNTING, kafka.bootstrap_servers, str(folder), *more]
    process = subprocess.Popen(command, preexec_fn=die_with_parent, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def answers(kafka: KafkaConfig) -> Counter[tuple[str, str]]:
    """(key or partition, number) of every committed answer."""
    found: Counter[tuple[str, str]] = Counter()
    for message in read_to_end(kafka, [topics.MT_EVENT]):
        wake = CODEC.decode(message.value(), Wake)
        found[wake.key, wake.what] += 1
    return found


def write_all(kafka: KafkaConfig) -> None:
    producer = make_producer(kafka)
    for number in range(KEYS * PER_KEY):
        key = f"k{number % KEYS}"
        octets = CODEC.encode(Wake(key=key, kind="test", what=str(number), set_ms=0), "")
        produce(producer, topics.TRACKER_IN, key, octets)
    for garbage in (b"garbage", None):
        produce(producer, topics.TRACKER_IN, b"\xff", garbage, headers=[("traceparent", b"00-01")])
    assert producer.flush(DEADLINE_S) == 0


def test_every_record_is_answered_once_however_often_the_process_is_killed(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    write_all(own_kafka)
    dice = random.Random(7)
    for _ in range(4):
        with counting(own_kafka, tmp_path) as process, pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0 + dice.random())  # lives until the context kills it
    shutil.rmtree(tmp_path)  # what was kept there is in the changelog
    tmp_path.mkdir()
    deadline = time.monotonic() + DEADLINE_S
    with counting(own_kafka, tmp_path) as process:
        while len(found := answers(own_kafka)) < 2 * KEYS * PER_KEY:
            assert time.monotonic() < deadline
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert found.total() == 2 * KEYS * PER_KEY
    of_keys = {(f"k{k}", str(n + 1)) for k in range(KEYS) for n in range(PER_KEY)}
    assert {answer for answer in found if answer[0].startswith("k")} == of_keys
    sizes = Counter(name for name, _ in found if name.startswith("p"))
    assert sizes.total() == KEYS * PER_KEY
    assert found.keys() - of_keys == {(p, str(n + 1)) for p, s in sizes.items() for n in range(s)}
    dead = [(m.key(), m.value()) for m in read_to_end(own_kafka, ["sms.tracker.in.dlq"])]
    assert Counter(dead) == Counter([(b"\xff", b"garbage"), (b"\xff", None)])


def test_a_dead_letter_says_where_it_was_and_why(own_kafka: KafkaConfig) -> None:
    (first, *_) = read_to_end(own_kafka, ["sms.tracker.in.dlq"])
    headers = dict(first.headers() or [])
    assert headers["error.topic"] == b"sms.tracker.in"
    assert headers["error.group"] == b"tracker"
    assert headers["error.class"] in (b"unknown_framing", b"empty")
    assert {"error.partition", "error.offset", "error.timestamp", "error.message"} <= headers.keys()
    assert headers["traceparent"] == b"00-01"
    assert 0 < int(headers["error.record_timestamp"]) <= first.timestamp()[1]  # of the record


def ask(kafka: KafkaConfig, key: str) -> None:
    producer = make_producer(kafka)
    octets = CODEC.encode(Wake(key=key, kind="test", what="0", set_ms=0), "")
    produce(producer, topics.TRACKER_IN, key, octets)
    assert producer.flush(DEADLINE_S) == 0


def await_answer(kafka: KafkaConfig, key: str, number: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not answers(kafka)[key, str(number)]:
        assert time.monotonic() < deadline


def test_what_is_read_is_committed_when_nothing_more_comes(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    ask(own_kafka, "alone")
    with counting(own_kafka, tmp_path, "3600"):
        await_answer(own_kafka, "alone", 1)


def keep_one(kafka: KafkaConfig, folder: Path, key: str) -> None:
    """One record of `key` is counted, and the service stopped."""
    with counting(kafka, folder) as process:
        ask(kafka, key)
        await_answer(kafka, key, 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


def write_in_all(producer: Producer, topic: str) -> None:
    """Begin a transaction in each partition of `topic`."""
    producer.begin_transaction()
    for partition in producer.list_topics(topic, DEADLINE_S).topics[topic].partitions:
        producer.produce(topic, b"never committed", b"key", partition=partition)
    assert producer.flush(DEADLINE_S) == 0


def test_a_state_is_recovered_when_what_is_open_in_its_changelog_is_over(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    """As after a broker's restart, when the markers of the last commit are not written yet."""
    with counting(own_kafka, tmp_path) as process:
        ask(own_kafka, "kept")
        await_answer(own_kafka, "kept", 1)
        other = make_transactional_producer(own_kafka, "other")
        write_in_all(other, CHANGELOG)  # the broker ends it in ten seconds
        ask(own_kafka, "kept")
        await_answer(own_kafka, "kept", 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    with counting(own_kafka, tmp_path) as process:
        ask(own_kafka, "kept")
        await_answer(own_kafka, "kept", 3)
        assert process.poll() is None


def test_a_state_that_is_ahead_of_its_changelog_is_refused_with_a_word(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    keep_one(own_kafka, tmp_path, "lost")
    admin = AdminClient({"bootstrap.servers": own_kafka.bootstrap_servers})
    admin.delete_topics([CHANGELOG])[CHANGELOG].result(DEADLINE_S)
    create_topics(own_kafka, topics.catalog({}))
    other = make_transactional_producer(own_kafka, "other")
    write_in_all(other, CHANGELOG)
    other.abort_transaction(DEADLINE_S)
    command = [*COUNTING, own_kafka.bootstrap_servers, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1
    folder = tmp_path / "counting-0"
    assert f"{folder} holds more than its changelog {CHANGELOG}" in done.stderr
    shutil.rmtree(folder)
    keep_one(own_kafka, tmp_path, "new")
