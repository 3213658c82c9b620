"""A customer tries the gateway as a test tenant: the same way, told apart for ever."""

import json
import subprocess
import sys
import time
from typing import Any

from confluent_kafka import Consumer, Producer

from pipeline.codec import Codec
from pipeline.records import Dlr, MtEvent, MtStatus, MtSubmitted

DEADLINE_S = 40
OUTPUTS = ["sms.mt.submitted.slow.g1", "sms.mt.submitted.fast.g1", "sms.mt.submitted.test.g1"]
PUBLIC = ["sms.mt.event", "sms.mt.status", "sms.dlr", *OUTPUTS]
CODEC = Codec()


def publish(bootstrap: str, topic: str, **request: Any) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, json.dumps({"from": "ACME", "text": "hello", **request}).encode())
    assert producer.flush(10) == 0


def until_ended(bootstrap: str, *message_ids: str) -> list[Any]:
    """Every public record of these messages, once all of them have ended and been reported."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(PUBLIC)
    found: list[Any] = []
    deadline = time.monotonic() + DEADLINE_S
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(0.2)
            if message is None or message.error():
                ended = {r.head.message_id for r in found if isinstance(r, MtStatus) and r.terminal}
                if ended >= set(message_ids) and message is None:
                    return found
                continue
            record = CODEC.decode(message.value(), Dlr, MtEvent, MtStatus, MtSubmitted)
            head = record.head if isinstance(record, MtStatus) else record
            if head.message_id in message_ids:
                found.append(record)
    finally:
        consumer.close()
    raise AssertionError(f"not ended within {DEADLINE_S} s: {found}")


def test_a_test_tenants_messages_go_to_the_sandbox_and_say_so_everywhere(up: str) -> None:
    publish(up, "sms.mt.request.tenant.test", message_id="try-1", to="+99946700001")
    publish(up, "sms.mt.request.tenant.test.priority", message_id="try-2", to="+99946700002")
    publish(up, "sms.mt.request", message_id="real-1", to="+46701234567")
    records = until_ended(up, "try-1", "try-2", "real-1")
    kinds: dict[tuple[str, bool], set[str]] = {}
    for record in records:
        head = record.head if isinstance(record, MtStatus) else record
        is_real = head.message_id == "real-1"
        assert head.test is not is_real, record
        kinds.setdefault((type(record).__name__, head.test), set()).add(head.message_id)
        connector = getattr(record, "connector", None)
        if connector is not None:
            assert (connector == "test") is not is_real, record
    for name in ("MtEvent", "MtStatus", "MtSubmitted", "Dlr"):
        assert kinds[name, True] == {"try-1", "try-2"}
        assert kinds[name, False] == {"real-1"}
    last = {r.head.message_id: r.state for r in records if isinstance(r, MtStatus)}
    assert last == {"try-1": "delivered", "try-2": "undeliverable", "real-1": "delivered"}


def test_the_command_sends_as_a_tenant(up: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS", up)
    command = [sys.executable, "-m", "heliograph", "send", "+99946700003", "hi"]
    options = ["--tenant", "test", "--message-id", "try-3"]
    subprocess.run([*command, *options], check=True, timeout=60, capture_output=True)
    records = until_ended(up, "try-3")
    assert {r.state for r in records if isinstance(r, MtStatus) and r.terminal} == {"expired"}
    refused = subprocess.run(
        [*command, "--tenant", "nobody"], check=False, timeout=60, capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert "tenants.nobody: there is none" in refused.stderr
