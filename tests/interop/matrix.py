"""The table at the end of a run: what was tried with which peer, and why what was not."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MARKS = {
    "passed": "yes",
    "xpassed": "yes",
    "failed": "FAILED",
    "error": "FAILED",
    "skipped": "-",
    "xfailed": "no",
}
NODE = re.compile(r"interop/test_(\w+)\.py::test_(\w+)(?:\[(.*)\])?$")
WITH_PEERS = (
    "our_esme",
    "our_smsc",
    "sandbox",
)  # other files are named by the one peer they are with
CELL = 13


@dataclass(frozen=True)
class Cell:
    """Where a test stands in the table: the test's words and its row make the line."""

    table: str
    line: str
    peer: str

    @classmethod
    def of(cls, node_id: str) -> "Cell | None":
        """The place of a test, None for one that is no test of this folder."""
        found = NODE.search(node_id)
        if found is None:
            return None
        table, name, row = found.groups(default="")
        peer, _, row = row.partition("-") if table in WITH_PEERS else (table.split("_")[0], "", row)
        return cls(_words(table), f"{_words(name)} {row}".rstrip(), peer)


def lines(stats: Mapping[str, Sequence[Any]]) -> list[str]:
    """The lines to print, none when no such test ran; `stats` is pytest's reports by kind."""
    reports = [
        (report, mark, cell)
        for kind, mark in MARKS.items()
        for report in stats.get(kind, ())
        if (cell := Cell.of(getattr(report, "nodeid", "")))
    ]
    reports.sort(key=lambda row: row[0].start)
    marks = {cell: mark for _, mark, cell in reports}
    tables = dict.fromkeys(cell.table for cell in marks)
    why = [
        f"{cell.peer}, {cell.line}: {_reason(report)}"
        for report, mark, cell in reports
        if mark in (MARKS["skipped"], MARKS["xfailed"])
    ]
    return [line for table in tables for line in _table(table, marks)] + (why and ["", *why])


def _table(table: str, marks: Mapping[Cell, str]) -> list[str]:
    cells = {(cell.line, cell.peer): mark for cell, mark in marks.items() if cell.table == table}
    peers = dict.fromkeys(peer for _, peer in cells)
    names = dict.fromkeys(line for line, _ in cells)
    width = max(map(len, names)) + 1
    head = f"{table:{width}}" + "".join(f"{peer:>{CELL}}" for peer in peers)
    rows = [
        f"{name:{width}}" + "".join(f"{cells.get((name, peer), ''):>{CELL}}" for peer in peers)
        for name in names
    ]
    return ["", head, *rows]


def _reason(report: Any) -> str:
    is_skip = isinstance(report.longrepr, tuple)
    return str(report.longrepr[2].removeprefix("Skipped: ") if is_skip else report.wasxfail)


def _words(name: str) -> str:
    return name.replace("_", " ")
