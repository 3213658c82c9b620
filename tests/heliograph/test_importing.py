"""A file of another gateway's segments becomes outcomes, or one sentence says what is wrong."""

import pytest

from heliograph.importing import LIFE_MS, rows_of
from pipeline.errors import HeliographError
from tests.services.correlator.builders import CONFIG, Handset, dlrs, receipt

HEADER = "connector,smsc_message_id,recipient,sender,message_id,submitted"
ROW = "fast,1a2b3c4d,+46701234567,ACME,old-1,2026-09-21T16:00:00+02:00"
SUBMITTED_MS = 1_789_999_200_000


def test_a_row_is_an_acceptance_whose_receipt_is_joined() -> None:
    (row,) = rows_of(CONFIG, [HEADER, ROW], "f.csv")
    assert (row.recipient, row.submitted_ms) == ("46701234567", SUBMITTED_MS)
    assert row.deadline_ms == SUBMITTED_MS + LIFE_MS
    assert (row.outcome, row.replica, row.submit_offset) == ("accepted", "import", -1)
    handset = Handset()
    handset.tell(row)
    (dlr,) = dlrs(handset.tell(receipt()))
    assert dlr.message_id == "old-1"


def test_parts_tenant_and_deadline_may_be_said() -> None:
    more = ",2,3,default,2026-09-21T17:00:00+02:00"
    lines = [f"{HEADER},segment,segments,tenant,deadline", ROW + more]
    (row,) = rows_of(CONFIG, lines, "f.csv")
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
        list(rows_of(CONFIG, lines, "f.csv"))
    assert words in str(error.value)
