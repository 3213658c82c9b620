"""The command as a process, judging ESMEs by its output and exit code."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipeline.config import load
from pipeline.ids import ConnectorId
from smpp.client import Esme, EsmeConfig
from smpp.pdu import SubmitSm
from smpp.values import Npi, Ton
from tests.services.sandbox.loopback import PASSWORD, sandbox

DEADLINE_S = 60


@asynccontextmanager
async def command(*options: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """`heliograph conformance` on a free port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heliograph", "conformance", "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            assert process.stdout is not None
            first = (await process.stdout.readline()).decode()
            assert "listens on" in first, first
            yield process, int(first.split(":")[1].split(".")[0])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def end_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    told = (await process.stdout.read()).decode()
    await process.wait()
    return told


async def test_our_own_esme_comes_out_clean(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    async with command("--account", "us:secret", "--report", str(file)) as (process, port):
        config = EsmeConfig(host="127.0.0.1", port=port, system_id="us", password="secret")
        async with Esme.bound(config, on_request=lambda esme, pdu: esme.respond(pdu)) as esme:
            for number in range(20):
                await esme.submit(
                    SubmitSm(
                        source_addr_ton=Ton.ALPHANUMERIC,
                        source_addr="ACME",
                        dest_addr_ton=Ton.INTERNATIONAL,
                        dest_addr_npi=Npi.ISDN,
                        destination_addr=f"4670123{number:04}",
                        registered_delivery=1,
                        short_message=b"hello",
                    )
                )
        told = await end_of(process)
    assert process.returncode == 0, told
    assert "Findings\n  none\n" in told
    assert "step skipped: MO" not in told
    rules = {row["rule"]: row for row in json.loads(file.read_text())["rules"]}
    assert rules["response_comes"]["judged"] > 10
    assert not any(row["broken"] for row in rules.values())


async def test_who_breaks_what_it_must_keep_to_ends_it_with_exit_code_1() -> None:
    async with command() as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        bind = bytes.fromhex("00000000000000090000000000000001") + b"us\0pw\0\0\x34\0\0\0"
        writer.write(len(bind).to_bytes(4, "big") + bind[4:])
        await reader.readexactly(4)
        writer.write(bytes.fromhex("00000010000000150000000700000002"))
        writer.write(bytes.fromhex("00000010000000060000000000000003"))
        await reader.read()
        writer.close()
        told = await end_of(process)
    assert process.returncode == 1, told
    assert "must   command_status: " in told
    assert "(SMPP 3.4 5.1.3); broken 1 of 3; first " in told


async def test_a_signal_ends_it_with_what_was_seen_so_far() -> None:
    async with command() as (process, _):
        process.send_signal(signal.SIGINT)
        told = await end_of(process)
    assert process.returncode == 0, told
    assert "step skipped: MO in UCS-2: nobody bound" in told


async def test_scripts_are_told_in_one_document() -> None:
    async with command("--for-s", "0.1", "--json") as (process, _):
        told = json.loads(await end_of(process))
    assert process.returncode == 0
    assert {row["judged"] for row in told["rules"]} == {0}
    assert any("nobody bound" in line for line in told["skipped"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--account", "us"), "--account us: write NAME:PASSWORD"),
        (("--scenario", "none"), "no built-in one"),
    ],
)
async def test_what_the_operator_can_mend_is_a_sentence(
    options: tuple[str, ...], sentence: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heliograph", "conformance", "--port", "0", *options),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(DEADLINE_S):
        _, told = await process.communicate()
    assert process.returncode == 2
    assert sentence in told.decode()


def connector_of(folder: Path, port: int) -> Path:
    """A configuration with the connector `mine`."""
    file = folder / "heliograph.yaml"
    connector = f"{{hosts: '127.0.0.1:{port}', system_id: one, rate_per_s: 10"
    file.write_text(f"connectors:\n  mine: {connector}, password: '${{MINE_PASSWORD}}'}}\n")
    return file


async def learn(file: Path, *options: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heliograph", "conformance", "--config", str(file)),
        *("--to", "+46701234567", "--per-minute", "6000", *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "MINE_PASSWORD": PASSWORD},
    )
    async with asyncio.timeout(DEADLINE_S):
        out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def test_a_draft_of_the_command_is_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sandbox("message_ids: {in_response: hexadecimal}") as own:
        code, draft, error = await learn(
            connector_of(tmp_path, own.port), "--connector", "mine", "--yes"
        )
    assert code == 0, error
    assert "Sends 10 segments from Heliograph to +46701234567 through connector mine" in error
    file = tmp_path / "draft.yaml"
    file.write_text(draft)
    monkeypatch.setenv("MINE_PASSWORD", PASSWORD)
    profile = load(file).profile(ConnectorId("mine"))
    assert (profile.id_in_response, profile.id_in_receipt) == ("hexadecimal", "decimal")


async def test_nothing_is_sent_before_the_operator_agrees(tmp_path: Path) -> None:
    async with sandbox() as own:
        code, draft, error = await learn(connector_of(tmp_path, own.port), "--connector", "mine")
        assert own.statistics()["binds_ever"] == 0
    assert (code, draft.strip()) == (1, "")
    assert "They cost what this carrier charges" in error


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("other", PASSWORD, "connectors.other: there is none; there are mine"),
        ("mine", "wrong", "bind refused: ESME_RINVPASWD"),
    ],
)
async def test_a_carrier_that_cannot_be_asked_is_a_sentence(
    tmp_path: Path, name: str, password: str, sentence: str
) -> None:
    async with sandbox(accounts={"one": password}) as own:
        file = connector_of(tmp_path, own.port)
        code, draft, error = await learn(file, "--connector", name, "--yes")
    assert (code, draft) == (2, "")
    assert sentence in error
