"""A connector is drained and taken up again, by the command, on the real broker."""

import asyncio
import signal
from collections import Counter

import pytest

from heliograph.binds import await_all, write
from tests.broker.test_binder import BINDS, DEADLINE_S, Bench, bench, folder

__all__ = ["bench", "folder"]  # fixtures


@pytest.mark.timeout(180)
async def test_at_rest_nothing_is_written_nor_lost_and_a_crash_changes_nothing(
    bench: Bench,
) -> None:
    config, name = bench.config, bench.connector

    async def so(*, drain: bool) -> bool:
        return (await asyncio.to_thread(await_all, config, name, DEADLINE_S, drain=drain))[1]

    async with bench.binder() as process:
        await asyncio.to_thread(bench.write, 200)
        await bench.settled(200)
        await asyncio.to_thread(write, config, name, drain=True)
        assert await so(drain=True)
        assert [s for s in bench.carrier.smsc.sessions if s.bind_type is not None] == []
        await asyncio.to_thread(bench.write, 100, "later-")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with bench.binder("binder-1"):
        assert await so(drain=True)
        assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(200)})
        await asyncio.to_thread(write, config, name, drain=False)
        assert await so(drain=False)
        await bench.settled(300)
    later = {f"later-{n}": 1 for n in range(100)}
    assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(200)} | later)
    assert bench.carrier.binds_max <= BINDS
