"""Does our client grow? Resident memory over many messages, as a curve and a verdict.

    python -m benchmarks.smpp.memory [--messages 10000000] [--scenario at-once]

Prints CSV, a line every 250,000 messages, then the slope of the line through all but the first
quarter, where pools and caches fill. One forgotten object a message would be 50 octets a message;
flat is less than a quarter of one octet, 2.4 MiB over ten million.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

import uvloop

from benchmarks.smpp.clients.ours import connect, send
from benchmarks.smpp.scenario import SCENARIOS
from benchmarks.smpp.work import Count, Work

STEP = 250_000
GROWING_OCTETS = 0.25
MIB = 1 << 20


def rss_octets() -> int:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def curve(asked: Work) -> list[tuple[int, int]]:
    """Messages so far and memory then, printed as they come."""
    receipts = Count()
    esme = await connect(asked, receipts)
    points = []
    print("messages,rss_mib")
    for sent in range(STEP, asked.messages + 1, STEP):
        await send(esme, asked.window, STEP)
        await receipts.reach(sent * asked.has_receipts)
        points.append((sent, rss_octets()))
        print(f"{sent},{points[-1][1] / MIB:.2f}", flush=True)
    await esme.close()
    return points


def verdict(points: list[tuple[int, int]]) -> str:
    """Flat or growing, by least squares."""
    settled = points[len(points) // 4 :]
    if len(settled) < 3:
        return f"too few messages for a verdict; {12 * STEP:,} would do"
    slope = statistics.linear_regression(*zip(*settled, strict=True)).slope
    word = "growing" if slope > GROWING_OCTETS else "flat"
    return f"{word}: {slope:+.3f} octets a message"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smpp.memory", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000_000)
    parser.add_argument("--scenario", choices=SCENARIOS, default="at-once")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "benchmarks.smpp.sink", asked.scenario]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sink:  # noqa: S603
        try:
            assert sink.stdout is not None
            port = int(sink.stdout.readline())
            window = SCENARIOS[asked.scenario].window
            work = Work("127.0.0.1", port, asked.messages, window, asked.scenario, 0)
            said = verdict(uvloop.run(curve(work)))
        finally:
            sink.kill()
    print(said)
    return said.startswith("growing")


if __name__ == "__main__":
    sys.exit(main())
