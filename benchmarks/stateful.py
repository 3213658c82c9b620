"""A stateful service under measurement: fed, watched, started again with its state and without."""

import contextlib
import shutil
import signal
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from confluent_kafka import TopicPartition

from benchmarks.binder import BENCH, SCENARIO, Stage, resident_mib, stage
from heliograph.launcher import Child
from pipeline.config import Config
from pipeline.ids import MessageId, Msisdn, SmscMessageId
from pipeline.kafka.clients import (
    known_topics,
    make_consumer,
    make_producer,
    now_ms,
    produce,
    take,
)
from pipeline.kafka.lag import Lag, ends
from pipeline.records import MtSubmitted

LONGEST_WAIT_S = 1800
POLL_S = 0.2
LOOK_EVERY_S = 0.2
BLOCK = 512
MIB = 1 << 20
DAY_MS = 86_400_000

Keyed = tuple[str, bytes]


def accepted(number: int, recipient: Msisdn, smsc_message_id: str) -> MtSubmitted:
    """That an SMSC has accepted the only segment of message bench-<number>, just now."""
    moment = now_ms()
    return MtSubmitted(
        message_id=MessageId(f"bench-{number}"),
        segment=1,
        segments=1,
        hop=0,
        connector=BENCH,
        recipient=recipient,
        sender="ACME",
        tenant="default",
        class_="transactional",
        outcome="accepted",
        command_status=0,
        smsc_message_id=SmscMessageId(smsc_message_id),
        receipt_expected=True,
        replica="binder-0",
        bind=0,
        attempt=1,
        submit_lane="normal",
        submit_partition=0,
        submit_offset=number,
        requested_ms=moment,
        submitted_ms=moment,
        answered_ms=moment,
        deadline_ms=moment + DAY_MS,
    )


