"""What one tracker makes of the facts of messages with many of them under way, and what that costs.

    python -m benchmarks.tracker [--open 50000] [--messages 20000] [--rate 1000]
    python -m benchmarks.tracker --open 1000000 --messages 50000

Starts a broker and a tracker, and has it take up so many messages that are routed and accepted.
Then others, each with four facts (routed, accepted, a receipt that is not final and one that is),
as fast as they are taken; more of them, at `--rate` facts a second; then it is started again, once
with its state and once without, when it has to read its changelog. What is counted are events that
a reader of committed records has; a latency is from when a fact is written here to such a reader,
by the clock of this machine. Disk is that of the state directory; CPU is that of the process, all
threads.
"""

import argparse
from collections.abc import Callable, Iterator

from benchmarks.binder import BENCH
from benchmarks.stateful import DAY_MS, Keyed, accepted, arriving, service
from pipeline import topics
from pipeline.codec import Codec
from pipeline.ids import MessageId, Msisdn, SmscMessageId
from pipeline.kafka.clients import now_ms
from pipeline.records import Dlr, MtEvent, MtHead, MtRouted, Record

CODEC = Codec()
AT_ONCE = 1000  # messages whose facts come in turn: all routed, all accepted, and so on


def recipient(number: int) -> Msisdn:
    """Of the message of that number."""
    return Msisdn(f"4670{number % 10_000_000:07}")


def message_id(number: int) -> MessageId:
    """Of the message of that number."""
    return MessageId(f"bench-{number}")


def routed(number: int) -> Record:
    """The first fact."""
    moment = now_ms()
    head = MtHead(
        message_id=message_id(number),
        recipient=recipient(number),
        sender="ACME",
        tenant="default",
        lane="normal",
        class_="transactional",
        requested_ms=moment,
    )
    return MtRouted(
        head=head,
        connector=BENCH,
        segments=1,
        data_coding=0,
        receipts_expected=1,
        hop=0,
        rule="rest",
        routes_version="bench",
        deadline_ms=moment + DAY_MS,
        routed_ms=moment,
    )


def taken(number: int) -> Record:
    """The second one."""
    return accepted(number, recipient(number), f"{number:x}")


def receipt(number: int, state: str) -> Record:
    """The third and the fourth."""
    moment = now_ms()
    return Dlr(
        message_id=message_id(number),
        segment=1,
        segments=1,
        hop=0,
        connector=BENCH,
        smsc_message_id=SmscMessageId(f"{number:x}"),
        tenant="default",
        recipient=recipient(number),
        state=state,
        final=state != "ENROUTE",
        repeat=False,
        submitted_ms=moment,
        received_ms=moment,
        joined_ms=moment,
    )


UNDER_WAY: tuple[Callable[[int], Record], ...] = (routed, taken)
FACTS = (*UNDER_WAY, lambda n: receipt(n, "ENROUTE"), lambda n: receipt(n, "DELIVERED"))


def told(numbers: range, facts: tuple[Callable[[int], Record], ...]) -> Iterator[Keyed]:
    """These facts of messages, of some at a time in turn."""
    for begin in range(0, len(numbers), AT_ONCE):
        for fact in facts:
            for number in numbers[begin : begin + AT_ONCE]:
                yield message_id(number), CODEC.encode(fact(number), topics.TRACKER_IN)


def at_ms(octets: bytes) -> int:
    """When the fact of this event was written."""
    return CODEC.decode(octets, MtEvent).at_ms


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--open", type=int, default=50_000)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--paced", type=int, default=2_500)
    parser.add_argument("--rate", type=float, default=1000)
    asked = parser.parse_args()
    first, each = asked.open + asked.messages, len(FACTS)
    last = first + asked.paced
    with service("tracker", topics.TRACKER_IN) as tracker:
        tracker.preload(told(range(asked.open), UNDER_WAY), asked.open, "messages under way")
        with arriving(tracker.at.config, topics.MT_EVENT) as arrivals:
            full = list(told(range(asked.open, first), FACTS))
            tracker.throughput(arrivals, full, each, f"messages with {each} facts")
            paced = told(range(first, last), FACTS)
            tracker.latency(arrivals, paced, asked.paced * each, asked.rate, at_ms)
            tracker.start_again(arrivals, told(range(1), FACTS[-1:]))
            tracker.start_again(arrivals, told(range(1, 2), FACTS[-1:]), has_state=False)


if __name__ == "__main__":
    main()
