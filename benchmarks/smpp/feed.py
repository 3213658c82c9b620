"""Messages for a client that pulls them from a broker and tells of answers by a hook.

Neither aiosmpplib nor naz keeps a window, so the broker keeps it for them: it gives a message out
only while fewer than `window` are unanswered.
"""

import asyncio
from time import perf_counter

from benchmarks.smpp.work import TIMED, Count, Work, ready, report


class Feed:
    """`turn` before each message, `answered` after it, `receipts` beside them."""

    def __init__(self, asked: Work) -> None:
        self.receipts = Count()
        self._asked = asked
        self._turns = asyncio.Semaphore(0)
        self._done = asyncio.Event()
        self._unsent = 0
        self._unanswered = 0
        self._number = 0
        self._began: dict[str, float] = {}
        self._latencies: list[float] = []

    def wake(self) -> None:
        """An extra turn, for something that goes out beside the window."""
        self._turns.release()

    async def turn(self) -> None:
        """Wait until the window has room."""
        await self._turns.acquire()

    def next_id(self) -> str:
        """A name for the next message, by which its answer is known."""
        self._number += 1
        name = str(self._number)
        if not self._number % TIMED:
            self._began[name] = perf_counter()
        return name

    def answered(self, name: str) -> None:
        """The answer to this message."""
        began = self._began.pop(name, None)
        if began is not None:
            self._latencies.append(perf_counter() - began)
        if self._unsent:
            self._unsent -= 1
            self._turns.release()
        self._unanswered -= 1
        if not self._unanswered:
            self._done.set()

    async def measure(self) -> None:
        """Warm up, then the measured part, and tell."""
        asked = self._asked
        await self._send(asked.warmup)
        await self.receipts.reach(asked.warmup * asked.has_receipts)
        self._latencies.clear()
        ready()
        began = perf_counter()
        await self._send(asked.messages)
        await self.receipts.reach((asked.warmup + asked.messages) * asked.has_receipts)
        report(asked.messages, perf_counter() - began, self._latencies)

    async def _send(self, messages: int) -> None:
        self._done.clear()
        self._unanswered = messages
        first = min(messages, self._asked.window)
        self._unsent = messages - first
        for _ in range(first):
            self._turns.release()
        await self._done.wait()
