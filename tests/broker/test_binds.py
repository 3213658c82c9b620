"""A connector is drained and taken up again, by the commands, on the real broker."""

import asyncio
import json
import signal
from collections import Counter

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP
from tests.broker.test_binder import BINDS, DEADLINE_S, Bench, bench, folder

__all__ = ["bench", "folder"]  # fixtures


async def told(bench: Bench, *words: str) -> tuple[int, str]:
    """How `heliograph binds` ends, and what it says."""
    line = ["binds", *words, "--config", str(bench.path)]
    found = await asyncio.to_thread(CliRunner().invoke, APP, line)
    return found.exit_code, found.stdout


async def states(bench: Bench) -> set[tuple[str, str]]:
    """How the binds are, and who has told it, as scripts see it."""
    found = json.loads((await told(bench, "list", "--json"))[1])
    assert found["drained"] == [bench.connector]
    return {(bind["state"], bind["told"]["replica"]) for bind in found["binds"]}


@pytest.mark.timeout(180)
async def test_at_rest_nothing_is_written_nor_lost_and_a_crash_changes_nothing(
    bench: Bench,
) -> None:
    name, wait = bench.connector, ("--wait", str(DEADLINE_S))
    status, text = await told(bench, "list")
    assert (status, text.count("untold")) == (1, BINDS)
    async with bench.binder() as process:
        await asyncio.to_thread(bench.write, 200)
        await bench.settled(200)
        assert (await told(bench, "list", name))[0] == 0
        status, text = await told(bench, "drain", name, *wait)
        assert (status, f"{name} is drained" in text) == (0, True)
        assert [s for s in bench.carrier.smsc.sessions if s.bind_type is not None] == []
        await asyncio.to_thread(bench.write, 100, "later-")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with bench.binder("binder-1"):
        async with asyncio.timeout(DEADLINE_S):
            while await states(bench) != {("drained", "binder-1")}:
                pass
        assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(200)})
        status, text = await told(bench, "resume", name, *wait)
        assert (status, f"{name} is bound" in text) == (0, True)
        await bench.settled(300)
    later = {f"later-{n}": 1 for n in range(100)}
    assert bench.carrier.accepted == Counter({f"m{n}": 1 for n in range(200)} | later)
    assert bench.carrier.binds_max <= BINDS


async def test_who_does_not_come_to_rest_in_time_is_told_so(bench: Bench) -> None:
    status, text = await told(bench, "drain", bench.connector, "--wait", "0")
    assert (status, "after 0 s" in text, text.count("to rest")) == (1, True, BINDS)
