"""The table of magic numbers is the scenario `test`, word by word."""

import re
from pathlib import Path

from services.sandbox import scenario
from services.sandbox.admission import ROWS, UNKNOWN
from services.sandbox.answers import StatusRow
from services.sandbox.dialects import DIALECTS
from services.sandbox.reports import Outcome

PAGE = Path(scenario.__file__).with_name("README.md").read_text(encoding="utf-8")
TIMES = {None: "always", 2: "twice, then delivered"}


def in_words(row: StatusRow | Outcome) -> str:
    if isinstance(row, StatusRow):
        return f"{row.status.name} {TIMES[row.times]}"
    words = row.state.name.lower()
    if row.error != "000":
        words += f", error {row.error}"
    if row.receipt != "usual":
        words += ", but no receipt" if row.receipt == "never" else f", receipt {row.receipt}"
    if row.reply is not None:
        words += f", and the subscriber answers {row.reply.text}"
    return words


def test_the_page_has_every_magic_number_and_no_other() -> None:
    own = scenario.find("test")
    rows = (*own.responses.statuses, *own.outcomes)
    assert {row.prefix for row in rows} == {"999"}
    section = PAGE.split("## Magic numbers")[1].split("## ")[0]
    written = dict(re.findall(r"^\| (\d\d) \| (.+) \|$", section, re.MULTILINE))
    assert written == {"01": "delivered"} | {row.suffix: in_words(row) for row in rows}


def test_the_page_names_every_dialect() -> None:
    (line,) = [line for line in PAGE.splitlines() if "`receipts.dialect`" in line]
    assert all(name in line for name in DIALECTS)


def test_the_page_has_every_reason_to_refuse_a_bind_in_order() -> None:
    section = PAGE.split("## Accounts")[1].split("## ")[0]
    written = re.findall(r"\| (ESME_\w+) \|$", section, re.MULTILINE)
    assert written == [UNKNOWN.name, *[row.status.name for row in ROWS]]
