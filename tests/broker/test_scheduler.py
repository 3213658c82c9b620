"""The scheduler as a process on the real broker: never early, once, restart-safe."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.effects import PublishLater
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import Wake
from pipeline.timers import publication
from tests.broker.conftest import started

DEADLINE_S = 40
CODEC = Codec()


@asynccontextmanager
async def scheduler(
    kafka: KafkaConfig, folder: Path, replica: str = "scheduler-0"
) -> AsyncIterator[Process]:
    path = folder / "heliograph.yaml"
    path.write_text(f"kafka: {{bootstrap_servers: '{kafka.bootstrap_servers}'}}", encoding="utf-8")
    async with started("scheduler", "--config", str(path), "--replica", replica) as process:
        yield process


def ask(kafka: KafkaConfig, prefix: str, waits_ms: list[int]) -> dict[str, int]:
    """Ask for one wake a wait; returns when each is due, by key."""
    producer, dues = make_producer(kafka), {}
    for number, wait_ms in enumerate(waits_ms):
        key, moment = f"{prefix}{number}", now_ms()
        dues[key] = moment + wait_ms
        wake = Wake(key=key, kind="test", what="", set_ms=moment)
        later = PublishLater(dues[key], topics.CORRELATOR_IN, key, wake)
        written = publication(later, CODEC, moment)
        produce(producer, written.topic, key, CODEC.encode(written.record, written.topic))
    assert producer.flush(DEADLINE_S) == 0
    return dues


def arrivals(kafka: KafkaConfig, prefix: str) -> list[tuple[str, int]]:
    """Key and append time of every wake that has come."""
    return [
        (key, message.timestamp()[1])
        for message in read_to_end(kafka, [topics.CORRELATOR_IN])
        if (key := (message.key() or b"").decode()).startswith(prefix)
    ]


async def all_arrived(kafka: KafkaConfig, prefix: str, count: int) -> list[tuple[str, int]]:
    async with asyncio.timeout(DEADLINE_S):
        while len(found := await asyncio.to_thread(arrivals, kafka, prefix)) < count:
            pass
    return found


async def test_a_record_comes_at_its_time_and_never_early(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    waits = [0, 300, 1000, 1700, 2500, 3400, 5200] * 20
    async with scheduler(own_kafka, tmp_path) as process:
        dues = await asyncio.to_thread(ask, own_kafka, "time", waits)
        found = await all_arrived(own_kafka, "time", len(waits))
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_S) == 0
    assert sorted(key for key, _ in found) == sorted(dues)
    early = [key for key, at_ms in found if at_ms < dues[key]]
    assert early == []


async def test_killed_again_and_again_it_moves_each_record_once(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    waits = [700 * n for n in range(1, 9)] * 50
    dues = await asyncio.to_thread(ask, own_kafka, "kill", waits)
    seen = 0
    for _ in range(3):
        async with scheduler(own_kafka, tmp_path) as process:
            found = await all_arrived(own_kafka, "kill", min(seen + 60, len(waits)))
            seen = len(found)
            process.kill()
    async with scheduler(own_kafka, tmp_path):
        found = await all_arrived(own_kafka, "kill", len(waits))
    assert sorted(key for key, _ in found) == sorted(dues)
    assert all(at_ms >= dues[key] for key, at_ms in found)


async def test_what_waits_comes_too_when_it_has_been_somebody_elses_meanwhile(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    """librdkafka keeps an application's pause over an unassignment: a partition was never read."""
    waits = [8500] * 40
    async with scheduler(own_kafka, tmp_path):
        dues = await asyncio.to_thread(ask, own_kafka, "moved", waits)
        await asyncio.sleep(1)  # the first has paused all of it
        async with scheduler(own_kafka, tmp_path, "scheduler-1") as second:
            await asyncio.sleep(3)  # half of it is the second's
            second.terminate()
            assert await asyncio.wait_for(second.wait(), DEADLINE_S) == 0
        found = await all_arrived(own_kafka, "moved", len(waits))
    assert sorted(key for key, _ in found) == sorted(dues)


async def test_what_is_no_timer_goes_to_the_dead_letters(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    producer = make_producer(own_kafka)
    produce(producer, "sms.timer.1s", b"k", b"garbage")
    producer.flush(DEADLINE_S)
    async with scheduler(own_kafka, tmp_path), asyncio.timeout(DEADLINE_S):
        while not (
            dead := await asyncio.to_thread(list, read_to_end(own_kafka, ["sms.timer.dlq"]))
        ):
            pass
    assert [(m.key(), m.value()) for m in dead] == [(b"k", b"garbage")]
