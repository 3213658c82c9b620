"""What it costs to keep a message in the search view, and how soon one of a million is found.

    python -m benchmarks.view [--messages 1000000] [--rate 5000] [--asks 2000]
    python -m benchmarks.view --view postgresql://...

Fills a view with messages of three events each (routed, accepted, a receipt), in batches as Kafka
gives them. Then asks for one after another by id and by number, chosen at random, of the view and
over HTTP, at first with nothing else to do and then while events of further messages are written at
`--rate` a second, and asks what telemetry itself asks of it every second: at last with a tenth as
many messages again that are due and not sent, as in an outage. Then it is opened anew. Nothing here
is Kafka: what is counted is the view.
"""

import argparse
import json
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.codec import Codec
from pipeline.config import Config, HttpConfig
from pipeline.http import HttpServer
from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId
from pipeline.kafka.clients import BATCH_RECORDS_MAX
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import MtEvent
from pipeline.secret import SecretText
from pipeline.topics import MT_EVENT
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import Heard
from services.telemetry.parts import Desk
from services.telemetry.search import part
from services.telemetry.store import opened
from services.telemetry.view import View

BEGIN_MS = 1_790_000_000_000
EVENTS = 3
UNSENT = 0.1  # as many again as there are messages, in an outage
DAY_MS = 86_400_000
TOKEN = "of a benchmark"  # noqa: S105 - opens nothing
TIMEOUT_S = 60
WRITTEN_MAX_S = 100  # of `--rate`, which is of events: three times as long
AT_ONCE = BATCH_RECORDS_MAX // EVENTS * 10  # messages whose events come in turn
STEPS = (("routed", "routed"), ("segment_accepted", "accepted"), ("receipt", "delivered"))


def recipient(number: int) -> Msisdn:
    """Of the message of that number; each has some."""
    return Msisdn(f"4670{number * 7919 % 500_000:07}")


def message_id(number: int) -> MessageId:
    """Of the message of that number."""
    return MessageId(f"01J8ZQ3F5K-{number:015}")


def event(number: int, step: int) -> MtEvent:
    """One of the three, of the size that they are."""
    name, state = STEPS[step]
    begin_ms = BEGIN_MS + number
    return MtEvent(
        event_id=f"{number * EVENTS + step:016x}",
        message_id=message_id(number),
        event=name,
        state=state,
        terminal=step == EVENTS - 1,
        segment=1 if step else None,
        segments=1,
        connector=ConnectorId("fast"),
        smsc_message_id=SmscMessageId(f"{number:016x}") if step else None,
        command_status=0 if step == 1 else None,
        receipt_state="DELIVERED" if step == EVENTS - 1 else None,
        tenant="default",
        lane="normal",
        class_="transactional",
        recipient=recipient(number),
        country="SE",
        sender="ACME",
        requested_ms=begin_ms,
        at_ms=begin_ms + (10, 40, 2000)[step],
        submitted_ms=begin_ms + 30 if step else None,
        rule="rest",
        routes_version="2026-11-30",
        hop=0,
        price=None if step else "0.0125",
        deadline_ms=None if step else begin_ms + DAY_MS,
    )


def batches(begin: int, end: int) -> Iterator[list[Heard]]:
    """The events of messages from `begin` to before `end`, as they would be read."""
    heard = []
    for first in range(begin, end, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, end))
        for step in range(EVENTS):
            for number in numbers:
                offset = first * EVENTS + len(heard)
                one = event(number, step)
                heard.append(Heard(MT_EVENT, 0, offset, one.at_ms, one))
        for place in range(0, len(heard), BATCH_RECORDS_MAX):
            yield heard[place : place + BATCH_RECORDS_MAX]
        heard = []


def fill(view: View, messages: int) -> None:
    """Take so many messages, and say what that cost."""
    spent_s, cpu_s = 0.0, 0.0
    for batch in batches(0, messages):
        begun, cpu = time.perf_counter(), time.thread_time()
        view.apply(batch)
        spent_s += time.perf_counter() - begun
        cpu_s += time.thread_time() - cpu
    each = 1_000_000 / (messages * EVENTS)
    print(
        f"taken: {messages * EVENTS:,} events of {messages:,} messages in {spent_s:.1f} s, "
        f"{spent_s * each:.1f} µs an event, {cpu_s * each:.1f} µs of CPU"
    )


def writing(view: View, begin: int, rate: int, stopping: threading.Event) -> None:
    """Take further messages at a rate until told to stop, and say how that went."""
    done, begun = 0, time.perf_counter()
    for batch in batches(begin, begin + WRITTEN_MAX_S * rate):
        view.apply(batch)
        done += len(batch)
        if stopping.wait(max(0.0, begun + done / rate - time.perf_counter())):
            break
    print(f"  meanwhile {done / (time.perf_counter() - begun):,.0f} events/s were taken")


