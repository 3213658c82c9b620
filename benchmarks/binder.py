"""What binder processes carry, Kafka to SMSC and back to Kafka, and at what price.

    python -m benchmarks.binder [--segments 50000] [--binds 4] [--window 200] [--replicas 1]
    python -m benchmarks.binder --rate 1000 --segments 20000          # how long a segment waits
    python -m benchmarks.binder --rate 8000 --segments 30000000       # an hour: memory over time

Starts a broker, a sandbox that answers at once, and the binders. Without `--rate` all segments are
written before the binders start, and what is counted is from when all are ready to the last outcome
in Kafka; CPU is that of the binder processes, all threads. With it segments are written evenly
while the binders run, and what is told is the time from the record in Kafka (LogAppendTime) to the
PDU read by the SMSC (its ledger), both by the clock of this machine.
"""

import argparse
import json
import os
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Consumer

from heliograph.launcher import Child, Launcher, launcher
from heliograph.ledgers import ledgers
from pipeline import topics
from pipeline.broker import broker
from pipeline.codec import Codec
from pipeline.config import Config, load
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_consumer, make_producer, now_ms, produce
from pipeline.kafka.lag import ends
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import MtSubmit, Tlv

BENCH = ConnectorId("bench")
CONFIG = """
state_dir: {folder}/state
tenants: {{default: {{senders: [ACME]}}}}
connectors:
  bench: {{hosts: 127.0.0.1, system_id: us, password: "${{BENCH_PASSWORD}}",
          binds: {binds}, window: {window}, rate_per_s: 100000}}
services:
  sandbox:
    bench:
      scenario: {folder}/scenario.yaml
      ledger_max: 200000
      accounts: {{us: "${{BENCH_PASSWORD}}"}}
"""
SCENARIO = "responses: {latency_ms: {min: 0, max: 0}}\nreceipts: {never_share: 1.0}\n"
TEXT = (
    b"Your parcel is on its way and arrives today between 14 and 16. "
    + b"Reply STOP to end; thanks. - ACME"
)
WARMUP_S = 2.0  # of a paced run: the first fetch, the first connections
TELL_EVERY_S = 60


@dataclass(frozen=True, slots=True)
class Stage:
    """A broker and a sandbox that run."""

    config: Config
    path: Path
    launcher: Launcher
    sandbox: Child
    asker: Consumer  # for offsets, it joins nothing

    def binders(self, count: int) -> list[Child]:
        """So many replicas, started."""
        return [
            self.launcher.start(
                f"binder-{n}", "binder", "--config", str(self.path), "--replica", f"binder-{n}"
            )
            for n in range(count)
        ]

    def written(self) -> int:
        """Outcomes that stand in Kafka."""
        binds = self.config.connectors[BENCH].binds
        output = [(topics.submitted(BENCH, 1), n) for n in range(binds)]
        return sum(ends(self.asker, output).values())


