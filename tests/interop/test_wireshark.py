"""Everything that the run exchanged, read by Wireshark: a third opinion on both sides.

The last file of the folder, for it judges what the tests before it left.
"""

import asyncio
from pathlib import Path

import pytest

from smpp.values import CommandId
from tests.interop import capture
from tests.interop.conftest import Stage
from tests.interop.installation import NotInstalledError, system_program


async def test_nothing_is_malformed_and_every_pdu_is_found(stage: Stage, tmp_path: Path) -> None:
    if not stage.conversations:
        pytest.skip("nothing was exchanged: run it with the other files")
    try:
        tshark = await asyncio.to_thread(system_program, "tshark", "tshark")
    except NotInstalledError as error:
        pytest.skip(f"tshark is not here: {error}")
    path = tmp_path / "interop.pcap"
    capture.write(stage.conversations, path)
    verdict = await asyncio.to_thread(capture.judge, tshark, path)
    stage.verdict = f"wireshark read {verdict.pdus} PDUs, {len(verdict.complaints)} malformed"
    assert verdict.complaints == []
    headers = [header for each in stage.conversations for header in each.headers]
    known = [header for header in headers if header.command_id in set(CommandId)]
    assert verdict.pdus == len(known)  # Wireshark passes over the commands that it does not know
