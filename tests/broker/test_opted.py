"""What a router keeps of recipients, brought in by a file and read back from its changelog."""

import asyncio
from pathlib import Path

from typer.testing import CliRunner

from heliograph.cli import APP
from pipeline.config import KafkaConfig
from tests.broker.conftest import started

DEADLINE_S = 40
CONFIG = """
kafka: {bootstrap_servers: '%s'}
state_dir: state
tenants: {default: {senders: [ACME], requires_consent: true}, bank: {senders: [BANK]}}
"""
ROUTES = """
version: "1"
rules: [{name: none, prefix: "", reject: closed}]
"""
NUMBERS = """\
number,action,tenant,sender,at
+46700000001,out,,,
+46700000002,in,default,ACME,
+46700000003,out,bank,,
"""


def optout(folder: Path, *arguments: str) -> list[str]:
    where = ["--config", str(folder / "heliograph.yaml")]
    found = CliRunner().invoke(APP, ["optout", *arguments, *where])
    assert found.exception is None, found.exception
    return [line for line in found.stdout.splitlines() if "stamina.retry" not in line]


async def export_of(folder: Path, *wanted: str) -> None:
    """Wait until it has these rows, but for their times, and no others."""
    async with asyncio.timeout(DEADLINE_S):
        rows: list[str] = []
        while rows != ["number,action,tenant,sender", *wanted]:
            await asyncio.sleep(0.2)
            lines = await asyncio.to_thread(optout, folder, "export")
            rows = [line.rpartition(",")[0] for line in lines]


async def test_what_is_imported_is_known_exported_and_taken_back(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    config = CONFIG.replace("state_dir: state", f"state_dir: '{tmp_path / 'state'}'")
    (tmp_path / "heliograph.yaml").write_text(config % own_kafka.bootstrap_servers, "utf-8")
    (tmp_path / "routes.yaml").write_text(ROUTES, "utf-8")
    (tmp_path / "numbers.csv").write_text(NUMBERS, "utf-8")
    assert optout(tmp_path, "import", str(tmp_path / "numbers.csv")) == ["3 rows told"]
    first, second, third = (line.removesuffix(",") for line in NUMBERS.splitlines()[1:])
    async with started("router", "--config", str(tmp_path / "heliograph.yaml")):
        await export_of(tmp_path, first, second, third)
        assert optout(tmp_path, "remove", "+46700000001") == ["1 recipients told"]
        await export_of(tmp_path, second, third)
    about = ("--tenant", "default", "--sender", "ACME")
    *_, verdict, what_was_read = optout(tmp_path, "check", "+46700000002", *about)
    assert verdict == "  promotional of default from ACME: passes, it was asked for"
    assert "changelog__router--sms.router.in--default" in what_was_read
    *_, verdict, _ = optout(tmp_path, "check", "+46700000001", *about)
    assert verdict == "  promotional of default from ACME: refused, no_consent"
