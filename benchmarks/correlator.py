"""What one correlator joins with many segments open, and what their state costs.

    python -m benchmarks.correlator [--open 100000] [--receipts 50000] [--rate 1000]
    python -m benchmarks.correlator --open 1000000 --receipts 200000 --paced 30000

Starts a broker and a correlator, and has it take up so many accepted segments, each of another
handset. Then receipts of some of them, as fast as they are taken; of others, at `--rate`; then as
many segments at that rate by way of a binder to a sandbox that sends their receipts a second later;
then it is started again, once with its state and once without, when it has to read its changelog.
What is counted are Dlr that a reader of committed records has; a latency is from received_ms of a
delivery, which is when it is written here, to such a reader, and by way of the binder from when the
sandbox has sent the deliver_sm (its ledger), by the clock of this machine. Disk is that of the
state directory; CPU is that of the process, all threads.
"""

import argparse
import time
from collections.abc import Iterator

from msgspec.structs import replace

from benchmarks.binder import BENCH, Stage, segment
from benchmarks.stateful import Arrivals, Keyed, Service, accepted, arriving, replica, service
from heliograph.ledgers import ledgers
from pipeline import topics
from pipeline.codec import Codec
from pipeline.ids import Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import Dlr, SmscDeliver

CODEC = Codec()
DAY_MS = 86_400_000
FIRST_ID = 0x1A2B_3C4D_0000
SUBMIT = topics.submit(BENCH, 1, priority=False)
SCENARIO = "receipts: {delay_ms: {min: 1000, max: 1000}}\n"
BINDS, WINDOW = 4, 200


def handset(number: int) -> Msisdn:
    """Each segment has its own."""
    return Msisdn(f"4670{number:07}")


def answers(count: int) -> Iterator[Keyed]:
    """So many segments are accepted."""
    for number in range(count):
        record = accepted(number, handset(number), f"{FIRST_ID + number:x}")
        yield handset(number), CODEC.encode(record, topics.CORRELATOR_IN)


def receipts(numbers: range) -> Iterator[Keyed]:
    """The final receipts of these segments, with their ids in the other notation."""
    for number in numbers:
        text = (
            f"id:{FIRST_ID + number} sub:001 dlvrd:001 submit date:2609220000"
            " done date:2609220001 stat:DELIVRD err:000 text:"
        )
        record = SmscDeliver(
            connector=BENCH,
            replica="binder-0",
            bind=0,
            received_ms=now_ms(),
            handset=handset(number),
            command="deliver_sm",
            source_addr_ton=1,
            source_addr_npi=1,
            source_addr=handset(number),
            dest_addr_ton=5,
            dest_addr_npi=0,
            destination_addr="ACME",
            esm_class=4,
            data_coding=0,
            short_message=text.encode(),
        )
        yield handset(number), CODEC.encode(record, topics.CORRELATOR_IN)


def received_ms(octets: bytes) -> int:
    """When the receipt of this Dlr was received."""
    return CODEC.decode(octets, Dlr).received_ms


def segments(numbers: range) -> Iterator[Keyed]:
    """Messages of one segment to these handsets, which want a receipt."""
    for number in numbers:
        record = replace(segment(number), registered_delivery=1)
        yield record.recipient, CODEC.encode(record, SUBMIT)


def by_the_wire(at: Stage, arrivals: Arrivals, numbers: range, rate_per_s: float) -> None:
    """From a deliver_sm of the sandbox through a binder to its Dlr."""
    binder = Service(at, "binder", SUBMIT, replica(at, "binder", 0))
    binder.child.wait_ready(time.monotonic() + 60)
    before = len(arrivals.records)
    binder.write(segments(numbers), rate_per_s)
    arrivals.wait_for(before + len(numbers))
    sent_ms = {
        entry["message_id"]: entry["sent_ms"]
        for ledger in ledgers([str(at.sandbox.facts["http"])], at.config)
        for entry in ledger.entries()
        if entry["journal"] == "receipts"
    }

    def began_ms(octets: bytes) -> float:
        return float(sent_ms[CODEC.decode(octets, Dlr).message_id])

    arrivals.tell(before, rate_per_s, began_ms, "receipts from deliver_sm to sms.dlr")


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--open", type=int, default=100_000)
    parser.add_argument("--receipts", type=int, default=50_000)
    parser.add_argument("--paced", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=1000)
    asked = parser.parse_args()
    first, last = asked.receipts, asked.receipts + asked.paced
    sent = range(last + 2, last + 2 + asked.paced)
    if sent.stop > asked.open:
        parser.error("--receipts and twice --paced are of open segments: less than --open together")
    with service(
        "correlator", topics.CORRELATOR_IN, binds=BINDS, window=WINDOW, scenario=SCENARIO
    ) as correlator:
        correlator.preload(answers(asked.open), asked.open, "open segments")
        with arriving(correlator.at.config, topics.DLR) as arrivals:
            correlator.throughput(arrivals, list(receipts(range(first))), 1, "receipts")
            paced = receipts(range(first, last))
            correlator.latency(arrivals, paced, asked.paced, asked.rate, received_ms)
            by_the_wire(correlator.at, arrivals, sent, asked.rate)
            correlator.start_again(arrivals, receipts(range(last, last + 1)))
            correlator.start_again(arrivals, receipts(range(last + 1, last + 2)), has_state=False)


if __name__ == "__main__":
    main()
