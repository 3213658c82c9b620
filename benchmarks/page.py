"""Whether the live page stays quick while 5,000 events a second come.

    python -m benchmarks.page [--seconds 60] [--rate 5000] [--picture FILE]

A broker, telemetry and a browser with nothing of ours between: events are made up, three for each
message (routed, accepted, a receipt), one message in fifty fails; with them come MO, and what
binders say of their connectors. All is written into the real topics, read by telemetry, kept in its
view, and drawn by Chromium, all of it on this machine. Once a second somebody asks the page for the
story of a message and turns day to night. Told is how long the page was busy at a stretch, how long
somebody waited, what memory it took, and whether telemetry has kept up. It ends with 1 when the
page was busy for 100 ms at a stretch, when a click was shown after more than 200 ms, or when an
event was not counted.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from heliograph.launcher import Child, launcher
from heliograph.local import EXAMPLE
from pipeline import topics
from pipeline.broker import broker
from pipeline.codec import Codec
from pipeline.config import Config, load
from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.process import catalog
from pipeline.records import ConnectorState, Mo, MtEvent, Record

STEPS = (("routed", "routed"), ("segment_accepted", "accepted"), ("receipt", "delivered"))
FAILS_EVERY = 50  # messages
MO_EVERY = 500  # events
TICK_S = 0.05
KNOWN_AFTER = 20_000  # events; what was written before those is in the view by then
TASK_MS_MAX, CLICK_MS_MAX = 100, 200
BINDS = {"slow": 4, "fast": 2, "test": 1}
CAUGHT_UP_S = 120
SETTLE_S = 5

METER = """() => {
  window.meter = { longest: 0, tasks: 0, drawn: 0 };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      meter.tasks += 1;
      meter.longest = Math.max(meter.longest, task.duration);
    }
  }).observe({ type: "longtask" });
  new MutationObserver(() => { meter.drawn += 1; })
    .observe(document.documentElement, { attributeFilter: ["data-drawn"] });
}"""
CLICK = """() => new Promise((done) => {
  const began = performance.now();
  document.querySelector("#theme").click();
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""
ASK = """(id) => new Promise((done) => {
  const began = performance.now();
  setTimeout(() => done(10_000), 10_000);
  const found = document.querySelector("#find .found");
  new MutationObserver((_, seen) => {
    if (found.querySelector("strong")?.textContent !== id) return;
    seen.disconnect();
    done(performance.now() - began);
  }).observe(found, { childList: true, subtree: true });
  document.querySelector("#find-term").value = id;
  document.querySelector("#find form button").click();
})"""


def message_id(number: int) -> MessageId:
    """Of the message of that number."""
    return MessageId(f"page-{number:012}")


def event(number: int, step: int, at_ms: int) -> MtEvent:
    """One of the three of a message."""
    name, state = STEPS[step]
    is_over, is_lost = step == 2, number % FAILS_EVERY == 0
    return MtEvent(
        event_id=f"{number * 3 + step:016x}",
        message_id=message_id(number),
        event=name,
        state="undeliverable" if is_over and is_lost else state,
        terminal=is_over,
        segment=1 if step else None,
        segments=1,
        connector=ConnectorId("fast" if number % 3 else "slow"),
        smsc_message_id=SmscMessageId(f"{number:016x}") if step else None,
        command_status=0 if step == 1 else None,
        receipt_state=("UNDELIVERABLE" if is_lost else "DELIVERED") if is_over else None,
        reason="undeliverable:001" if is_over and is_lost else None,
        tenant="default",
        lane="normal",
        class_=("otp", "transactional", "promotional")[number % 3],
        recipient=Msisdn(f"4670{number % 10_000_000:07}"),
        country=("SE", "DE", "FR", "US")[number % 4],
        requested_ms=at_ms - (10, 40, 2000)[step],
        submitted_ms=at_ms - 12 if step else None,
        at_ms=at_ms,
        hop=0,
        rule="rest",
        deadline_ms=None if step else at_ms + 86_400_000,
    )


def mo(number: int, at_ms: int) -> Mo:
    """What somebody writes to us."""
    return Mo(
        mo_id=f"mo-{number}",
        connector=ConnectorId("fast"),
        sender=f"4670{number % 10_000_000:07}",
        receiver="12345",
        data=b"VOTE A",
        data_coding=0,
        parts=1,
        parts_total=1,
        complete=True,
        keyword="VOTE",
        received_ms=at_ms,
        published_ms=at_ms,
    )


@dataclass
class Feed:
    """Writes events at a rate, on a thread of its own, until it is told to stop."""

    config: Config
    rate: int
    events: int = 0
    seconds: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write."""
        producer, codec = make_producer(self.config.kafka), Codec()

        def write(topic: str, key: str, record: Record) -> None:
            produce(producer, topic, key, codec.encode(record, topic))

        begun, said_s = time.monotonic(), -1.0
        while not self.stopping.wait(TICK_S):
            self.seconds, now = time.monotonic() - begun, now_ms()
            for place in range(self.events, int(self.seconds * self.rate)):
                step, number = place % 3, place // 3
                write(topics.MT_EVENT, message_id(number), event(number, step, now))
                if place % MO_EVERY == 0:
                    write(topics.MO, str(place), mo(place, now))
                self.events = place + 1
            if self.seconds - said_s >= 1:
                said_s = self.seconds
                for name in BINDS:
                    self._say(write, name, now)
            producer.poll(0)
        producer.flush(30)

    def _say(self, write: Any, name: str, now: int) -> None:
        own = self.config.connectors[ConnectorId(name)]
        for bind in range(BINDS[name]):
            state = ConnectorState(
                connector=ConnectorId(name),
                partition=bind,
                replica=f"binder-{name}-0",
                state="bound",
                window_requests_max=own.window,
                rate_per_s=own.rate_per_s / BINDS[name],
                contract_per_s=own.rate_per_s / BINDS[name],
                in_flight=(self.events + bind) % own.window,
                statuses={"ESME_ROK": self.events // 3, "ESME_RTHROTTLED": self.events // 999},
                at_ms=now,
            )
            write(topics.CONNECTOR_STATE, f"{name}/{bind}", state)


@dataclass(frozen=True)
class Seen:
    """What somebody at the browser has seen."""

    clicks_ms: list[float]
    answers_ms: list[float]
    longest_ms: float
    tasks: int
    drawn: int
    busy_share: float
    heap_mib: tuple[float, float]


def watch(url: str, feed: Feed, seconds: float, picture: str | None) -> Seen:
    """Look at the page for so long while `feed` writes."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_selector("html[data-drawn]")
        page.wait_for_timeout(1000 * (SETTLE_S + KNOWN_AFTER / feed.rate))
        page.evaluate(METER)
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        heap_mib, busy_s = [_heap_mib(tools)], _busy_s(tools)
        clicks_ms, answers_ms, begun = [], [], time.monotonic()
        while time.monotonic() - begun < seconds:
            page.wait_for_timeout(500)
            clicks_ms.append(page.evaluate(CLICK))
            page.wait_for_timeout(500)
            number = (feed.events - KNOWN_AFTER) // 3
            answers_ms.append(page.evaluate(ASK, message_id(number)))
        share = (_busy_s(tools) - busy_s) / (time.monotonic() - begun)
        heap_mib.append(_heap_mib(tools))
        meter = page.evaluate("meter")
        if picture:
            page.screenshot(path=picture, full_page=True)
        browser.close()
    return Seen(
        clicks_ms,
        answers_ms,
        meter["longest"],
        meter["tasks"],
        meter["drawn"],
        share,
        (heap_mib[0], heap_mib[1]),
    )


def _heap_mib(tools: Any) -> float:
    tools.send("HeapProfiler.collectGarbage")
    return float(tools.send("Runtime.getHeapUsage")["usedSize"]) / (1 << 20)


def _busy_s(tools: Any) -> float:
    """Seconds the page's own thread has worked."""
    metrics = tools.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def machine_s() -> tuple[float, float]:
    """Seconds this machine has worked, and had."""
    fields = [
        int(each) for each in Path("/proc/stat").read_text("utf-8").split("\n")[0].split()[1:9]
    ]
    return float(sum(fields) - fields[3] - fields[4]), float(sum(fields))


def snapshot(url: str) -> dict[str, Any]:
    """The newest."""
    with urllib.request.urlopen(f"{url}/v1/snapshot", timeout=10) as answer:  # noqa: S310
        return dict(json.loads(answer.read()))


def caught_up(url: str, messages: int) -> int:
    """Messages that telemetry knows, when it knows all or does not go on."""
    deadline = time.monotonic() + CAUGHT_UP_S
    known = -1
    while known < messages and time.monotonic() < deadline:
        time.sleep(1)
        known = int(snapshot(url)["funnel"]["requested"])
    return known


def told(seen: Seen, feed: Feed, known: int, cpu_share: float, machine: float) -> bool:
    """Say it all; whether the page was quick and telemetry complete."""

    def spread(values: list[float]) -> str:
        ordered = sorted(values)
        return f"p50 {statistics.median(ordered):.0f} ms, most {ordered[-1]:.0f} ms"

    messages = -(-feed.events // 3)
    before, after = seen.heap_mib
    print(
        f"written: {feed.events:,} events in {feed.seconds:.0f} s, "
        f"{feed.events / feed.seconds:,.0f} a second"
    )
    print(f"telemetry: knows {known:,} of {messages:,} messages, {cpu_share:.0%} of a core")
    print(
        f"page: drawn {seen.drawn} times, {seen.busy_share:.0%} of a core, "
        f"{seen.tasks} tasks over 50 ms, the longest {seen.longest_ms:.0f} ms"
    )
    print(f"a click until it is seen: {spread(seen.clicks_ms)}")
    print(f"a question until its story is seen: {spread(seen.answers_ms)}")
    print(f"memory of the page: {before:.1f} MiB before, {after:.1f} MiB after")
    print(f"the whole machine was busy to {machine:.0%}")
    is_quick = seen.longest_ms < TASK_MS_MAX and max(seen.clicks_ms) < CLICK_MS_MAX
    return is_quick and known == messages


def main() -> int:
    """Measure; 0 when all is as it should be."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--seconds", type=float, default=60)
    asked.add_argument("--rate", type=int, default=5000)
    asked.add_argument("--picture", help="where the page at the end is written, as PNG")
    own = asked.parse_args()
    if shutil.which("chromium") is None:
        print("no chromium here: make browser installs it", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="heliograph-page-")))
        os.environ |= {
            **{f"{name}_PASSWORD": "page" for name in ("SLOW", "FAST", "TEST")},
            "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": stack.enter_context(broker()),
            "HELIOGRAPH__STATE_DIR": str(folder / "state"),
            "HELIOGRAPH__SERVICES__TELEMETRY__PORT": "0",
        }
        config = load(EXAMPLE)
        create_topics(config.kafka, catalog(config))
        processes = stack.enter_context(launcher(folder / "log"))
        telemetry: Child = processes.start("telemetry-0", "telemetry", "--config", str(EXAMPLE))
        processes.wait_up()
        url = str(telemetry.facts["http"])
        feed = Feed(config, own.rate)
        writer = threading.Thread(target=feed.run, daemon=True)
        writer.start()
        cpu_s, (busy_s, all_s), begun = telemetry.cpu_s(), machine_s(), time.monotonic()
        try:
            seen = watch(url, feed, own.seconds, own.picture)
        finally:
            feed.stopping.set()
            writer.join(60)
        cpu_share = (telemetry.cpu_s() - cpu_s) / (time.monotonic() - begun)
        busy_end_s, all_end_s = machine_s()
        machine = (busy_end_s - busy_s) / (all_end_s - all_s)
        known = caught_up(url, -(-feed.events // 3))
        return 0 if told(seen, feed, known, cpu_share, machine) else 1


if __name__ == "__main__":
    sys.exit(main())
