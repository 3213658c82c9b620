"""How late timers are while very many wait, and what that costs in memory.

    python -m benchmarks.scheduler [--waiting 1000000] [--due 20000] [--spread-s 60]

Starts a broker and one scheduler. So many timers wait for hours; others become due one after the
other, evenly over `--spread-s`. How late a timer is: from its due time to a reader that has it
where it goes, committed; early is what was appended there before. Both by this machine's clock.
"""

import argparse
import os
import statistics
import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from benchmarks.binder import resident_mib
from heliograph.launcher import START_TIMEOUT_S, Child, launcher
from pipeline import topics
from pipeline.broker import broker
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig, load
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_consumer, make_producer, now_ms, produce, take
from pipeline.process import catalog
from pipeline.records import Timer

TARGET = topics.MT_EVENT  # nobody writes to it here
AHEAD_S = 15  # of the first one due: all are written by then
WAIT_MS = (2 * 3_600_000, 48 * 3_600_000)
VALUE = bytes(200)
LATEST_S = 120
LOOK_EVERY_S = 5
POLL_S = 0.05


def write(kafka: KafkaConfig, due_ms: Iterable[int]) -> None:
    """A timer for each of these moments; its key says the moment."""
    codec, producer = Codec(), make_producer(kafka)
    for number, moment in enumerate(due_ms):
        topic = topics.timer((moment - now_ms()) / 1000)
        timer = Timer(due_ms=moment, topic=TARGET, key=str(moment), value=VALUE)
        produce(producer, topic, f"k{number}", codec.encode(timer, topic))
        producer.poll(0)
    producer.flush(60)


def arrived(config: Config, count: int, scheduler: Child, spread_s: float) -> None:
    """Take all that become due, and print how late they were and what was resident meanwhile."""
    (target,) = (topic for topic in catalog(config) if topic.name == TARGET)
    where = [TopicPartition(TARGET, n, OFFSET_BEGINNING) for n in range(target.partitions)]
    consumer = make_consumer(config.kafka, "heliograph-bench")
    consumer.assign(where)
    late_ms: list[int] = []
    resident: list[int] = []
    early, look_at = 0, 0.0
    deadline = time.monotonic() + AHEAD_S + spread_s + LATEST_S
    while len(late_ms) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(late_ms):,} of {count:,} came")
        for message in take(consumer, POLL_S):
            due_ms = int(message.key() or b"0")
            late_ms.append(now_ms() - due_ms)
            early += message.timestamp()[1] < due_ms
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + LOOK_EVERY_S
            resident.append(resident_mib(scheduler, "VmRSS"))
    consumer.close()
    cuts = statistics.quantiles(late_ms, n=100)
    print(
        f"{count:,} timers due in {spread_s:.0f} s: late by p50 {cuts[49]:.0f}, "
        f"p99 {cuts[98]:.0f}, at most {max(late_ms)} ms, {early} early; "
        f"{min(resident)} to {max(resident)} MiB resident"
    )


def main() -> None:
    """Run once and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--due", type=int, default=20_000)
    parser.add_argument("--spread-s", type=float, default=60)
    options = parser.parse_args()
    dice = Random(1)
    with TemporaryDirectory(prefix="heliograph-bench-") as name, broker() as bootstrap:
        os.environ["HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        path = Path(name) / "heliograph.yaml"
        path.write_text("dev: true\n", encoding="utf-8")
        config = load(path)
        create_topics(config.kafka, catalog(config))
        waiting = (now_ms() + dice.randint(*WAIT_MS) for _ in range(options.waiting))
        write(config.kafka, waiting)
        with launcher(Path(name)) as own:
            scheduler = own.start("scheduler", "scheduler", "--config", str(path))
            own.wait_up()
            scheduler.wait_ready(time.monotonic() + START_TIMEOUT_S)
            first_ms, step_ms = now_ms() + AHEAD_S * 1000, options.spread_s * 1000 / options.due
            write(config.kafka, (first_ms + int(n * step_ms) for n in range(options.due)))
            print(f"{options.waiting:,} timers wait", flush=True)
            arrived(config, options.due, scheduler, options.spread_s)


if __name__ == "__main__":
    main()
