"""SMPP clients, all on one machine, at the same work, in one run.

    python -m benchmarks.smpp [--rounds 5] [--seconds 2] [--scenario NAME] [--client NAME]
                              [--json FILE]

A round runs every client once in every scenario, and rounds are interleaved, so a machine that
slows down slows everybody. The client has one core and the sink the other. CPU time and peak memory
are read from outside, around the measured part only. The table gives medians and, for messages a
CPU-second, the lowest and the highest round.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.smpp.peers import ALL, Client, Command
from benchmarks.smpp.scenario import SCENARIOS, Scenario

ROOT = Path(__file__).parents[2]
DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """One client in one scenario, once."""

    messages: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_s: float
    rss_mib: float
    window: int  # the most that the sink saw unanswered at a time
    sink_cpu_s: float

    @property
    def per_second(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Messages a second of the client's CPU."""
        return self.messages / self.cpu_s


class UnfitError(Exception):
    """A client that did not do the work; the sentence goes into the table."""


@contextmanager
def process(command: Command, core: int) -> Iterator["subprocess.Popen[str]"]:
    """A child on this core, gone at the end, and at the deadline at the latest."""
    pinned = ["taskset", "-c", str(core), *command]
    with subprocess.Popen(  # noqa: S603 - our own words
        pinned,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        deadline = threading.Timer(DEADLINE_S, child.kill)
        deadline.start()
        try:
            yield child
        finally:
            deadline.cancel()
            child.kill()


def cpu_s(pid: int) -> float:
    """CPU time of all threads of a process: the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime((~pid << 3) | 2)


def rss_mib(pid: int) -> float:
    """The most memory that it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no VmHWM for {pid}")


def said(child: "subprocess.Popen[str]", word: str) -> str:
    """The line that begins with this word; what is said before it is the peer's log."""
    assert child.stdout is not None
    last = "said nothing"
    for line in child.stdout:
        if line.startswith(word):
            return line
        last = line.strip() or last
    raise UnfitError(f"ended or was cut off: {last[:100]}")


def measure(command: Command, scenario: Scenario, messages: int, warmup: int) -> Run:
    """Run it against a sink of its own."""
    cores = sorted(os.sched_getaffinity(0))
    sink_command = [sys.executable, "-m", "benchmarks.smpp.sink", scenario.name]
    with process(sink_command, cores[-1]) as sink:
        port = said(sink, "").strip()
        asked = ["127.0.0.1", port, messages, scenario.window, scenario.name, warmup]
        with process([*command, *map(str, asked)], cores[0]) as client:
            assert client.stdin is not None
            said(client, "ready")
            before_s = cpu_s(client.pid)
            client.stdin.write("\n")
            client.stdin.flush()
            figures = json.loads(said(client, "{"))
            used_s = cpu_s(client.pid) - before_s
            memory = rss_mib(client.pid)
            client.stdin.close()
            client.stdin = None
            tally = json.loads(said(sink, "{"))
    judge(tally, messages + warmup, scenario)
    return Run(
        cpu_s=used_s,
        rss_mib=memory,
        window=tally["unanswered_max"],
        sink_cpu_s=tally["cpu_s"],
        **figures,
    )


def judge(tally: dict[str, int], messages: int, scenario: Scenario) -> None:
    """Raise UnfitError unless the sink saw the work that was asked for."""
    if tally["messages"] != messages:
        raise UnfitError(f"the sink saw {tally['messages']} messages of {messages}")
    if tally["as_asked"] != tally["read_first"]:
        raise UnfitError("sends something else than was asked")
    if tally["unanswered_max"] > scenario.window:
        raise UnfitError(f"had {tally['unanswered_max']} requests unanswered")
    if scenario.has_receipts and tally["receipts_answered"] != messages:
        raise UnfitError(f"answered {tally['receipts_answered']} receipts of {messages}")


def size(client: Client, scenario: Scenario, seconds: float) -> int:
    """As many messages as take about so long."""
    return max(500, int(seconds * min(client.rate, scenario.ceiling)))


def install(clients: list[Client]) -> dict[Client, Command]:
    """The commands of those that can be had; the others are named aloud."""
    commands = {}
    for client in clients:
        try:
            commands[client] = client.install()
        except (OSError, subprocess.SubprocessError) as error:
            print(f"{client.name} {client.version} could not be installed: {error}", flush=True)
    return commands


Runs = dict[tuple[str, str], list[Run]]


def rounds(
    commands: dict[Client, Command], scenarios: list[Scenario], count: int, seconds: float
) -> Runs:
    """Everything, `count` times; who fails once is said so and counts for the other rounds."""
    runs: Runs = defaultdict(list)
    for number in range(count):
        for scenario in scenarios:
            for client, command in commands.items():
                messages = size(client, scenario, seconds)
                warmup = math.ceil(client.warmup * min(1.0, scenario.ceiling / client.rate))
                try:
                    run = measure(command, scenario, messages, max(warmup, scenario.window))
                except (UnfitError, OSError) as error:
                    print(f"{client.name}, {scenario.name}: {error}", flush=True)
                    continue
                runs[client.name, scenario.name].append(run)
        print(f"round {number + 1} of {count} done", file=sys.stderr, flush=True)
    return runs


HEAD = (
    f"{'':<20} {'version':<8} {'a second':>9} {'a CPU-second':>12} {'(lowest to highest)':>21}"
    f" {'ceiling':>7} {'p50 ms':>7} {'p99 ms':>7} {'MiB':>5} {'window':>6}"
)


def row(client: Client, scenario: Scenario, runs: list[Run]) -> str:
    """One line of the table."""
    if not runs:
        return f"{client.name:<20} {client.version:<8} no result"
    rates = [run.per_cpu_second for run in runs]
    spread = f"({min(rates):,.0f} to {max(rates):,.0f})"
    per_second = statistics.median(run.per_second for run in runs)
    share = f"{per_second / scenario.ceiling:.1%}" if scenario.is_delayed else ""
    return (
        f"{client.name:<20} {client.version:<8} {per_second:>9,.0f}"
        f" {statistics.median(rates):>12,.0f} {spread:>21} {share:>7}"
        f" {statistics.median(run.p50_ms for run in runs):>7.2f}"
        f" {statistics.median(run.p99_ms for run in runs):>7.2f}"
        f" {max(run.rss_mib for run in runs):>5.0f}"
        f" {max(run.window for run in runs):>6}"
    )


def table(clients: list[Client], scenarios: list[Scenario], runs: Runs) -> str:
    """The whole result, fastest first."""
    lines = []
    for scenario in scenarios:
        ranked = sorted(
            clients,
            key=lambda client: (
                -statistics.median(
                    [run.per_cpu_second for run in runs[client.name, scenario.name]] or [0.0]
                )
            ),
        )
        lines += ["", scenario.title, HEAD]
        lines += [row(client, scenario, runs[client.name, scenario.name]) for client in ranked]
    return "\n".join(lines)


def machine() -> dict[str, object]:
    """What it was measured on."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smpp", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measured part")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, default=[])
    parser.add_argument("--client", action="append", choices=[c.name for c in ALL], default=[])
    parser.add_argument("--json", type=Path, help="where every round is written")
    asked = parser.parse_args()
    scenarios = [SCENARIOS[name] for name in asked.scenario or SCENARIOS]
    clients = [client for client in ALL if client.name in asked.client or not asked.client]
    began, here = time.monotonic(), machine()
    runs = rounds(install(clients), scenarios, asked.rounds, asked.seconds)
    print(table(clients, scenarios, runs))
    print(f"\n{asked.rounds} rounds in {time.monotonic() - began:,.0f} s on {here}")
    if asked.json:
        rows = [
            {"client": client, "scenario": scenario, "rounds": [asdict(run) for run in some]}
            for (client, scenario), some in runs.items()
        ]
        asked.json.write_text(json.dumps({"machine": here, "results": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
