"""A file of another gateway's segments becomes outcomes, or one sentence says what is wrong."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from heliograph.importing import LIFE_MS, bring_in, rows_of
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.records import MtSubmitted
from tests.services.correlator.builders import CONFIG, Handset, dlrs, receipt

HEADER = "connector,smsc_message_id,recipient,sender,message_id,submitted"
ROW = "fast,1a2b3c4d,+46701234567,ACME,old-1,2026-09-21T16:00:00+02:00"
SUBMITTED_MS = 1_789_999_200_000
NOW_MS = SUBMITTED_MS + 5 * 86_400_000


def test_a_row_is_an_acceptance_whose_receipt_is_joined() -> None:
    (row,) = rows_of(CONFIG, [HEADER, ROW], "f.csv", NOW_MS)
    assert (row.recipient, row.submitted_ms) == ("46701234567", SUBMITTED_MS)
    assert row.deadline_ms == NOW_MS + LIFE_MS
    assert not row.test
    assert (row.outcome, row.replica, row.submit_offset) == ("accepted", "import", -1)
    handset = Handset()
    handset.tell(row)
    (dlr,) = dlrs(handset.tell(receipt()))
    assert dlr.message_id == "old-1"


def test_parts_tenant_and_deadline_may_be_said() -> None:
    more = ",2,3,default,2026-09-21T17:00:00+02:00"
    lines = [f"{HEADER},segment,segments,tenant,deadline", ROW + more]
    (row,) = rows_of(CONFIG, lines, "f.csv", NOW_MS)
    assert (row.segment, row.segments, row.tenant) == (2, 3, "default")
    assert row.deadline_ms == SUBMITTED_MS + 3_600_000


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "f.csv: the header lacks connector, smsc_message_id"),
        ([HEADER.replace(",sender", "")], "f.csv: the header lacks sender"),
        ([f"{HEADER},colour"], "f.csv: the header has colour, which nobody reads"),
        ([HEADER, ROW, "fast,1"], "f.csv line 3: it has not as many fields as the header"),
        ([HEADER, f"{ROW},more"], "f.csv line 2: it has not as many fields as the header"),
        ([HEADER, ROW.replace("fast", "gone")], "there is no connector 'gone'"),
        ([HEADER, ROW.replace("1a2b3c4d", "")], "line 2: smsc_message_id is empty"),
        ([HEADER, ROW.replace("+46701234567", "hello")], "line 2: 'hello' is no recipient"),
        ([HEADER, ROW.replace("+02:00", "")], "line 2: submitted is '2026-09-21T16:00:00'"),
        ([HEADER, ROW.replace("2026", "x")], "write it like 2026-09-22T14:00:00+02:00"),
        ([f"{HEADER},segment,segments", f"{ROW},3,2"], "segment is '3'; it must be 1 to 2"),
        ([f"{HEADER},segments", f"{ROW},many"], "segments is 'many'; it must be 1 to 255"),
        ([f"{HEADER},tenant", f"{ROW},nobody"], "line 2: there is no tenant 'nobody'"),
    ],
)
def test_what_is_wrong_is_one_sentence(lines: list[str], words: str) -> None:
    with pytest.raises(HeliographError) as error:
        list(rows_of(CONFIG, lines, "f.csv", NOW_MS))
    assert words in str(error.value)


def test_a_segment_that_is_days_old_is_waited_for_from_now_on() -> None:
    (row,) = rows_of(CONFIG, [HEADER, ROW], "f.csv", NOW_MS)
    handset = Handset()
    handset.state.now_ms = NOW_MS
    handset.tell(row)
    assert [timer.due_ms >= NOW_MS + LIFE_MS for timer in handset.timers] == [True]
    (dlr,) = dlrs(handset.tell(receipt(received_ms=NOW_MS + LIFE_MS), after_ms=LIFE_MS))
    assert dlr.message_id == "old-1"


@pytest.mark.parametrize(
    ("connector", "tenant", "is_test"),
    [("fast", "default", False), ("test", "default", True), ("fast", "trial", True)],
)
def test_what_a_sandbox_took_and_what_a_test_tenant_sent_are_tests(
    connector: str, tenant: str, is_test: bool
) -> None:
    lines = [f"{HEADER},tenant", f"{ROW.replace('fast', connector)},{tenant}"]
    (row,) = rows_of(CONFIG, lines, "f.csv", NOW_MS)
    assert row.test == is_test


def test_a_file_is_read_as_spreadsheets_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list[MtSubmitted]()

    def tell(config: Config, topic: str, told: Iterable[tuple[str, MtSubmitted]]) -> None:
        rows.extend(row for _, row in told)

    monkeypatch.setattr("heliograph.importing.tell", tell)
    file = tmp_path / "old.csv"
    lines = [text.replace(",", " , ") for text in (HEADER, ROW)]
    file.write_bytes("\r\n".join([f"\ufeff{lines[0]}", lines[1], ""]).encode())
    assert bring_in(CONFIG, file) == 1
    [plain] = rows_of(CONFIG, [HEADER, ROW], "f.csv", NOW_MS)
    assert rows == [msgspec.structs.replace(plain, deadline_ms=rows[0].deadline_ms)]
    file.write_bytes(b"\xff")
    with pytest.raises(HeliographError, match="can't be read"):
        bring_in(CONFIG, file)
