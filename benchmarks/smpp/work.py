"""What every client in Python is asked to do, and how it tells what it did.

    python -m benchmarks.smpp.clients.NAME host port messages window scenario warmup

The same in every language: bind as a transceiver, send `warmup` messages, print `ready` and wait
for a line, send `messages`, print one line of JSON and wait for the end of standard input. While a
client waits nothing is in flight, so whoever reads its CPU time there reads it exactly.
A message is done when it is answered; with receipts, when that is answered too. One message in
seven is timed, from request to response: seven shares no divisor with a window, and leaves the
clock out of the rest. Standard library only, for it runs in the peers' environments.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

TEXT = "Dear customer, your parcel arrives today between 14 and 16. Reply STOP to end.".ljust(
    100, "."
)
SENDER = "heliograph"
RECIPIENT = "4915112345678"
SYSTEM_ID = "bench"
PASSWORD = "secret"  # noqa: S105 - the sink takes any
TIMED = 7


@dataclass(frozen=True, slots=True)
class Work:
    """The command line."""

    host: str
    port: int
    messages: int
    window: int
    scenario: str
    warmup: int

    @property
    def has_receipts(self) -> bool:
        """Whether each message brings a deliver_sm."""
        return self.scenario == "receipts"


def work() -> Work:
    """What this process is asked to do."""
    host, port, messages, window, scenario, warmup = sys.argv[1:7]
    return Work(host, int(port), int(messages), int(window), scenario, int(warmup))


def ready() -> None:
    """The measured part may begin; returns when it does."""
    print("ready", flush=True)
    sys.stdin.readline()


def report(messages: int, seconds: float, latencies: list[float]) -> None:
    """Tell the figures, and stay until they are read."""
    latencies.sort()
    figures = {
        "messages": messages,
        "seconds": seconds,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
    }
    print(json.dumps(figures), flush=True)
    sys.stdin.read()


class Count:
    """Things that arrive by themselves, and the wait for so many of them."""

    def __init__(self) -> None:
        self._seen = 0
        self._awaited = 0
        self._all = asyncio.Event()

    def add(self) -> None:
        """One more."""
        self._seen += 1
        if self._seen == self._awaited:
            self._all.set()

    async def reach(self, awaited: int) -> None:
        """Wait until there have been so many since the beginning."""
        self._awaited = awaited
        self._all.clear()
        if self._seen < awaited:
            await self._all.wait()


Send = Callable[[int], Awaitable[list[float]]]
"""Sends so many messages, waits for their answers, and returns the latencies of those timed."""


def workers(request: Callable[[], Awaitable[object]], window: int) -> Send:
    """As many workers as the window is wide, each with a request in flight."""

    async def send(messages: int) -> list[float]:
        numbers = iter(range(messages))
        latencies: list[float] = []

        async def worker() -> None:
            for number in numbers:
                if number % TIMED:
                    await request()
                else:
                    began = perf_counter()
                    await request()
                    latencies.append(perf_counter() - began)

        await asyncio.gather(*(worker() for _ in range(window)))
        return latencies

    return send


async def measure(asked: Work, send: Send, receipts: Count) -> None:
    """The whole of it: warm up, wait for the word, send, tell."""
    await send(asked.warmup)
    await receipts.reach(asked.warmup * asked.has_receipts)
    ready()
    began = perf_counter()
    latencies = await send(asked.messages)
    await receipts.reach((asked.warmup + asked.messages) * asked.has_receipts)
    report(asked.messages, perf_counter() - began, latencies)
