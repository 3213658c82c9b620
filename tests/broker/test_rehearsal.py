"""New routes on what came lately: how much moves, what it costs."""

import json
from pathlib import Path

from typer.testing import CliRunner

from heliograph.cli import APP
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.clients import make_producer, produce
from tests.services.router.builders import admitted, request

CONFIG = """
dev: true
kafka: {bootstrap_servers: '%s'}
connectors:
  fast: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  slow: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
tenants: {default: {senders: [ACME]}}
"""
OLD = """
version: "1"
rules: [{name: all, prefix: "", connectors: [{name: fast, price: "0.02"}]}]
"""
NEW = """
version: "2"
rules:
  - {name: codes, prefix: "46", match: {class: otp}, connectors: [{name: fast, price: "0.02"}]}
  - {name: sweden, prefix: "46", connectors: [{name: slow, price: "0.015"}]}
  - {name: norway, prefix: "47", reject: closed}
"""


def test_what_came_lately_is_routed_by_new_rules(own_kafka: KafkaConfig, tmp_path: Path) -> None:
    codec, producer = Codec(), make_producer(own_kafka)
    asked = [
        *((f"s{n}", "46701234567", {}) for n in range(7)),
        *((f"l{n}", "46701234567", {"text": "x" * 161}) for n in range(2)),
        *((f"o{n}", "46701234567", {"class_": "otp"}) for n in range(3)),
        ("n0", "4791234567", {}),
    ]
    for name, recipient, more in asked:
        record = admitted(request(message_id=name, **more), recipient=recipient)
        octets = codec.encode(record, topics.ROUTER_IN)
        produce(producer, topics.ROUTER_IN, recipient, octets)
    produce(producer, topics.ROUTER_IN, "46701234567", b"rubbish")
    asked_for = {"to": "+4791234567", "from": "ACME", "text": "hello"}
    produce(producer, "sms.mt.request", "", json.dumps(asked_for).encode())
    producer.flush(30)
    for name, text in (
        ("heliograph.yaml", CONFIG % own_kafka.bootstrap_servers),
        ("routes.yaml", OLD),
        ("new.yaml", NEW),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def told(*more: str) -> list[str]:
        where = ["--config", str(tmp_path / "heliograph.yaml"), *more]
        found = CliRunner().invoke(APP, ["routes", "simulate", str(tmp_path / "new.yaml"), *where])
        return [line for line in found.output.splitlines() if "stamina.retry" not in line]

    assert told() == [
        "13 messages, 10 of them go another way",
        "  fast -> slow: 9",
        "  fast -> closed: 1",
        "cost 0.30 -> 0.225, 0 without a price",
        "1 records passed over: 1 unreadable",
    ]
    assert told("--from-topic", "sms.mt.request") == [
        "1 messages, 1 of them go another way",
        "  fast -> closed: 1",
        "cost 0.02 -> 0, 0 without a price",
    ]