def ask(what: str, asks: int, question: Callable[[], object]) -> None:
    """Ask again and again, and say how long answers took."""
    took_us = []
    for _ in range(asks):
        begun = time.perf_counter_ns()
        answer = question()
        took_us.append((time.perf_counter_ns() - begun) // 1000)
        assert answer is not None
    took_us.sort()
    p50, p99, most = (took_us[int(part * (asks - 1))] / 1000 for part in (0.5, 0.99, 1))
    print(f"  {what:24} p50 {p50:8.2f} ms  p99 {p99:8.2f} ms  most {most:.2f} ms")


@contextmanager
def served(view: View) -> Iterator[str]:
    """The URL at which telemetry answers from this view, in this process as it does in its own."""
    own = TelemetryConfig(token=SecretText(TOKEN))
    ground = Process(Config(), "telemetry-0", Metrics("telemetry", "telemetry-0"), Codec())
    server = HttpServer(
        HttpConfig(),
        is_live=lambda: True,
        is_ready=lambda: True,
        routes=part(Desk(ground, own, Access(own), view)).routes,
    )
    try:
        yield server.start()
    finally:
        server.stop()
        ground.metrics.close()


def get(url: str) -> object:
    """What is answered to who has the token."""
    request = urllib.request.Request(  # noqa: S310 - of our own server
        url, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
        return json.load(answer)


def ask_all(view: View, messages: int, asks: int, url: str) -> None:
    """All that is asked of a view."""

    def by_id() -> object:
        return view.find_id(message_id(random.randrange(messages)))

    def by_number() -> object:
        found = view.find_number(recipient(random.randrange(messages)), 20)
        assert found
        return found

    def get_by_id() -> object:
        return get(f"{url}/v1/messages/{message_id(random.randrange(messages))}")

    def get_by_number() -> object:
        return get(f"{url}/v1/messages?number={recipient(random.randrange(messages))}")

    ask("by id", asks, by_id)
    ask("by number", asks, by_number)
    ask("by id, over HTTP", asks, get_by_id)
    ask("by number, over HTTP", asks, get_by_number)
    ask_for_unsent(view, BEGIN_MS + messages)


def ask_for_unsent(view: View, now_ms: int) -> None:
    """What telemetry asks once a second."""
    waits = sum(one.messages for one in view.unsent(now_ms))
    ask(f"{waits:,} that are unsent", 20, lambda: view.unsent(now_ms))
    ask("late since a second ago", 20, lambda: view.late(now_ms - 31_000, now_ms - 30_000))


def begin_outage(view: View, begin: int, messages: int) -> int:
    """Take further messages of which none is sent; when the last of them is due."""
    heard: list[Heard] = []
    for number in range(begin, begin + messages):
        one = event(number, 0)
        heard.append(Heard(MT_EVENT, 0, number * EVENTS, one.at_ms, one))
        if len(heard) == BATCH_RECORDS_MAX or number == begin + messages - 1:
            view.apply(heard)
            heard = []
    return BEGIN_MS + begin + messages


def measure(view: View, messages: int, rate: int, asks: int) -> None:
    """All of it but the opening."""
    fill(view, messages)
    with served(view) as url:
        print("asked, with nothing else to do:")
        ask_all(view, messages, asks, url)
        print(f"asked, while {rate:,} events/s come:")
        stopping = threading.Event()
        writer = threading.Thread(target=writing, args=(view, messages, rate, stopping))
        writer.start()
        ask_all(view, messages, asks, url)
        stopping.set()
        writer.join()
    print("asked, in an outage:")
    begin = messages + WRITTEN_MAX_S * rate
    ask_for_unsent(view, begin_outage(view, begin, int(messages * UNSENT)))


def main() -> None:
    """Run as it is asked for on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--asks", type=int, default=2000)
    parser.add_argument("--view", default="")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        where = asked.view or f"{name}/view.sqlite"
        own = TelemetryConfig(view=SecretText(where), view_messages_max=10 * asked.messages)
        with closing(opened(Config(), own)) as view:
            measure(view, asked.messages, asked.rate, asked.asks)
        octets = sum(path.stat().st_size for path in Path(name).iterdir())
        if octets:
            print(f"{octets / (1 << 20):,.0f} MiB on disk, {octets // asked.messages} octets each")
        begun = time.perf_counter()
        with closing(opened(Config(), own)) as view:
            opened_s = time.perf_counter() - begun
            counts = view.counts()
        counted_s = time.perf_counter() - begun - opened_s
        print(f"opened again in {opened_s:.2f} s, {len(counts)} kinds counted in {counted_s:.2f} s")


if __name__ == "__main__":
    main()
