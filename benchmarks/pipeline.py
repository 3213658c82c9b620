"""CPU of a message on its way from request to carrier: intake, router and binder, each its share.

    python -m benchmarks.pipeline [--messages 60000] [--binds 4] [--window 200]

Starts a broker, a sandbox that answers at once, and one process of each; when all are ready, writes
requests as fast as the broker takes them, as JSON, and waits until every outcome stands in Kafka.
CPU is that of the processes, all threads, from the first request to the last outcome.
"""

import argparse
import json
import time

from benchmarks.binder import TEXT, Stage, stage
from pipeline import topics
from pipeline.kafka.clients import make_producer, produce

SERVICES = ("intake", "router", "binder")
ROUTES = "version: bench\nrules: [{name: all, prefix: '', connectors: [bench]}]\n"


def write(at: Stage, count: int) -> None:
    """`count` requests, each to another number."""
    producer = make_producer(at.config.kafka)
    for number in range(count):
        request = {
            "message_id": f"bench-{number}",
            "to": f"+4670{number:07}",
            "from": "ACME",
            "text": TEXT.decode(),
            "receipts": "none",
        }
        octets = json.dumps(request).encode()
        produce(producer, topics.MT_REQUEST, f"bench-{number}", octets)
        producer.poll(0)
    producer.flush(60)


def main() -> None:
    """Run once and print one line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--binds", type=int, default=4)
    parser.add_argument("--window", type=int, default=200)
    options = parser.parse_args()
    count = options.messages
    with stage(options.binds, options.window) as at:
        (at.path.parent / "routes.yaml").write_text(ROUTES, encoding="utf-8")
        where = ("--config", str(at.path), "--replica")
        children = {name: at.launcher.start(name, name, *where, f"{name}-0") for name in SERVICES}
        at.launcher.wait_up()
        for child in children.values():
            child.wait_ready(time.monotonic() + 60)
        cpu_s = {name: -child.cpu_s() for name, child in children.items()}
        begin = time.monotonic()
        write(at, count)
        while at.written() < count:
            time.sleep(0.05)
        wall_s = time.monotonic() - begin
        for name, child in children.items():
            cpu_s[name] += child.cpu_s()
    shares = ", ".join(f"{name} {s / count * 1e6:.1f}" for name, s in cpu_s.items())
    print(
        f"{count:,} messages: {count / wall_s:,.0f}/s, "
        f"{sum(cpu_s.values()) / count * 1e6:.1f} us of CPU each: {shares}"
    )


if __name__ == "__main__":
    main()
