"""A pipeline to be broken: its processes by name, its broker, its carrier, a load, the judgement.

All of it is real: Apache Kafka, one process per replica, SMPP over loopback. What a row did is
judged by `heliograph.verify` on the carrier's ledger; what earlier rows left behind is taken off.
"""

import itertools
import json
import os
import secrets
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from heliograph import carriers
from heliograph.chaos.clocks import clock_env, going_first, put_wrong
from heliograph.chaos.events import Events
from heliograph.chaos.relay import Relay, relay_to
from heliograph.chaos.settings import ACCOUNT, CONNECTOR, Settings
from heliograph.chaos.writer import Writer
from heliograph.evidence import Places, gather
from heliograph.launcher import START_TIMEOUT_S, Child, Launcher, launcher
from heliograph.ledgers import HTTP_TIMEOUT_S, get_json
from heliograph.tallies import Evidence
from heliograph.verify import Bounds, Verdict, judge
from pipeline.broker import Embedded, Relayed, embedded, free_port
from pipeline.config import Config, load, section
from pipeline.kafka.admin import create_topics
from pipeline.process import catalog, make_codec
from services.binder.config import BinderConfig

SINGLES = ("intake", "router", "correlator", "tracker", "scheduler")
SETTLE_TIMEOUT_S = 90
LOOK_EVERY_S = 0.1
UNDER_WAY = 10  # segments a bind
NUMBERS = "+4670{:07}"


@dataclass(slots=True)
class After:
    """What a row has done, earlier rows taken off."""

    verdict: Verdict
    evidence: Evidence
    lost: int
    duplicated: int
    outcomes: Counter[str]
    segments: list[dict[str, Any]]  # the ledger's entries, in order
    outcomes_by_partition: dict[int, list[float]]  # when Kafka had each, ms, in order
    written_ms: list[float]  # when each segment went to the socket, as its binder says

    def doubled(self, prefix: str) -> int:
        """Segments taken twice of messages whose id begins so."""
        taken = Counter(
            f"{entry['message_id']}|{entry['segment']}"
            for entry in self.segments
            if entry["command_status"] == 0 and str(entry["message_id"]).startswith(prefix)
        )
        return sum(count - 1 for count in taken.values())


