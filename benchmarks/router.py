"""What intake and router do with a request, with much to know, and at what price.

    python -m benchmarks.router [--requests 100000] [--prefixes 100000] [--opt-outs 1000000]

Starts a broker, intake and one router that has 50 rules over so many prefixes, and first brings it
so many opt-outs through its own topic. Then, as JSON: requests as fast as they are taken, and at
`--rate`; then a second router joins, and as fast as they are taken once more. What is counted are
submit records that a reader of committed records has; a latency is from the request in Kafka
(LogAppendTime) to such a reader, by the clock of this machine. CPU is that of the processes, all
threads.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from benchmarks.binder import BENCH, TEXT, Stage, resident_mib, stage
from heliograph.launcher import Child
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.ids import Msisdn
from pipeline.kafka.clients import make_consumer, make_producer, now_ms, produce, take
from pipeline.kafka.lag import Lag
from pipeline.records import MtSubmit, OptOut

RULES = 50
LONGEST_WAIT_S = 1800
BINDS = 4
POLL_S = 0.2
LOOK_EVERY_S = 0.5
SUBMIT = topics.submit(BENCH, 1, priority=False)


@dataclass(slots=True)
class Arrivals:
    """Submit records as a reader of committed ones gets them, on a thread of its own."""

    config: Config
    records: list[tuple[int, bytes]] = field(default_factory=list)  # when, ms, and what

    def start(self) -> None:
        """Read from now on."""
        threading.Thread(target=self._read, name="arrivals", daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Until there are so many."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while len(self.records) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.records):,} of {count:,} came")
            time.sleep(0.02)

    def _read(self) -> None:
        consumer = make_consumer(self.config.kafka, "heliograph-bench")
        consumer.assign([TopicPartition(SUBMIT, n, OFFSET_BEGINNING) for n in range(BINDS)])
        while True:
            for message in take(consumer, POLL_S):
                self.records.append((now_ms(), message.value() or b""))


def write_routes(at: Stage, prefixes: int) -> None:
    """All rules but the last have a file of prefixes; one in five asks for more than those."""
    folder, each = at.path.parent, prefixes // (RULES - 1)
    rules = []
    for rule in range(RULES - 1):
        lines = (f"4670{rule * each + number:05}" for number in range(each))
        (folder / f"{rule}.txt").write_text("\n".join(lines), encoding="utf-8")
        match = "match: {class: otp}, " if rule % 5 == 0 else ""
        rules.append(f"- {{name: r{rule}, prefixes_file: {rule}.txt, {match}connectors: [bench]}}")
    rules.append("- {name: rest, prefix: '', connectors: [bench]}")
    text = "\n".join(["version: bench", "rules:", *rules])
    (folder / "routes.yaml").write_text(text + "\n", encoding="utf-8")


def write_opt_outs(config: Config, count: int) -> None:
    """So many recipients who want no more, none of whom is sent to."""
    codec, producer = Codec(), make_producer(config.kafka)
    for number in range(count):
        recipient = Msisdn(f"4679{number:07}")
        row = OptOut(recipient=recipient, action="out", source="bench", at_ms=now_ms())
        produce(producer, topics.ROUTER_IN, recipient, codec.encode(row, topics.ROUTER_IN))
        producer.poll(0)
    producer.flush(60)


def write(config: Config, numbers: Iterable[int], rate_per_s: float = 0) -> None:
    """A request for each number, evenly where a rate is given."""
    producer, begin = make_producer(config.kafka), time.monotonic()
    for written, number in enumerate(numbers):
        if rate_per_s and (wait_s := begin + written / rate_per_s - time.monotonic()) > 0:
            producer.poll(0)
            time.sleep(wait_s)
        request = {
            "message_id": f"bench-{number}",
            "to": f"+4670{number % 10_000_000:07}",
            "from": "ACME",
            "text": TEXT.decode(),
        }
        octets = json.dumps(request).encode()
        produce(producer, topics.MT_REQUEST, request["message_id"], octets)
        producer.poll(0)
    producer.flush(60)


def rest(at: Stage) -> None:
    """Wait until the routers have nothing left to read."""
    lag = Lag(at.config.kafka, {topics.ROUTER_IN: "router"})
    deadline = time.monotonic() + LONGEST_WAIT_S
    while lag.ask()[topics.ROUTER_IN].behind:
        if time.monotonic() > deadline:
            raise SystemExit("the routers do not come to the end of sms.router.in")
        time.sleep(LOOK_EVERY_S)


def throughput(at: Stage, arrivals: Arrivals, children: dict[str, Child], count: int) -> None:
    """As fast as it goes."""
    before, begin = len(arrivals.records), time.monotonic()
    cpu_s = {name: -child.cpu_s() for name, child in children.items()}
    write(at.config, range(before, before + count))
    arrivals.wait_for(before + count)
    wall_s = time.monotonic() - begin
    for name, child in children.items():
        cpu_s[name] += child.cpu_s()
    routers = len(children) - 1
    intake_us = cpu_s.pop("intake-0") / count * 1e6
    router_us = sum(cpu_s.values()) / count * 1e6
    resident = "+".join(str(resident_mib(children[name], "VmRSS")) for name in cpu_s)
    print(
        f"{routers} router{'s' * (routers > 1)}, {count:,} requests: {count / wall_s:,.0f}/s, "
        f"us of CPU each: intake {intake_us:.1f}, router {router_us:.1f}; {resident} MiB resident",
        flush=True,
    )


def latency(at: Stage, arrivals: Arrivals, count: int, rate_per_s: float) -> None:
    """At a pace: how long a request waits until its submit record is committed."""
    before = len(arrivals.records)
    write(at.config, range(before, before + count), rate_per_s)
    arrivals.wait_for(before + count)
    codec, skipped = Codec(), count // 10  # the first ones meet what is cold
    waits = [
        moment - codec.decode(octets, MtSubmit).requested_ms
        for moment, octets in arrivals.records[before + skipped :]
    ]
    cuts = statistics.quantiles(waits, n=100)
    print(
        f"{rate_per_s:,.0f}/s, {len(waits):,} requests to the committed submit record: "
        f"p50 {cuts[49]:.0f}, p99 {cuts[98]:.0f} ms",
        flush=True,
    )


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--paced", type=int, default=30_000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--prefixes", type=int, default=100_000)
    parser.add_argument("--opt-outs", type=int, default=1_000_000)
    options = parser.parse_args()
    with stage(BINDS, 1) as at:
        write_routes(at, options.prefixes)
        children: dict[str, Child] = {}

        def start(service: str, replica: str) -> None:
            where = ("--config", str(at.path), "--replica", replica)
            children[replica] = at.launcher.start(replica, service, *where)
            at.launcher.wait_up()

        start("router", "router-0")
        begin = time.monotonic()
        write_opt_outs(at.config, options.opt_outs)
        rest(at)
        took_s = time.monotonic() - begin
        print(f"{options.opt_outs:,} opt-outs in {took_s:.0f} s", flush=True)
        start("intake", "intake-0")
        arrivals = Arrivals(at.config)
        arrivals.start()
        throughput(at, arrivals, children, options.requests)
        latency(at, arrivals, options.paced, options.rate)
        start("router", "router-1")
        rest(at)
        throughput(at, arrivals, children, options.requests)


if __name__ == "__main__":
    main()
