"""The sandbox as a process: it says where it listens, and ends soon after a signal."""

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from smpp.client import Esme, EsmeConfig

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 2
CONFIG = """
dev: true
services:
  sandbox:
    mine: {port: 1, http_port: 1, accounts: {us: secret}, scenario: SCENARIO}
"""


async def start(folder: Path, scenario: str = "fast") -> asyncio.subprocess.Process:
    path = folder / "heliograph.yaml"
    path.write_text(CONFIG.replace("SCENARIO", scenario), encoding="utf-8")
    arguments = ("-m", "heliograph", "sandbox", "mine", "--free-ports", "--config", str(path))
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_announces_its_ports_and_ends_within_two_seconds(
    tmp_path: Path, number: signal.Signals
) -> None:
    process = await start(tmp_path)
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
    facts = json.loads(line)
    assert facts["http"] == f"http://127.0.0.1:{facts['http_port']}"
    assert facts["smpp_ports"] == [facts["smpp_port"]]
    closed = asyncio.Event()
    await Esme.connect(
        EsmeConfig(host="127.0.0.1", port=facts["smpp_port"], system_id="us", password="secret"),
        on_request=lambda esme, pdu: esme.respond(pdu),
        on_closed=lambda _, __: closed.set(),
    )
    begun = time.monotonic()
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), START_TIMEOUT_S) == 0
    assert time.monotonic() - begun < STOP_TIMEOUT_S
    await asyncio.wait_for(closed.wait(), START_TIMEOUT_S)


async def test_a_wrong_scenario_is_one_sentence(tmp_path: Path) -> None:
    process = await start(tmp_path, "nowhere")
    _, errors = await asyncio.wait_for(process.communicate(), START_TIMEOUT_S)
    assert process.returncode != 0
    assert b"no built-in one: fast, hostile, slow" in errors
    assert b"Traceback" not in errors


async def test_the_ledger_is_written_at_the_end_where_the_configuration_says(
    tmp_path: Path,
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    process = await start(tmp_path, f"fast, ledger_file: {ledger}")
    assert process.stdout is not None
    facts = json.loads(await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S))
    await Esme.connect(
        EsmeConfig(host="127.0.0.1", port=facts["smpp_port"], system_id="us", password="secret"),
        on_request=lambda esme, pdu: esme.respond(pdu),
        on_closed=lambda _, __: None,
    )
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), START_TIMEOUT_S) == 0
    rows = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert [row["journal"] for row in rows] == ["binds", "binds", "statistics"]
    assert rows[1]["closed_ms"] >= rows[0]["opened_ms"]