@dataclass(slots=True)
class Stage:
    """A pipeline that runs."""

    config: Config
    settings: Settings
    folder: Path
    launcher: Launcher
    kafka: Embedded
    carrier: str  # base URL of its HTTP API
    events: Events
    writer: Writer
    relay: Relay | None = None  # before Kafka, where a row needs one
    replicas: int = 0
    sent: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _before: After | None = None
    _entries: int = 0  # of the ledger, that earlier rows left
    _written: int = 0  # outcomes that earlier rows left
    _allowed: int = 0  # duplicates of all rows

    # --- processes ----------------------------------------------------------------------------

    def binders(self, count: int) -> None:
        """So many replicas run from now on, and as many as there are binds are ready."""
        for number in range(max(count, self.replicas)):
            name = binder_name(number)
            child = self.launcher.children.get(name)
            if number >= count:
                self.stop(name)
            elif child is None:
                self.begin("binder", name)
            elif not child.is_wanted:
                self.restart(name)
        self.replicas = count
        busy = min(count, self.config.connectors[CONNECTOR].binds)
        self.wait(lambda: len(self.ready()) >= busy, START_TIMEOUT_S)

    def ready(self) -> list[str]:
        """The replicas that could submit now."""
        names = [binder_name(number) for number in range(self.replicas)]
        return [name for name in names if self.child(name).is_ready()]

    def child(self, name: str) -> Child:
        """A process by its name."""
        return self.launcher.children[name]

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is dead; it is started again as any supervisor would."""
        child = self.child(name)
        lives = child.restarts
        child.signal(signal.SIGKILL)
        self.wait(lambda: child.restarts > lives and child.is_running, START_TIMEOUT_S)

    def stop(self, name: str) -> tuple[int | None, float]:
        """SIGTERM, and it stays down: its exit code and how long it took."""
        child, begin = self.child(name), time.monotonic()
        child.is_wanted = False
        child.signal(signal.SIGTERM)
        return child.wait(START_TIMEOUT_S), time.monotonic() - begin

    def restart(self, name: str) -> None:
        """Start again what was stopped, and wait until it is up."""
        child = self.child(name)
        child.start()
        child.is_wanted = True
        child.wait_up(_deadline())

    def begin(self, service: str, name: str) -> None:
        """Start another replica of a service, and wait until it is up."""
        self.launcher.start(name, service, "--config", str(self.settings.path), "--replica", name)
        self.child(name).wait_up(_deadline())

    @property
    def unconfirmed_max(self) -> int:
        """Segments that the crash of all binders at once can double, at most."""
        share = section(self.config, "binder", BinderConfig).unconfirmed_per_window
        account = self.config.connectors[CONNECTOR]
        return int(account.binds * account.window * share)

    def put_wrong(self, seconds: int) -> None:
        """The clock of all processes but the carrier is so far ahead (or behind, below 0)."""
        put_wrong(self.folder, seconds)

    # --- the carrier --------------------------------------------------------------------------

    @contextmanager
    def carrier_does(self, *settings: str) -> Iterator[None]:
        """The carrier behaves like `fast` with these settings, KEY=YAML, for a while."""
        carriers.change(self.carrier, "fast", settings)
        try:
            yield
        finally:
            carriers.change(self.carrier, "fast", ())

    def post(self, path: str, body: Mapping[str, object] | None = None) -> None:
        """Ask the carrier's HTTP API to do something."""
        octets = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"{self.carrier}{path}", octets, method="POST")  # noqa: S310
        with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S):  # noqa: S310
            pass

    def stats(self) -> dict[str, Any]:
        """What the carrier counts."""
        return get_json(f"{self.carrier}/stats")

    def account(self) -> dict[str, Any]:
        """What it counts of the only account."""
        return dict(self.stats()["accounts"][ACCOUNT])

    def refused_binds(self) -> Counter[str]:
        """Of the account, by status."""
        return Counter(self.account()["refused_binds"])

    def taken(self) -> int:
        """Entries of the ledger that this row has made."""
        return int(self.stats()["ledger"]["entries"]["segments"]) - self._entries

    def under_way(self) -> None:
        """Wait until the load of this row has come to the carrier, over all binds."""
        enough = UNDER_WAY * self.config.connectors[CONNECTOR].binds
        self.wait(lambda: self.taken() >= enough)

    # --- load and judgement -------------------------------------------------------------------

    def load(
        self, prefix: str, count: int, rate_per_s: float, *, lane: str = "normal", **request: Any
    ) -> threading.Thread:
        """Ask for `count` messages, evenly; a thread that runs."""
        names = [f"{prefix}-{number}" for number in range(count)]
        self.sent.update(names)

        def send() -> None:
            begin = time.monotonic()
            for number, name in enumerate(names):
                if (wait_s := begin + number / rate_per_s - time.monotonic()) > 0:
                    time.sleep(wait_s)
                self.ask(name, lane=lane, **request)
            self.writer.flush()

        return _begun(send)

    @contextmanager
    def flow(self, prefix: str, rate_per_s: float, **request: Any) -> Iterator[None]:
        """Ask for messages, evenly, for as long as the context lasts."""
        over = threading.Event()

        def send() -> None:
            begin, number = time.monotonic(), 0
            while not over.wait(max(0.0, begin + number / rate_per_s - time.monotonic())):
                self.ask(f"{prefix}-{number}", **request)
                number += 1
            self.writer.flush()

        thread = _begun(send)
        try:
            yield
        finally:
            over.set()
            thread.join()

    def ask(self, name: str, **request: Any) -> None:
        """Ask for one message, to a number of its own unless `to` is given."""
        self.sent.add(name)
        self.writer.ask(name, **({"to": NUMBERS.format(next(self._numbers))} | request))

    def wait(self, holds: Callable[[], bool], timeout_s: float = SETTLE_TIMEOUT_S) -> bool:
        """Whether it came to hold within the time."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def settle(self) -> None:
        """Wait until every message has its outcome, or nothing goes on: then the judge says why."""
        concluded, known = self.events.concluded, -1
        while not self.sent <= concluded and known < (known := len(concluded)):
            self.wait(lambda before=known: len(concluded) > before)  # type: ignore[misc]

    def change(self, **connector: object) -> None:
        """Some of the connector's settings are others: written, and whoever reads them is told.

        A router reads them when it starts.
        """
        self.settings.change(**connector)
        self.config = load(self.settings.path)
        create_topics(self.config.kafka, catalog(self.config))
        self.stop("router-0")
        self.restart("router-0")
        for number in range(self.replicas):
            self.child(binder_name(number)).signal(signal.SIGHUP)

    def backlogged(self, evidence: Evidence) -> Iterator[str]:
        """Where the processes stand that have not read what they should."""
        behind = {group.split("-")[0] for group, count in (evidence.lag or {}).items() if count}
        for name, child in self.launcher.children.items():
            if name.split("-")[0] in behind:
                yield f"{name} stands here:\n{child.where_it_stands()}"

    def judge(self, duplicates_max: int) -> After:
        """What this row has done; it may have doubled so many segments. Raises RefusedError."""
        self.writer.flush()
        self._allowed += duplicates_max
        places = Places(ledgers=[self.carrier], logs=self.folder / "log")
        evidence = gather(self.config, make_codec(self.config), places, settle_s=SETTLE_TIMEOUT_S)
        verdict = judge(evidence, Bounds(duplicates_max=self._allowed))
        before, outcomes = self._before, Counter(verdict.outcomes)
        after = After(
            verdict,
            evidence,
            verdict.lost - (before.verdict.lost if before else 0),
            verdict.duplicated - (before.verdict.duplicated if before else 0),
            outcomes - Counter(before.verdict.outcomes if before else {}),
            list(self._new_entries()),
            *self._written_since(),
        )
        self._entries += len(after.segments)
        self._before = after
        return after

    def _written_since(self) -> tuple[dict[int, list[float]], list[float]]:
        by_partition: dict[int, list[float]] = {}
        new = self.events.written[self._written :]
        for written in new:
            by_partition.setdefault(written.partition, []).append(written.at_ms)
        self._written = len(self.events.written)
        return by_partition, [w.submitted_ms for w in new if w.submitted_ms is not None]

    def _new_entries(self) -> Iterator[dict[str, Any]]:
        url = f"{self.carrier}/ledger/segments?after={self._entries}"
        with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as lines:  # noqa: S310
            for line in lines:
                yield json.loads(line)


@contextmanager
def stage(
    *,
    is_relayed: bool = False,
    is_clocked: bool = False,
    allowed_binds: int = 4,
    profile: Mapping[str, object] = MappingProxyType({}),
    correlator: Mapping[str, object] = MappingProxyType({}),
    **connector: object,
) -> Iterator[Stage]:
    """A pipeline with two binder replicas; `connector` are settings of it that are otherwise, as
    are `profile` and `correlator` of those.

    `is_relayed` has it reach Kafka through a relay, `is_clocked` has a clock that can be put wrong;
    the carrier allows so many binds.
    """
    with ExitStack() as stack:
        name = stack.enter_context(
            TemporaryDirectory(prefix="heliograph-chaos-", ignore_cleanup_errors=True)
        )
        folder = Path(name)
        kafka, relay, bootstrap = _broker(stack, is_relayed=is_relayed)
        env = {
            "CHAOS_PASSWORD": secrets.token_hex(4),
            "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "HELIOGRAPH__STATE_DIR": str(folder / "state"),
        }
        stack.callback(_forget, set(env))
        os.environ.update(env)
        settings = Settings(folder / "heliograph.yaml")
        settings.change(**connector)
        settings.allow(allowed_binds)
        settings.write_as(profile)
        settings.correlate(correlator)
        path = settings.path
        own = stack.enter_context(launcher(folder / "log"))
        config = load(path)
        create_topics(config.kafka, catalog(config))
        where = ("--config", str(path))
        sandbox = own.start("sandbox-chaos", "sandbox", "chaos", *where, "--free-ports")
        own.wait_up()
        stack.enter_context(going_first(sandbox.pid))
        if is_clocked:  # the carrier's stays right: it judges
            clock = clock_env(folder)
            stack.callback(_forget, set(clock))
            os.environ.update(clock)
        settings.change(hosts=f"127.0.0.1:{sandbox.facts['smpp_port']}")
        for service in SINGLES:
            own.start(f"{service}-0", service, *where, "--replica", f"{service}-0")
        directly = config.kafka.model_copy(update={"bootstrap_servers": kafka.address})
        config = load(path).model_copy(update={"kafka": directly})
        events, writer = Events(config, CONNECTOR), Writer(config)
        carrier = str(sandbox.facts["http"])
        found = Stage(config, settings, folder, own, kafka, carrier, events, writer, relay)
        found.binders(2)
        own.wait_up()
        events.start()
        stack.callback(events.stop)
        yield found


def _broker(stack: ExitStack, *, is_relayed: bool) -> tuple[Embedded, Relay | None, str]:
    """A broker, the relay before it, and where the pipeline is to find it."""
    if not is_relayed:
        kafka = stack.enter_context(embedded(free_port()))
        return kafka, None, kafka.address
    behind = free_port()
    relay = stack.enter_context(relay_to(behind, is_kafka=True))
    kafka = stack.enter_context(embedded(free_port(), Relayed(behind, relay.port)))
    return kafka, relay, f"127.0.0.1:{relay.port}"


def binder_name(number: int) -> str:
    """The name of a replica."""
    return f"binder-{number}"


def _begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name="load", daemon=True)
    thread.start()
    return thread


def _forget(names: set[str]) -> None:
    for name in names:
        os.environ.pop(name, None)


def _deadline() -> float:
    return time.monotonic() + START_TIMEOUT_S