@dataclass(slots=True)
class Arrivals:
    """What a reader of committed records has got of a topic."""

    records: list[tuple[int, bytes]] = field(default_factory=list)  # when, ms, and what

    def wait_for(self, count: int) -> None:
        """Until there are so many."""
        deadline = time.monotonic() + LONGEST_WAIT_S
        while len(self.records) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"{len(self.records):,} of {count:,} came")
            time.sleep(0.01)

    def tell(
        self, before: int, rate_per_s: float, began_ms: Callable[[bytes], float], what: str
    ) -> None:
        """How long what has arrived since `before` took: `began_ms` says when it began."""
        count = len(self.records) - before
        steady = self.records[before + count // 10 :]  # the first ones meet what is cold
        cuts = statistics.quantiles([at_ms - began_ms(octets) for at_ms, octets in steady], n=100)
        print(
            f"{rate_per_s:,.0f}/s, {len(steady):,} {what}: "
            f"p50 {cuts[49]:.0f}, p99 {cuts[98]:.0f} ms",
            flush=True,
        )


@contextmanager
def arriving(config: Config, topic: str) -> Iterator[Arrivals]:
    """Read the topic from now on, on a thread of its own, while the context lasts."""
    consumer, over, found = make_consumer(config.kafka, "heliograph-bench"), Event(), Arrivals()
    count = len(known_topics(consumer, config.kafka)[topic].partitions)
    places = ends(consumer, [(topic, number) for number in range(count)])
    consumer.assign([TopicPartition(*place, offset) for place, offset in places.items()])

    def read() -> None:
        while not over.is_set():
            for message in take(consumer, POLL_S):
                found.records.append((now_ms(), message.value() or b""))
        consumer.close()

    reader = Thread(target=read, name="arrivals", daemon=True)
    reader.start()
    try:
        yield found
    finally:
        over.set()
        reader.join()


@dataclass(slots=True)
class Service:
    """One replica that is alone, and how much disk its state took at most."""

    at: Stage
    name: str
    topic_in: str
    child: Child
    disk_most: int = 0

    @property
    def state(self) -> Path:
        """Where it keeps its state."""
        return self.at.config.state_dir / self.child.name

    def write(self, records: Iterable[Keyed], rate_per_s: float = 0) -> None:
        """Write what it reads, evenly where a rate is given."""
        producer, begin = make_producer(self.at.config.kafka), time.monotonic()
        for written, (key, octets) in enumerate(records):
            if rate_per_s and (wait_s := begin + written / rate_per_s - time.monotonic()) > 0:
                producer.poll(0)
                time.sleep(wait_s)
            produce(producer, self.topic_in, key, octets)
            producer.poll(0)
        producer.flush(60)

    def preload(self, records: Iterable[Keyed], count: int, what: str) -> None:
        """Have it take up all of `records`, and tell how long that took and what it keeps."""
        begin, lag = time.monotonic(), Lag(self.at.config.kafka, {self.topic_in: self.name})
        self.write(records)
        while lag.ask()[self.topic_in].behind:
            if time.monotonic() > begin + LONGEST_WAIT_S:
                raise SystemExit(f"{self.name} does not come to the end of {self.topic_in}")
            time.sleep(LOOK_EVERY_S)
        print(f"{count:,} {what} in {time.monotonic() - begin:.0f} s: {self.kept()}", flush=True)

    def kept(self) -> str:
        """What it takes of disk and memory."""
        now, most = disk_octets(self.state) / MIB, self.disk_most / MIB
        return (
            f"{now:.0f} MiB of disk, {most:.0f} at most; "
            f"{resident_mib(self.child, 'VmRSS')} MiB of memory, "
            f"{resident_mib(self.child, 'VmHWM')} at most"
        )

    def throughput(self, arrivals: Arrivals, records: list[Keyed], each: int, what: str) -> None:
        """As fast as it goes; `each` is how many records arrive for one of `what`."""
        before, begin, cpu_s = len(arrivals.records), time.monotonic(), -self.child.cpu_s()
        self.write(records)
        arrivals.wait_for(before + len(records))
        wall_s, count = time.monotonic() - begin, len(records) // each
        cpu_s += self.child.cpu_s()
        print(
            f"{count:,} {what}: {count / wall_s:,.0f}/s, {cpu_s / count * 1e6:.1f} us of CPU each",
            flush=True,
        )

    def latency(
        self,
        arrivals: Arrivals,
        records: Iterable[Keyed],
        count: int,
        rate_per_s: float,
        began_ms: Callable[[bytes], float],
    ) -> None:
        """At a pace: `began_ms` says of what arrives when its cause was written."""
        before = len(arrivals.records)
        self.write(records, rate_per_s)
        arrivals.wait_for(before + count)
        arrivals.tell(before, rate_per_s, began_ms, "records to what follows from them")

    def start_again(
        self, arrivals: Arrivals, probe: Iterable[Keyed], *, has_state: bool = True
    ) -> None:
        """End it and start it, with its state or without; it is there when it answers `probe`."""
        self.child.is_wanted = False
        self.child.signal(signal.SIGTERM)
        if self.child.wait(60) is None:
            raise SystemExit(f"{self.child.name} does not end")
        if not has_state:
            shutil.rmtree(self.state)
        before, begin = len(arrivals.records), time.monotonic()
        self.child.start()
        self.child.is_wanted = True
        self.write(probe)
        arrivals.wait_for(before + 1)
        took_s, how = time.monotonic() - begin, "with" if has_state else "without"
        print(f"started {how} its state, answers after {took_s:.1f} s: {self.kept()}", flush=True)

    def watch(self) -> None:
        """Note from now on how much disk it takes."""

        def look() -> None:
            while True:
                self.disk_most = max(self.disk_most, disk_octets(self.state))
                time.sleep(LOOK_EVERY_S)

        Thread(target=look, name="disk", daemon=True).start()


def disk_octets(folder: Path) -> int:
    """What is taken by the files under `folder`, which come and go meanwhile."""
    found = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            found += path.stat().st_blocks * BLOCK
    return found


def nothing(at: Stage) -> None:
    """No preparation."""


@contextmanager
def service(
    name: str,
    topic_in: str,
    *,
    binds: int = 1,
    window: int = 1,
    scenario: str = SCENARIO,
    prepare: Callable[[Stage], None] = nothing,
) -> Iterator[Service]:
    """A broker, a sandbox and one replica of the service, which is ready."""
    with stage(binds, window, scenario) as at:
        prepare(at)
        own = Service(at, name, topic_in, replica(at, name, 0))
        own.watch()
        yield own


def replica(at: Stage, name: str, number: int) -> Child:
    """One more replica of the service `name`, which is ready."""
    child = at.launcher.start(
        f"{name}-{number}", name, "--config", str(at.path), "--replica", f"{name}-{number}"
    )
    at.launcher.wait_up()
    return child