@contextmanager
def stage(binds: int, window: int, scenario: str = SCENARIO) -> Iterator[Stage]:
    """Everything but the binders."""
    os.environ["BENCH_PASSWORD"] = secrets.token_hex(4)
    with TemporaryDirectory(prefix="heliograph-bench-") as name, broker() as bootstrap:
        folder = Path(name)
        os.environ["HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        (folder / "scenario.yaml").write_text(scenario, encoding="utf-8")
        path = folder / "heliograph.yaml"
        text = CONFIG.format(folder=folder, binds=binds, window=window)
        path.write_text(text, encoding="utf-8")
        config = load(path)
        create_topics(config.kafka, catalog(config))
        with launcher(folder) as own:
            where = ("--config", str(path), "--free-ports")
            sandbox = own.start("sandbox", "sandbox", "bench", *where)
            own.wait_up()
            os.environ["HELIOGRAPH__CONNECTORS__BENCH__HOSTS"] = json.dumps(
                [f"127.0.0.1:{sandbox.facts['smpp_port']}"]
            )
            yield Stage(config, path, own, sandbox, make_consumer(config.kafka, "heliograph-bench"))


def write(config: Config, count: int, rate_per_s: float = 0) -> Iterator[int]:
    """Write `count` one-segment messages, evenly where a rate is given; yields how many stand."""
    codec, producer = Codec(), make_producer(config.kafka)
    topic = topics.submit(BENCH, 1, priority=False)
    begin = time.monotonic()
    for number in range(count):
        if rate_per_s and (wait := begin + number / rate_per_s - time.monotonic()) > 0:
            producer.poll(0)
            time.sleep(wait)
        record = segment(number)
        produce(producer, topic, record.recipient, codec.encode(record, topic))
        producer.poll(0)
        yield number
    producer.flush(60)


def segment(number: int) -> MtSubmit:
    """One message that is one segment."""
    moment, recipient = now_ms(), Msisdn(f"4670{number % 10_000_000:07}")
    return MtSubmit(
        message_id=MessageId(f"bench-{number}"),
        segment=1,
        segments=1,
        hop=0,
        tenant="default",
        class_="transactional",
        recipient=recipient,
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


def throughput(at: Stage, count: int, replicas: int) -> None:
    """As fast as it goes."""
    for _ in write(at.config, count):
        pass
    binders = at.binders(replicas)
    at.launcher.wait_up()
    for binder in binders:
        binder.wait_ready(time.monotonic() + 60)
    first, begin, cpu = at.written(), time.monotonic(), sum(b.cpu_s() for b in binders)
    while at.written() < count:
        time.sleep(0.02)
    share = (count - first) / count
    wall = (time.monotonic() - begin) / share
    cpu = (sum(b.cpu_s() for b in binders) - cpu) / share
    print(
        f"{replicas} replicas, {count:,} segments: {count / wall:,.0f}/s, "
        f"{count / cpu:,.0f} per CPU-second, {cpu / count * 1e6:.1f} us each, "
        f"{max(resident_mib(b, 'VmHWM') for b in binders)} MiB at most"
    )


def latency(at: Stage, count: int, rate_per_s: float, replicas: int) -> None:
    """At a pace: how long a segment waits, and what is resident."""
    binders = at.binders(replicas)
    at.launcher.wait_up()
    for binder in binders:
        binder.wait_ready(time.monotonic() + 60)
    tell_at = time.monotonic() + TELL_EVERY_S
    for number in write(at.config, count, rate_per_s):
        if time.monotonic() >= tell_at:
            tell_at += TELL_EVERY_S
            resident = "+".join(str(resident_mib(b, "VmRSS")) for b in binders)
            print(f"{number:,} segments: {resident} MiB resident", flush=True)
    while at.written() < count:
        time.sleep(0.02)
    waits = sorted(waited_ms(at, int(WARMUP_S * rate_per_s)))
    cuts = statistics.quantiles(waits, n=1000)
    print(
        f"{rate_per_s:,.0f}/s, {len(waits):,} segments from Kafka to the wire: "
        f"p50 {cuts[499]:.1f}, p99 {cuts[989]:.1f}, p99.9 {cuts[998]:.1f} ms"
    )


def waited_ms(at: Stage, skipped: int) -> Iterator[float]:
    """For each segment but the first ones: from its record to its PDU."""
    topic, codec = topics.submit(BENCH, 1, priority=False), Codec()
    place = str(at.sandbox.facts["http"])
    read_ms = {
        entry["message_id"]: entry["read_ms"]
        for ledger in ledgers([place], at.config)
        for entry in ledger.entries()
        if entry["journal"] == "segments"
    }
    for message in read_to_end(at.config.kafka, [topic]):
        name = codec.decode(message.value(), MtSubmit).message_id
        if int(name.removeprefix("bench-")) >= skipped and name in read_ms:
            yield read_ms[name] - message.timestamp()[1]


def resident_mib(child: Child, row: str) -> int:
    """What `row` of its status says: VmRSS now, VmHWM at most."""
    text = Path(f"/proc/{child.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(row))
    return int(line.split()[1]) // 1024


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--segments", type=int, default=50_000)
    parser.add_argument("--binds", type=int, default=4)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0)
    options = parser.parse_args()
    with stage(options.binds, options.window) as at:
        if options.rate:
            latency(at, options.segments, options.rate, options.replicas)
        else:
            throughput(at, options.segments, options.replicas)


if __name__ == "__main__":
    main()
