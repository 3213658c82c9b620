"""The table of rules, the report, and the page that explains them."""

import re
from pathlib import Path

import pytest

from services.sandbox.examination import conformance
from services.sandbox.examination.conformance import RULES, SEVERITIES, Tally, report
from smpp import pdu
from smpp.wire import encode

PAGE = Path(conformance.__file__).with_name("README.md")
ROW = re.compile(r"^\| (must|should|note) \| `(\w+)` \| ([0-9. ]+) \| (.+) \|$", re.MULTILINE)


def test_the_page_has_the_table_of_the_code() -> None:
    told = [(row[1], row[2], row[3], row[4]) for row in ROW.finditer(PAGE.read_text("utf-8"))]
    assert told == [
        (rule.severity, name, rule.section, rule.sentence) for name, rule in RULES.items()
    ]


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_a_severity_and_a_section(name: str) -> None:
    assert RULES[name].severity in SEVERITIES
    assert re.fullmatch(r"(5\.0 )?[0-9]+(\.[0-9]+)*", RULES[name].section)


def test_a_report_tells_what_was_wrong_what_was_right_and_what_was_not_seen() -> None:
    tally = Tally()
    bind = encode(pdu.BindReceiver(sequence_number=3, system_id="us", password="secret"))
    tally.judge("ton", True, 1.0, b"")
    tally.judge("ton", True, 1.0, b"")
    tally.judge("bind_once", False, 3601.5, bind)
    tally.judge("bind_once", False, 3602.5, "another")
    tally.judge("plus_sign", False, 1.0, "words")
    told = report(tally, ["MO: nobody bound"]).splitlines()
    assert told[:2] == [
        "Findings",
        "  must   bind_once: A session that is bound, or about to be, is not bound again"
        ' (SMPP 3.4 2.2); broken 2 of 2; first 01:00:01.500 bind_receiver 3, system_id "us"',
    ]
    assert told[2].startswith("  should plus_sign: ")
    assert told[3:5] == ["Seen and right", f"  ton: {RULES['ton'].sentence}, 2 times"]
    assert told[-2:] == [
        "  step skipped: MO: nobody bound",
        "1 broken of what an ESME must keep to",
    ]
    assert "secret" not in "\n".join(told)
