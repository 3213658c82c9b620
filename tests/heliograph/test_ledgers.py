"""Whose a ledger is, what its accounts may do, and how it is read."""

import asyncio
import json
from pathlib import Path

import pytest

from heliograph.ledgers import Ledger, contracts, ledgers
from heliograph.tallies import Contract, Evidence
from pipeline.config import Config, load
from pipeline.errors import HeliographError
from services.sandbox.http import serving
from tests.services.sandbox.loopback import bound, sandbox

CONFIG = """
dev: true
connectors:
  slow: {hosts: 'smsc:2775', system_id: us, password: secret, rate_per_s: 100, binds: 2}
  bulk: {hosts: 'smsc:2775', system_id: us, password: secret, rate_per_s: 50, binds: 1}
  fast: {hosts: 'smsc:2776', system_id: us, password: secret, rate_per_s: 900, binds: 4}
services:
  sandbox:
    tight: {port: 2775, accounts: {us: secret}, ledger_file: tight.jsonl}
    wide: {port: 2776, http_port: 8776, accounts: {us: secret}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "heliograph.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("fast=http://h:1/", [Ledger("fast", "http://h:1", ("fast",))]),
        ("fast=a.jsonl", [Ledger("fast", "a.jsonl", ("fast",))]),
        ("http://h:8776", [Ledger("wide", "http://h:8776", ("fast",))]),
        ("http://h:8775/", [Ledger("tight", "http://h:8775", ("slow", "bulk"))]),
        ("tight.jsonl", [Ledger("tight", "tight.jsonl", ("slow", "bulk"))]),
        ("http://h:1", [Ledger("all", "http://h:1", ("slow", "bulk", "fast"))]),
        ("other=a.jsonl", [Ledger("all", "other=a.jsonl", ("slow", "bulk", "fast"))]),
        (
            "http://h:8775 fast=http://h:1",
            [
                Ledger("tight", "http://h:8775", ("slow", "bulk")),
                Ledger("fast", "http://h:1", ("fast",)),
            ],
        ),
    ],
)
def test_a_ledger_belongs_to_connectors(
    config: Config, written: str, expected: list[Ledger]
) -> None:
    assert ledgers(written.split(), config) == expected


def test_one_of_several_whose_connector_cannot_be_told_is_one_sentence(config: Config) -> None:
    with pytest.raises(HeliographError, match=r"whose ledger is it.*one of slow, bulk, fast"):
        ledgers(["fast=http://h:1", "http://h:2"], config)


def test_an_account_may_do_what_all_its_connectors_may_together(config: Config) -> None:
    assert contracts(ledgers(["http://h:8775", "fast=http://h:1"], config), config) == {
        ("tight", "us"): Contract(150, 3),
        ("fast", "us"): Contract(900, 4),
    }


def test_a_file_is_read_with_its_statistics_last(tmp_path: Path) -> None:
    rows = [{"journal": "mo", "n": 1}, {"journal": "statistics", "faults": []}]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert list(Ledger("fast", str(path), ()).entries()) == rows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("", "does not end with the line"),
        ('{"journal": "mo"}\n', "does not end with the line"),
        ('{"journal": "statistics"}\n{"jou', "Unterminated"),
        ("[1]\n", "no entry of a ledger"),
    ],
)
def test_a_file_that_is_no_whole_ledger_is_one_sentence(
    tmp_path: Path, text: str | None, words: str
) -> None:
    path = tmp_path / "a.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(HeliographError, match=words):
        list(Ledger("fast", str(path), ()).entries())


def test_a_sandbox_that_does_not_answer_is_one_sentence() -> None:
    with pytest.raises(HeliographError, match=r"http://127.0.0.1:1 can't be read"):
        list(Ledger("fast", "http://127.0.0.1:1", ()).entries())


async def test_a_running_sandbox_tells_every_journal_and_its_statistics() -> None:
    async with (
        sandbox() as own,
        serving(own, "127.0.0.1", 0) as port,
        bound(own) as handset,
    ):
        await handset.submit()
        await handset.receive(1)
        await handset.submit(2, registered_delivery=0)
        ledger = Ledger("fast", f"http://127.0.0.1:{port}", ())
        found = await asyncio.to_thread(lambda: list(ledger.entries()))
        assert [row["journal"] for row in found] == [
            "segments",
            "segments",
            "receipts",
            "binds",
            "statistics",
        ]
        evidence = Evidence({"fast": "fast"})
        for row in found:
            evidence.note_entry("fast", row)
        assert evidence.segments.keys() == {"m1|1", "m2|1"}
        assert evidence.binds_peak["fast", "one"] == 1
        assert evidence.incomplete == []
