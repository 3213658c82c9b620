"""What is told of each connector's receipts: sums, forms of ids, and one verdict."""

import re
from typing import Any

import pytest

from heliograph.receipts_told import HEAD, WANTED, lines, table
from pipeline.config import ProfileConfig
from pipeline.records import ConnectorReceipts

MINUTE_MS = 60_000


def row(**changed: Any) -> ConnectorReceipts:
    end_ms = changed.pop("end_ms", 10 * MINUTE_MS)
    fields = {
        "connector": "fast",
        "replica": "correlator-0",
        "begin_ms": end_ms - MINUTE_MS,
        "end_ms": end_ms,
        "receipts": 100,
        "joined": {"id": 100},
    }
    return ConnectorReceipts(**{**fields, **changed})


def test_windows_of_all_replicas_add_up_and_what_is_written_again_counts_once() -> None:
    rows = [
        row(),
        row(),
        row(replica="correlator-1", receipts=50, joined={"id": 40, "affix": 2}, orphans=8),
        row(end_ms=9 * MINUTE_MS),
        row(end_ms=5 * MINUTE_MS, receipts=10_000),
        row(connector="slow", end_ms=MINUTE_MS, receipts=7, joined={}),
        row(connector="slow", end_ms=2 * MINUTE_MS, receipts=8, joined={}),
    ]
    fast, slow = lines(rows, 8 * MINUTE_MS)
    assert (fast.connector, fast.receipts, fast.joined, fast.orphans) == ("fast", 250, 242, 8)
    assert (slow.connector, slow.receipts) == ("slow", 8)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "good"),
        ({"joined": {"id": 99}}, "too few to judge"),
        ({"joined": {"id": 3}, "orphans": 2}, "40.0% find no segment"),
        ({"receipts": 0, "orphans": 50}, "33.3% find no segment"),
        ({"orphans": 1}, "good"),
        ({"orphans": 2}, "2.0% find no segment"),
        ({"mismatches": 3}, "3 ids were written otherwise"),
        ({"collisions": 2}, "good; 2 ids were those of several"),
        ({"learnt": "same"}, "good"),
        ({"learnt": "hexadecimal_to_decimal"}, "good"),
        ({"learnt": "same", "id_in_response": "decimal", "id_in_receipt": "decimal"}, "good"),
        (
            {"learnt": "hexadecimal_to_decimal", "id_in_response": "decimal"},
            "write id_in_response: hexadecimal, id_in_receipt: decimal",
        ),
        (
            {"learnt": "same", "id_in_response": "hexadecimal", "id_in_receipt": "decimal"},
            "write id_in_response: any, id_in_receipt: any",
        ),
        ({"learnt": "affix se1-*"}, "ids have something before or behind"),
    ],
)
def test_the_verdict_says_what_to_do_first(changed: dict[str, Any], words: str) -> None:
    (line,) = lines([row(**changed)], 0)
    assert line.verdict.startswith(words)


def test_no_verdict_asks_for_what_a_profile_refuses() -> None:
    declared = {"id_in_response": "hexadecimal", "id_in_receipt": "decimal"}
    for learnt, wanted in WANTED.items():
        if tuple(declared.values()) not in wanted:
            (line,) = lines([row(**declared, learnt=learnt)], 0, by_id={"fast"})
            found = re.search(r"id_in_response: (\w+), id_in_receipt: (\w+)", line.verdict)
            assert found
            pair = {"id_in_response": found[1], "id_in_receipt": found[2]}
            ProfileConfig.model_validate({"correlate_by": "id", **pair})
    (line,) = lines([row()], 0, by_id={"fast"})  # of before it was by id
    assert line.verdict == "good"
    (line,) = lines([row(learnt="same", **declared)], 0)
    assert line.verdict.startswith("write id_in_response: any, id_in_receipt: any")


def test_the_table_has_a_column_for_each_thing() -> None:
    slow = row(connector="slow", id_in_response="hexadecimal", id_in_receipt="decimal")
    head, fast, other = table(lines([row(learnt="zeros"), slow], 0))
    starts = [head.index(name) for name in HEAD]
    cells = [
        [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
        for line in (fast, other)
    ]
    assert cells == [
        ["fast", "100", "100", "0", "any", "zeros", "good"],
        ["slow", "100", "100", "0", "hexadecimal -> decimal", "not known yet", "good"],
    ]
