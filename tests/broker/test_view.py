"""Telemetry's search view on the real broker: killed while it reads, and with its file gone."""

import asyncio
import json
import signal
import urllib.error
import urllib.request
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline import topics
from pipeline.broker import free_port
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.lag import Lag
from pipeline.records import MtEvent
from services.telemetry.shell import GROUP
from tests.broker.conftest import started
from tests.builders import mt_event

DEADLINE_S = 60
BEGIN_MS = now_ms()  # of long ago the view keeps nothing
CODEC = Codec()
TOKEN = "a long secret"
CONFIG = """
kafka: {bootstrap_servers: '%s'}
state_dir: '%s/state'
services: {telemetry: {port: %d, token: '${VIEW_TOKEN}'}}
"""
EVENTS = ("routed", "segment_accepted", "receipt")
STATES = ("routed", "accepted", "delivered")


def recipient(number: int) -> str:
    """Ten messages to each."""
    return f"4670{number // 10:07}"


def event(number: int, step: int) -> MtEvent:
    """One of three of a message."""
    return mt_event(
        f"m{number}",
        event=EVENTS[step],
        state=STATES[step],
        terminal=step == 2,
        recipient=recipient(number),
        requested_ms=BEGIN_MS + number,
        at_ms=BEGIN_MS + number + step,
        connector="fast",
    )


def write(kafka: KafkaConfig, numbers: range) -> None:
    """The events of messages, as a tracker tells them."""
    producer = make_producer(kafka)
    for step in range(3):
        for number in numbers:
            octets = CODEC.encode(event(number, step), topics.MT_EVENT)
            produce(producer, topics.MT_EVENT, f"m{number}", octets)
    assert producer.flush(DEADLINE_S) == 0


class Telemetry:
    """A telemetry with its settings in a folder, asked over HTTP."""

    def __init__(self, kafka: KafkaConfig, folder: Path) -> None:
        self.port = free_port()
        self.view = folder / "state" / "telemetry" / "view.sqlite"
        self._path = folder / "heliograph.yaml"
        self._path.write_text(CONFIG % (kafka.bootstrap_servers, folder, self.port), "utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Process]:
        """Ends well, unless it was killed."""
        where = ("--config", str(self._path), "--replica", "telemetry-0")
        async with started("telemetry", *where) as process:
            yield process
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0

    def ask(self, path: str, token: str = TOKEN) -> Any:
        """What it answers; None to what it does not know."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/messages{path}")
        request.add_header("authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return None

    def has(self, number: int, state: str = "delivered") -> bool:
        """Whether it knows a message to be in a state."""
        told = self.ask(f"/m{number}")
        return told is not None and told["state"] == state

    def has_all(self, numbers: range) -> bool:
        """Whether it knows all of them to be delivered."""
        return all(self.has(number) for number in numbers)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.1)


async def test_killed_at_any_moment_or_without_its_file_it_has_each_event_once(
    own_kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIEW_TOKEN", TOKEN)
    telemetry = Telemetry(own_kafka, tmp_path)
    lag = Lag(own_kafka, {topics.MT_EVENT: GROUP})
    first, more = range(2000), range(2000, 3000)
    await asyncio.to_thread(write, own_kafka, first)
    async with telemetry.running() as process:
        await until(lambda: telemetry.ask("/m0") is not None)
        process.kill()  # while it reads
        await asyncio.wait_for(process.wait(), DEADLINE_S)
    await asyncio.to_thread(write, own_kafka, more)
    async with telemetry.running():
        await until(lambda: telemetry.has_all(range(0, 3000, 50)))
        await until(lambda: lag.ask()[topics.MT_EVENT].behind == 0)
        for number in range(0, 3000, 50):
            steps = telemetry.ask(f"/m{number}")["steps"]
            assert len(steps) == 1 + len(EVENTS)
        heads = telemetry.ask(f"?number={recipient(1230)}&limit=100")["messages"]
        assert [head["message_id"] for head in heads] == [f"m{n}" for n in range(1239, 1229, -1)]
        assert telemetry.ask("/m0", token="none")["head"]["recipient"] == "46…000"
    for path in telemetry.view.parent.iterdir():
        path.unlink()
    async with telemetry.running():  # the group has read all of it, the view nothing
        await until(lambda: telemetry.has_all(range(0, 3000, 50)))
        assert len(telemetry.ask("/m2950")["steps"]) == 1 + len(EVENTS)
