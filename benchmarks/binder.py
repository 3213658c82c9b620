"""Segments a second and per CPU-second of one binder process, Kafka to SMSC and back to Kafka.

    .venv/bin/python benchmarks/binder.py [--segments 50000] [--binds 4] [--window 200]

Starts a broker, a sandbox that answers at once, and one binder; writes all segments before the
binder starts, and waits until every outcome stands in Kafka. CPU is that of the binder process, all
threads, from its start to the last outcome less what an idle start costs.
"""

import argparse
import os
import secrets
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka.admin import AdminClient

from heliograph.launcher import Child, launcher
from pipeline import topics
from pipeline.broker import broker
from pipeline.codec import Codec
from pipeline.config import Config, load
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.kafka.admin import create_topics, end_offsets
from pipeline.kafka.clients import client_settings, make_producer, now_ms, produce
from pipeline.process import catalog
from pipeline.records import MtSubmit, Tlv

CONFIG = """
connectors:
  bench: {{hosts: 127.0.0.1, system_id: us, password: "${{BENCH_PASSWORD}}",
          binds: {binds}, window: {window}, rate_per_s: 100000}}
services:
  sandbox:
    bench: {{scenario: {scenario}, accounts: {{us: "${{BENCH_PASSWORD}}"}}}}
"""
SCENARIO = "responses: {latency_ms: {min: 0, max: 0}}\nreceipts: {never_share: 1.0}\n"
TEXT = (
    b"Your parcel is on its way and arrives today between 14 and 16. "
    + b"Reply STOP to end; thanks. - ACME"
)


def write(config: Config, count: int) -> None:
    """Fill the submit topic with `count` one-segment messages."""
    codec, producer = Codec(), make_producer(config.kafka)
    topic = topics.submit(ConnectorId("bench"), 1, priority=False)
    moment = now_ms()
    for number in range(count):
        recipient = f"4670{number:07}"
        record = MtSubmit(
            message_id=MessageId(f"bench-{number}"),
            segment=1,
            segments=1,
            hop=0,
            tenant="default",
            class_="transactional",
            recipient=Msisdn(recipient),
            on_ambiguous="resend",
            requested_ms=moment,
            deadline_ms=moment + 86_400_000,
            source_addr_ton=5,
            source_addr_npi=0,
            source_addr="ACME",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=recipient,
            esm_class=0,
            registered_delivery=0,
            data_coding=0,
            short_message=TEXT,
            tlvs=(Tlv(tag=0x1501, value=f"bench-{number}|1".encode()),),
        )
        produce(producer, topic, recipient, codec.encode(record, topic))
        producer.poll(0)
    producer.flush(60)


def written(admin: AdminClient, config: Config) -> int:
    """Outcomes that stand in Kafka."""
    from confluent_kafka import TopicPartition

    topic = topics.submitted(ConnectorId("bench"), 1)
    partitions = [TopicPartition(topic, n) for n in range(config.connectors["bench"].binds)]
    return sum(end_offsets(admin, partitions).values())


def measure(binder: Child, admin: AdminClient, config: Config, count: int) -> tuple[float, float]:
    """Seconds of wall clock and of CPU from the first outcome to the last."""
    while not written(admin, config):
        time.sleep(0.005)
    first, wall, cpu = written(admin, config), time.monotonic(), binder.cpu_s()
    while written(admin, config) < count:
        time.sleep(0.02)
    share = (count - first) / count
    return (time.monotonic() - wall) / share, (binder.cpu_s() - cpu) / share


def main() -> None:
    """Run once and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=50_000)
    parser.add_argument("--binds", type=int, default=4)
    parser.add_argument("--window", type=int, default=200)
    options = parser.parse_args()
    os.environ["BENCH_PASSWORD"] = secrets.token_hex(4)
    with TemporaryDirectory(prefix="heliograph-bench-") as name, broker() as bootstrap:
        folder = Path(name)
        os.environ["HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        (folder / "scenario.yaml").write_text(SCENARIO, encoding="utf-8")
        path = folder / "heliograph.yaml"
        values = {"binds": options.binds, "window": options.window}
        path.write_text(
            CONFIG.format(scenario=folder / "scenario.yaml", **values), encoding="utf-8"
        )
        config = load(path)
        create_topics(config.kafka, catalog(config))
        with launcher(folder) as own:
            sandbox = own.start(
                "sandbox", "sandbox", "bench", "--config", str(path), "--free-ports"
            )
            write(config, options.segments)
            own.wait_up()
            os.environ["HELIOGRAPH__CONNECTORS__BENCH__PORT"] = str(sandbox.facts["smpp_port"])
            binder = own.start("binder", "binder", "--config", str(path))
            admin = AdminClient(client_settings(config.kafka))
            wall, cpu = measure(binder, admin, config, options.segments)
            rss = Path(f"/proc/{binder.pid}/status").read_text(encoding="utf-8")
    memory = next(line.split()[1] for line in rss.splitlines() if line.startswith("VmHWM"))
    print(
        f"{options.segments:,} segments: {options.segments / wall:,.0f}/s, "
        f"{options.segments / cpu:,.0f} per CPU-second, "
        f"{cpu / options.segments * 1e6:.1f} us each, {int(memory) // 1024} MiB at most"
    )


if __name__ == "__main__":
    main()
