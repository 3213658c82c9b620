"""What telemetry costs a binder and a router for each message, on against off.

    python -m benchmarks.telemetry [--of binder] [--of router] [--records 20000] [--rounds 6]

Every record has a traceparent, and of each hundred one is sampled, on and off alike. Off is
OTEL_SDK_DISABLED; on, spans and metrics go by OTLP to a receiver here, metrics every 3 seconds, and
/metrics is asked for once: more often than anybody would in so short a time. The process is started
anew for each turn, on and off in turns (on, off, off, on, ...), and what is told is the median of
the pairs' differences, for two turns alone may differ by more than telemetry costs. CPU is that of
the process, all threads, from its second batch, for the first one warms it up with all that is told
of it, until what is to be told has gone, or would have. Before that, what the added code takes by
itself.
"""

import argparse
import contextlib
import os
import signal
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from timeit import timeit

from benchmarks.binder import BENCH, segment
from benchmarks.router import SUBMIT, admitted, write_routes
from benchmarks.stateful import Arrivals, Keyed, Service, arriving, service
from pipeline import topics
from pipeline.batches import BOUNDS_S
from pipeline.codec import Codec
from pipeline.effects import AS_IT_CAME, Headers
from pipeline.kafka.clients import make_producer, produce
from pipeline.metrics import Counter, Histogram
from pipeline.process import set_up_log
from pipeline.spans import Spans
from pipeline.traceparent import trace_of
from pipeline.tracing import make_tracer

SAMPLED_EVERY = 100
WARM_UP = 2000
PUSH_S = 3
TOLD_S = 6  # until all is pushed: metrics, and spans, which may wait for 5 s
READY_S = 120
CALLS = 200_000
SPANS = 2000  # as many as wait to be exported
CODEC = Codec()


def headers_of(number: int) -> Headers:
    """One of each hundred is sampled."""
    flag = number % SAMPLED_EVERY == 0
    return [("traceparent", f"00-{number + 1:032x}-{number + 1:016x}-{flag:02x}".encode())]


@dataclass(frozen=True, slots=True)
class Subject:
    """A service under measurement: what it reads, and where what follows arrives."""

    topic_in: str
    topic_out: str
    records: Callable[[range], Iterator[Keyed]]


def segments(numbers: range) -> Iterator[Keyed]:
    """A submit record for each number."""
    for number in numbers:
        record = segment(number)
        yield record.recipient, CODEC.encode(record, "")


LANE = topics.submit(BENCH, 1, priority=False)
SUBJECTS = {
    "binder": Subject(LANE, topics.submitted(BENCH, 1), segments),
    "router": Subject(topics.ROUTER_IN, SUBMIT, admitted),
}


