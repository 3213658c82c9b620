"""One snapshot for all who watch, and nobody who is waited for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.telemetry import feed as feeding
from services.telemetry.feed import READERS_MAX, Feed

SCOPE = {"type": "http"}


class Reader:
    """Takes what is sent, until it leaves; a slow one takes so many and no more."""

    def __init__(self, takes: float = float("inf")) -> None:
        self.bodies: list[bytes] = []
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.has_end = False
        self.leaving = asyncio.Event()
        self._takes = takes

    async def receive(self) -> dict[str, str]:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            return
        if len(self.bodies) >= self._takes:
            await asyncio.Event().wait()
        self.bodies.append(message["body"])
        self.has_end = not message["more_body"]

    def watch(self, feed: Feed) -> "asyncio.Task[None]":
        return asyncio.ensure_future(feed.stream()(SCOPE, self.receive, self.send))  # type: ignore[arg-type]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_all_readers_get_the_same_snapshots_and_the_end() -> None:
    feed = Feed()
    feed.put(b'{"at_ms":1}')
    readers = [Reader() for _ in range(READERS_MAX)]
    tasks = [reader.watch(feed) for reader in readers]
    await until(lambda: all(len(reader.bodies) == 2 for reader in readers))
    assert feed.readers == READERS_MAX
    refused = feed.stream()
    assert (refused.status_code, b"50 are watching already" in refused.body) == (503, True)
    feed.put(b'{"at_ms":2}')
    await until(lambda: all(len(reader.bodies) == 3 for reader in readers))
    feed.is_over = True
    await asyncio.wait_for(asyncio.gather(*tasks), 5)
    for reader in readers:
        assert reader.status == 200
        assert reader.headers[b"content-type"].startswith(b"text/event-stream")
        assert b"content-length" not in reader.headers
        assert reader.bodies[1:] == [b'data: {"at_ms":1}\n\n', b'data: {"at_ms":2}\n\n', b""]
        assert reader.has_end
    assert feed.readers == 0


async def test_who_leaves_is_sent_nothing_more() -> None:
    feed, reader = Feed(), Reader()
    task = reader.watch(feed)
    await until(lambda: len(reader.bodies) == 1)
    reader.leaving.set()
    await asyncio.wait_for(task, 5)
    assert (feed.readers, reader.has_end) == (0, False)


async def test_who_takes_nothing_is_dropped_and_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feeding, "SEND_TIMEOUT_S", 0.3)
    feed, slow, quick = Feed(), Reader(takes=1), Reader()
    with capture_logs() as log:
        dropped, served = slow.watch(feed), quick.watch(feed)
        await until(lambda: feed.readers == 2)
        for number in range(3):
            feed.put(b"%d" % number)
            await until(lambda: quick.bodies[-1] == b"data: %d\n\n" % number)  # noqa: B023
        await asyncio.wait_for(dropped, 5)
    assert (feed.readers, len(slow.bodies)) == (1, 1)
    assert [line["event"] for line in log] == ["a reader of /v1/live takes nothing, it is dropped"]
    feed.is_over = True
    await asyncio.wait_for(served, 5)
