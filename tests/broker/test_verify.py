"""`heliograph verify` on a real broker: a made-up run in its topics, and a ledger in a file."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import TopicPartition

from heliograph.verify import ROWS
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.ids import ConnectorId, MessageId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.backlog import backlog
from pipeline.kafka.clients import known_topics, make_consumer, make_producer, produce, watermarks
from pipeline.process import catalog
from pipeline.records import Record
from tests.broker.test_kafka import make_topic, write, write_aborted_and_committed
from tests.heliograph.runs import Run, change, good

DEADLINE_S = 30
CONFIG = """
dev: true
kafka: {bootstrap_servers: BOOTSTRAP}
connectors:
  fast:
    {hosts: smsc, system_id: heliograph, password: secret, rate_per_s: 10, binds: 2}
tenants: {default: {}, bank: {}}
"""
TENANTS = ("default", "bank")


def commit_ends(kafka: KafkaConfig, group: str, names: list[str]) -> None:
    """As if `group` had read all there is."""
    consumer = make_consumer(kafka, group)
    known = known_topics(consumer, kafka)
    places = [(name, number) for name in names for number in known[name].partitions]
    ends = [
        TopicPartition(*place, watermarks(consumer, TopicPartition(*place))[1]) for place in places
    ]
    consumer.commit(offsets=ends, asynchronous=False)
    consumer.close()


def test_a_group_has_to_read_what_stands_behind_its_offset_and_no_markers(
    kafka: KafkaConfig,
) -> None:
    topic, group = make_topic(kafka, 2), f"g-{uuid4().hex}"
    write(kafka, topic, 5, partition=0)
    assert backlog(kafka, group, [topic]) == 5
    commit_ends(kafka, group, [topic])
    assert backlog(kafka, group, []) == 0
    write_aborted_and_committed(kafka, topic)
    assert backlog(kafka, group, []) == 1
    assert backlog(kafka, group, [topic], counts=lambda message: message.value() == b"x") == 0
    commit_ends(kafka, group, [topic])
    assert backlog(kafka, group, [topic]) == 0


@pytest.fixture
def config(own_kafka: KafkaConfig, tmp_path: Path) -> Path:
    """A configuration of one connector, whose topics exist."""
    path = tmp_path / "heliograph.yaml"
    path.write_text(CONFIG.replace("BOOTSTRAP", own_kafka.bootstrap_servers), encoding="utf-8")
    create_topics(own_kafka, catalog(load(path)))
    return path


def publish(kafka: KafkaConfig, run: Run, tenant: str = topics.DEFAULT_TENANT) -> None:
    """All that `run` says was published, and every group as if it had read it."""
    producer, codec = make_producer(kafka), Codec()

    def put(topic: str, record: Record) -> None:
        produce(producer, topic, b"k", codec.encode(record, topic))

    for message_id in run.requests:
        request = {"message_id": message_id, "to": "+46701234567", "text": "hello"}
        topic = topics.request(tenant, "normal")
        produce(producer, topic, message_id, json.dumps(request).encode())
    produce(producer, topics.MT_REQUEST, None, b"garbage")
    for event in run.events:
        put(topics.MT_EVENT, event)
    for submitted in run.submitted:
        put(topics.submitted(ConnectorId("fast"), 1), submitted)
        put(topics.CORRELATOR_IN, submitted)
    for deliver, _ in run.raw:
        put(topics.CORRELATOR_IN, deliver)
    for receipt in run.receipts:
        put(topics.DLR if receipt.message_id else topics.DLR_ORPHAN, receipt)
    for mo in run.mo:
        put(topics.MO, mo)
    assert producer.flush(DEADLINE_S) == 0
    commit_ends(kafka, "intake", topics.requests(TENANTS))
    commit_ends(kafka, "correlator", [topics.CORRELATOR_IN])


def verify(config: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """The command, which waits for nobody."""
    command = [sys.executable, "-m", "heliograph", "verify", "--config", str(config)]
    return subprocess.run(
        [*command, "--settle-s", "0", *options],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def judged(config: Path, run: Run, log: str = "all is well") -> "subprocess.CompletedProcess[str]":
    """The command on the ledger of `run`, and on a log."""
    ledger, logs = config.parent / "ledger.jsonl", config.parent / "log"
    ledger.write_text("".join(json.dumps(row) + "\n" for row in run.ledger), encoding="utf-8")
    logs.mkdir(exist_ok=True)
    (logs / "router-0.log").write_text(f"{log}\n", encoding="utf-8")
    return verify(config, "--ledger", str(ledger), "--logs", str(logs))


def test_the_command_finds_a_good_run_good_and_names_what_was_harmed_in_another(
    own_kafka: KafkaConfig, config: Path
) -> None:
    run = good()
    publish(own_kafka, run)
    done = judged(config, run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()] == [
        [name, "ok"] for name, *_ in ROWS
    ]
    done = judged(config, run, "sent to +46701234567")
    assert done.returncode == 1
    assert "router-0.log line 1 shows a number" in done.stdout
    assert "46701234567" not in done.stdout
    mis_joined = change(run.receipts[2], message_id=MessageId("m2"))
    publish(own_kafka, Run(requests=["lost"], receipts=[mis_joined]), "bank")
    run.ledger.insert(0, run.row("segments", 0))
    done = judged(config, run)
    assert done.returncode == 1, done.stdout + done.stderr
    faults = [line for line in done.stdout.splitlines() if "FAIL" in line]
    assert [line.split()[0] for line in faults] == ["L1", "L4", "L7"]
    assert "lost has no outcome" in faults[0]
    assert "m1|1 was taken 2 times" in faults[1]
    assert "m3|1: its receipt 903 was mis-joined to m2|1" in faults[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "can't be read: [Errno 2] No such file"),
        ('{"journal": "mo"}\n', "has an entry without 'source_addr'"),
        ('{"journal": "rain"}\n', "has an entry without 'rain'"),
    ],
)
def test_a_ledger_that_is_none_is_one_sentence(config: Path, text: str | None, words: str) -> None:
    ledger = config.parent / "ledger.jsonl"
    if text is not None:
        ledger.write_text(text, encoding="utf-8")
    done = verify(config, "--ledger", str(ledger))
    assert done.returncode == 2
    assert done.stderr.startswith(f"heliograph: the ledger {ledger} {words}")
    assert len(done.stderr.splitlines()) == 1