@contextmanager
def sink() -> Iterator[str]:
    """A receiver of OTLP that looks at nothing; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def alone(url: str) -> None:
    """What the added code takes for a record by itself."""
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
        set_up_log("bench", "bench-0", dev=False)  # a sampled record is a line in the log, too
        tracer = make_tracer("bench", "bench-0")
        assert tracer is not None
        spans, record = Spans(tracer, "bench", "sms.router.in", lambda: (3, 41)), segment(1)
        counter, histogram = Counter(), Histogram(BOUNDS_S)
        unsampled, sampled = headers_of(1), headers_of(0)

        def counted() -> None:
            counter.value += 1

        def decided(headers: Headers) -> None:
            spans.begin(headers, 0)
            spans.headers_of(AS_IT_CAME, record)
            spans.end(record, None)

        for what, call in (
            ("one more in a counter", counted),
            ("one more in a histogram", lambda: histogram.note(0.03)),
            ("a look at the headers", lambda: trace_of(unsampled)),
            ("a record that is not sampled", lambda: decided(unsampled)),
        ):
            print(f"{what}: {timeit(call, number=CALLS) / CALLS * 1e6:.2f} us", flush=True)
        begun_s = time.process_time()
        for _ in range(SPANS):
            decided(sampled)
        told_s = time.process_time()
        tracer.close()
        sent_s = time.process_time()
    each = (1e6 * (then_s - begun_s) / SPANS for then_s in (told_s, sent_s))
    print(
        "a record that is sampled: {:.1f} us, {:.1f} us with its export".format(*each), flush=True
    )
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = ""


def begin(own: Service, url: str | None) -> None:
    """Start the process anew, with telemetry or without."""
    own.child.is_wanted = False
    own.child.signal(signal.SIGTERM)
    if own.child.wait(60) is None:
        raise SystemExit(f"{own.name} does not end")
    os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = url or ""
    os.environ["OTEL_SDK_DISABLED"] = "false" if url else "true"
    os.environ["OTEL_METRIC_EXPORT_INTERVAL"] = str(PUSH_S * 1000)
    own.child.start()
    own.child.wait_up(time.monotonic() + READY_S)
    own.child.wait_ready(time.monotonic() + READY_S)


def cpu_s(own: Service) -> float:
    """CPU of its threads so far, finer than the ticks that a process is told to have used."""
    threads = Path(f"/proc/{own.child.pid}/task").glob("*/schedstat")
    return sum(int(each.read_text(encoding="utf-8").split()[0]) for each in threads) / 1e9


def feed(own: Service, arrivals: Arrivals, records: list[Keyed]) -> None:
    """Have it deal with these."""
    before = len(arrivals.records)
    producer = make_producer(own.at.config.kafka)
    for number, (key, octets) in enumerate(records):
        produce(producer, own.topic_in, key, octets, headers=headers_of(number))
        producer.poll(0)
    producer.flush(60)
    arrivals.wait_for(before + len(records))


def scrape(own: Service) -> None:
    """Ask for /metrics, as Prometheus would."""
    urllib.request.urlopen(f"{own.child.facts['http']}/metrics", timeout=5).read()  # noqa: S310


def turn(own: Service, arrivals: Arrivals, url: str | None, batches: list[list[Keyed]]) -> float:
    """CPU of a record in microseconds, telemetry on or off; of the last batch."""
    begin(own, url)
    begun_s = 0.0
    for batch in batches:
        begun_s = cpu_s(own)
        if url:
            scrape(own)
        feed(own, arrivals, batch)
        time.sleep(TOLD_S)  # on and off alike: a process that rests takes some, too
    return (cpu_s(own) - begun_s) / len(batches[-1]) * 1e6


def compare(name: str, url: str, count: int, rounds: int) -> None:
    """On and off in turns."""
    subject, found = SUBJECTS[name], []
    with (
        service(
            name, subject.topic_in, binds=4, window=200, prepare=lambda at: write_routes(at, 1000)
        ) as own,
        arriving(own.at.config, subject.topic_out) as arrivals,
    ):
        next_number = 0
        for number in range(rounds):
            pair = {}
            for is_on in (True, False) if number % 2 == 0 else (False, True):
                batches = []
                for size in (WARM_UP, count):
                    batches.append(list(subject.records(range(next_number, next_number + size))))
                    next_number += size
                pair[is_on] = turn(own, arrivals, url if is_on else None, batches)
            found.append((pair[True], pair[False]))
            print(f"{name}: on {pair[True]:.1f}, off {pair[False]:.1f} us", flush=True)
    extra = statistics.median(on - off for on, off in found)
    off_us = statistics.median(off for _, off in found)
    print(f"{name}: {off_us:.1f} us a record, telemetry {extra:+.2f} us ({extra / off_us:+.1%})")


def main() -> None:
    """Run once and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", choices=sorted(SUBJECTS), action="append")
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=6)
    asked = parser.parse_args()
    with sink() as url:
        alone(url)
        for name in asked.of or sorted(SUBJECTS):
            compare(name, url, asked.records, asked.rounds)


if __name__ == "__main__":
    main()
