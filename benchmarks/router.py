"""What intake and router do with a request, with much to know, and at what price.

    python -m benchmarks.router [--requests 100000] [--prefixes 100000] [--opt-outs 1000000]

Starts a broker and one router that has 50 rules over so many prefixes, and first brings it so many
opt-outs through its own topic. Then requests as intake passes them on, as fast as the router takes
them; with intake before it, as JSON, as fast as both take them, and at `--rate`; then a second
router joins, and as fast as they are taken once more. What is counted are submit records that a
reader of committed records has; a latency is from the request in Kafka (LogAppendTime) to such a
reader, by the clock of this machine. CPU is that of the processes, all threads.
"""

import argparse
import json
import time
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.binder import BENCH, TEXT, Stage, resident_mib
from benchmarks.stateful import Arrivals, Keyed, Service, arriving, replica, service
from heliograph.launcher import Child
from pipeline import topics
from pipeline.codec import Codec
from pipeline.ids import MessageId, Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import MtAdmitted, MtHead, MtRequest, MtSubmit, OptOut

RULES = 50
BINDS = 4
CODEC = Codec()
SUBMIT = topics.submit(BENCH, 1, priority=False)


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


def opt_outs(count: int) -> Iterator[Keyed]:
    """So many recipients who want no more, none of whom is sent to."""
    for number in range(count):
        recipient = Msisdn(f"4679{number:07}")
        row = OptOut(recipient=recipient, action="out", source="bench", at_ms=now_ms())
        yield recipient, CODEC.encode(row, topics.ROUTER_IN)


def requests(numbers: range) -> Iterator[Keyed]:
    """A request for each number, as others write it."""
    for number in numbers:
        request = {
            "message_id": f"bench-{number}",
            "to": f"+4670{number % 10_000_000:07}",
            "from": "ACME",
            "text": TEXT.decode(),
        }
        yield request["message_id"], json.dumps(request).encode()


def admitted(numbers: range) -> Iterator[Keyed]:
    """A request for each number, as intake passes it on."""
    for number in numbers:
        message_id, recipient = MessageId(f"bench-{number}"), Msisdn(f"4670{number:07}")
        moment = now_ms()
        request = MtRequest(
            message_id=message_id, to=f"+{recipient}", from_="ACME", text=TEXT.decode()
        )
        head = MtHead(
            message_id=message_id,
            recipient=recipient,
            sender="ACME",
            tenant="default",
            lane="normal",
            class_=request.class_,
            requested_ms=moment,
        )
        record = MtAdmitted(
            head=head, request=request, source=topics.MT_REQUEST, admitted_ms=moment
        )
        yield recipient, CODEC.encode(record, topics.ROUTER_IN)


def throughput(
    intake: Service, routers: list[Child], arrivals: Arrivals, records: list[Keyed]
) -> None:
    """As fast as intake and routers take them."""
    before, begin, count = len(arrivals.records), time.monotonic(), len(records)
    intake_s, router_s = -intake.child.cpu_s(), -sum(child.cpu_s() for child in routers)
    intake.write(records)
    arrivals.wait_for(before + count)
    wall_s = time.monotonic() - begin
    intake_s += intake.child.cpu_s()
    router_s += sum(child.cpu_s() for child in routers)
    resident = "+".join(str(resident_mib(child, "VmRSS")) for child in routers)
    print(
        f"intake and {len(routers)} router{'s' * (len(routers) > 1)}, {count:,} requests: "
        f"{count / wall_s:,.0f}/s, us of CPU each: intake {intake_s / count * 1e6:.1f}, "
        f"router {router_s / count * 1e6:.1f}; {resident} MiB resident",
        flush=True,
    )


def requested_ms(octets: bytes) -> int:
    """When the request of this submit record was written."""
    return CODEC.decode(octets, MtSubmit).requested_ms


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--paced", type=int, default=30_000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--prefixes", type=int, default=100_000)
    parser.add_argument("--opt-outs", type=int, default=1_000_000)
    asked = parser.parse_args()
    cuts = [0, asked.requests, 2 * asked.requests, 2 * asked.requests + asked.paced]
    first, second, paced = (range(*pair) for pair in pairwise(cuts))
    last = range(cuts[-1], cuts[-1] + asked.requests)
    with service(
        "router",
        topics.ROUTER_IN,
        binds=BINDS,
        prepare=lambda at: write_routes(at, asked.prefixes),
    ) as router:
        at = router.at
        router.preload(opt_outs(asked.opt_outs), asked.opt_outs, "opt-outs")
        with arriving(at.config, SUBMIT) as arrivals:
            router.throughput(arrivals, list(admitted(first)), 1, "requests, the router by itself")
            intake = Service(at, "intake", topics.MT_REQUEST, replica(at, "intake", 0))
            routers = [router.child]
            throughput(intake, routers, arrivals, list(requests(second)))
            intake.latency(arrivals, requests(paced), asked.paced, asked.rate, requested_ms)
            routers.append(replica(at, "router", 1))
            throughput(intake, routers, arrivals, list(requests(last)))


if __name__ == "__main__":
    main()
