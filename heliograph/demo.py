"""`heliograph demo`: the whole loop on this machine, watched live, judged at the end."""

import contextlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from heliograph.durations import Durations
from heliograph.evidence import Places, gather
from heliograph.ledgers import get_json, post_json
from heliograph.local import LOG_FOLDER, Running, running
from heliograph.traffic import Sending, sendings
from heliograph.verify import Bounds, Finding, Verdict, judge
from heliograph.voting import standings, tallies, told
from pipeline import topics
from pipeline.config import section
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from services.binder.config import BinderConfig
from services.correlator import replies

RUN = "demo-"  # how its own message_ids begin; others are of who plays on the page meanwhile
MO_COUNT = 200
MO_TEXTS = ("VOTE A", "VOTE B", "vote c", "STOP", "HELP", "Tack, vi ses på lördag!")
MO_LONG = "A long answer of a patient customer, which takes more than one part to tell. " * 5
REFRESH_S = 0.25
SETTLE_TIMEOUT_S = 120
STOP_TIMEOUT_S = 5
QUIET_S = 1.5  # nothing new for so long, and all that was asked for is there
KILL_AT_SHARE = 0.3
STYLES = {True: "green", False: "red", None: "yellow"}
GARBAGE = (b"\x00\x00", b"\xc3\x01 not avro at all", b"garbage", b"{broken json", b"\xff" * 40)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demo does."""

    messages: int = 5000
    rate_per_s: float = 250
    seed: int = 1
    kill: str | None = None
    garbage: int = 0
    config_path: Path = Path()


def run(plan: Plan, console: Console, report: Path | None) -> dict[str, Any]:
    """Run the demo; returns its findings, `good` among them. Writes `report` as JSON."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C
    started = time.monotonic()
    with TemporaryDirectory(prefix="heliograph-demo-", ignore_cleanup_errors=True) as name:
        console.print("Starting Apache Kafka, two sandbox SMSCs and the services ...")
        with running(plan.config_path, Path(name)) as pipeline:
            console.print(f"Up after {time.monotonic() - started:.1f} s.")
            console.print(f"Live page: {pipeline.page}", soft_wrap=True, highlight=False)
            findings = Demo(plan, pipeline, Path(name) / LOG_FOLDER).play(console)
            _keep_logs(Path(name), findings, console)
    _tell(findings, console)
    if report:
        report.write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")
    return findings


class Demo:
    """One run against a pipeline that is up."""

    def __init__(self, plan: Plan, pipeline: Running, logs: Path) -> None:
        self._plan = plan
        self._pipeline = pipeline
        self._logs = logs
        self._codec = make_codec(pipeline.config)
        self._durations = Durations()
        self._kinds: Counter[str] = Counter()
        self._summary: dict[str, Any] = {}
        self._published = 0
        self._stopping = threading.Event()
        self._killed: list[str] = []
        self._began = time.monotonic()
        self._settled_s = 0.0

    def play(self, console: Console) -> dict[str, Any]:
        """Publish, watch until all is settled, judge; raises HeliographError."""
        cpu_before = self._cpu_s()
        self._began = time.monotonic()
        publisher = threading.Thread(target=self._publish, daemon=True)
        publisher.start()
        try:
            is_settled = self._watch(console, publisher)
        finally:
            self._stopping.set()
            publisher.join(STOP_TIMEOUT_S)
        self._settled_s = time.monotonic() - self._began
        self._pipeline.launcher.wait_up()  # what was killed may be on its way up again
        cpu = {name: s - cpu_before.get(name, 0) for name, s in self._cpu_s().items()}
        evidence = gather(
            self._pipeline.config, self._codec, self._places(), on_event=self._durations.note
        )
        verdict = judge(evidence, Bounds(duplicates_max=self._duplicate_bound()))
        answers = sum(name.startswith(replies.PREFIX) for name in evidence.messages)
        played = sum(not name.startswith((RUN, replies.PREFIX)) for name in evidence.messages)
        return self._findings(verdict, cpu, answers, played, is_settled=is_settled)

    def _places(self) -> Places:
        children = self._pipeline.launcher.children.items()
        return Places(
            ledgers=[f"{name}={url}" for name, url in self._pipeline.sandboxes.items()],
            logs=self._logs,
            metrics=[
                f"{child.facts['http']}/metrics"
                for name, child in children
                if not name.startswith("sandbox-")
            ],
        )

    # --- publishing ---------------------------------------------------------------------------

    def _publish(self) -> None:
        plan, dice = self._plan, random.Random(self._plan.seed)
        producer = make_producer(self._pipeline.config.kafka)
        every = max(1, plan.messages // MO_COUNT)
        mo, buried = iter(range(MO_COUNT)), 0
        run_name = f"{RUN}{int(time.time())}"
        for sending in sendings(plan.messages, plan.seed, self._codec, run_name):
            self._pace()
            if self._stopping.is_set():
                return
            produce(producer, sending.topic, sending.message_id, sending.value)
            producer.poll(0)
            self._note(sending)
            due = self._published * plan.garbage // plan.messages
            while buried < due:
                buried += 1
                produce(producer, topics.MT_REQUEST, None, dice.choice(GARBAGE))
            if self._published % every == 0 and next(mo, None) is not None:
                self._inject_mo(dice)
        producer.flush(30)
        for _ in mo:
            self._inject_mo(dice)

    def _note(self, sending: Sending) -> None:
        self._published += 1
        self._kinds[sending.kind] += 1

    def _pace(self) -> None:
        if self._plan.rate_per_s > 0:
            due = self._began + self._published / self._plan.rate_per_s
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def _inject_mo(self, dice: random.Random) -> None:
        url = dice.choice(list(self._pipeline.sandboxes.values()))
        is_long = dice.random() < 0.2
        body = {
            "from": f"4673{dice.randrange(10_000_000):07}",
            "to": "12345",
            "text": MO_LONG if is_long else dice.choice(MO_TEXTS),
            "parts_shuffled": is_long,
        }
        post_json(f"{url}/mo", body)

    # --- watching -----------------------------------------------------------------------------

    def _watch(self, console: Console, publisher: threading.Thread) -> bool:
        """Show the live table until all is settled; False when it never settles."""
        progress = Progress(
            TextColumn("requests with an outcome"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        task = progress.add_task("", total=self._plan.messages)
        deadline, quiet_since = None, time.monotonic()
        before: dict[str, Any] = {}
        with Live(console=console, refresh_per_second=4, transient=True) as live:
            while True:
                time.sleep(REFRESH_S)
                with contextlib.suppress(OSError):
                    self._summary = get_json(f"{self._pipeline.telemetry}/v1/summary")
                progress.update(task, completed=min(self._concluded, self._plan.messages))
                live.update(Group(progress, self._table()))
                self._kill_when_due()
                if publisher.is_alive():
                    continue
                deadline = deadline or time.monotonic() + SETTLE_TIMEOUT_S
                now = time.monotonic()
                if self._summary != before or not self._is_settled:
                    before, quiet_since = self._summary, now
                if now - quiet_since > QUIET_S:
                    return True
                if now > deadline:
                    return False

    @property
    def _concluded(self) -> int:
        events = self._summary.get("events", {})
        repeats = events.get("duplicate", 0) + events.get("payload_mismatch", 0)
        return int(sum(self._summary.get("outcomes", {}).values()) + repeats)

    @property
    def _is_settled(self) -> bool:
        """Whether all has come; that no group has anything left to read, the judge says (L9)."""
        return self._concluded >= self._plan.messages and self._summary.get("mo", 0) >= MO_COUNT

    def _kill_when_due(self) -> None:
        victim = self._plan.kill
        if not victim or self._killed or self._concluded < self._plan.messages * KILL_AT_SHARE:
            return
        names = [name for name in self._pipeline.launcher.children if name.startswith(victim)]
        self._killed = names[:1]
        self._pipeline.launcher.children[names[0]].signal(signal.SIGKILL)

    def _table(self) -> Table:
        summary = self._summary
        events, outcomes = summary.get("events", {}), summary.get("outcomes", {})
        elapsed = time.monotonic() - self._began
        table = Table("what", "now", title="Heliograph", min_width=60)
        table.add_row("requests published", f"{self._published:,}")
        table.add_row("segments accepted", f"{events.get('segment_accepted', 0):,}")
        table.add_row("receipts joined", f"{summary.get('receipts_joined', 0):,}")
        table.add_row("MO messages", f"{summary.get('mo', 0):,}")
        table.add_row("outcomes", ", ".join(f"{k} {v:,}" for k, v in sorted(outcomes.items())))
        table.add_row("refused as repeats", f"{self._concluded - sum(outcomes.values()):,}")
        lag = summary.get("lag", {})
        table.add_row("lag", ", ".join(f"{k} {v:,}" for k, v in lag.items() if v) or "none")
        table.add_row("rate", f"{self._concluded / max(elapsed, 0.001):,.0f} messages/s")
        for step, value in summary.get("latency_ms", {}).items():
            table.add_row(step.replace("_", " "), f"p50 {value['p50']} ms, p99 {value['p99']} ms")
        return table

    # --- findings -----------------------------------------------------------------------------

    def _cpu_s(self) -> dict[str, float]:
        return {name: child.cpu_s() for name, child in self._pipeline.launcher.children.items()}

    def _findings(
        self,
        verdict: Verdict,
        cpu: Mapping[str, float],
        answers: int,
        played: int,
        *,
        is_settled: bool,
    ) -> dict[str, Any]:
        config = self._pipeline.config
        dead = sum(1 for _ in read_to_end(config.kafka, [topics.dlq_of(topics.MT_REQUEST)]))
        faults = []
        if verdict.requested != self._published + answers + played:
            came = f"{verdict.requested} requests in Kafka, {answers} of them answers to MO"
            faults.append(f"{came}, {played} of the page, of {self._published} published")
        if not is_settled:
            came = f"{self._concluded} concluded, {self._summary.get('mo', 0)} MO"
            faults.append(f"not settled after {SETTLE_TIMEOUT_S} s: {came}")
        if dead != self._plan.garbage:
            faults.append(f"{dead} dead letters for {self._plan.garbage} records of garbage")
        if verdict.mo_received < MO_COUNT:  # there are more when somebody plays a handset
            faults.append(f"{verdict.mo_received} MO messages for {MO_COUNT} sent")
        messages = max(1, verdict.requested)
        return {
            **asdict(verdict),
            "duplicate_bound": self._duplicate_bound(),
            "killed": self._killed,
            "answers": answers,
            "votes": self._votes(),
            "dead_letters": dead,
            "throughput_msgs_s": round(messages / self._settled_s, 1),
            "latency_ms": self._durations.as_dict(),
            "cpu_us_per_message": {
                name: round(seconds / messages * 1e6, 1) for name, seconds in sorted(cpu.items())
            },
            "faults": faults,
            "good": verdict.is_good and not faults,
        }

    def _votes(self) -> list[str]:
        config = self._pipeline.config
        found = standings(config, tallies(config, self._codec))
        return list(told(config, found, now_ms()))

    def _duplicate_bound(self) -> int:
        """Segments that the SIGKILLs of this run may have doubled, at most."""
        config = self._pipeline.config
        share = section(config, "binder", BinderConfig).unconfirmed_per_window
        bound = 0
        for victim in self._killed:
            connector = config.connectors[victim.split("-")[1]]
            bound += int(connector.binds * connector.window * share)
        return bound


def _keep_logs(folder: Path, findings: Mapping[str, Any], console: Console) -> None:
    """Show the ends of the logs of a run that went wrong, before its folder goes."""
    if not findings["good"]:
        for log in sorted((folder / LOG_FOLDER).glob("*.log")):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            print(f"--- {log.name}", *lines, sep="\n", file=console.file)


def _tell(findings: Mapping[str, Any], console: Console) -> None:
    outcomes = ", ".join(f"{n:,} {state}" for state, n in sorted(findings["outcomes"].items()))
    console.print(f"{findings['requested']:,} requests: {outcomes}")
    for step, value in findings["latency_ms"].items():
        console.print(f"{step.replace('_', ' ')}: p50 {value['p50']} ms, p99 {value['p99']} ms")
    console.print(f"{findings['answers']:,} MO were answered")
    for line in findings["votes"]:
        console.print(line, markup=False, highlight=False)
    for finding in findings["findings"]:
        style = STYLES[finding["holds"]]
        line = str(Finding(**finding))
        console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    for fault in findings["faults"]:
        console.print(f"[red]fault:[/red] {fault}")
    bound = f" (bound {findings['duplicate_bound']})" if findings["killed"] else ""
    word = "PASS" if findings["good"] else "FAIL"
    console.print(
        f"[bold]{word}[/bold]: {findings['requested']:,} requests, "
        f"{findings['segments']:,} segments, lost {findings['lost']}, "
        f"duplicated {findings['duplicated']}{bound}, "
        f"receipts joined {findings['receipts_joined']:,}, "
        f"orphaned {findings['receipts_orphaned']}, MO {findings['mo_received']}, "
        f"{findings['throughput_msgs_s']:,} messages/s",
        soft_wrap=True,
    )
