"""The routes as a file: what can be written, and every fault in one sentence with its place."""

import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId, Msisdn
from services.router.prefixes import by_prefix
from services.router.routes import Changes, Hours, Known, Match, Query, Rule, Way
from services.router.routes_file import load_routes, read_routes
from tests.services.router.broken import BROKEN, ONE, Broken

FAST, SLOW = ConnectorId("fast"), ConnectorId("slow")
KNOWN = Known({FAST, SLOW}, profiles={"default", "plain"})
WHOLE = """\
version: 2025-03-01
rules:
  - name: sweden
    prefix: 46
    connectors: [fast, slow]
  - {name: premium, prefix: "4690", reject: premium_number}
  - {name: rest, prefix: "", connectors: [slow]}
"""


ALL = r"""
version: 7
currency: EUR
rules:
  - name: codes
    prefix: [46, 47]
    prefixes_file: mobiles.txt
    match:
      tenant: bank
      class: [otp, transactional]
      lane: priority
      sender: ["BANK*", INFO]
      campaign: spring-*
      text: '\bcode\b'
      hours: "22:00-6:30"
      days: [sat, sun]
      zone: Europe/Stockholm
      country: [SE, "NO"]
      network: [24001, 240-02]
    strategy: cheapest
    needs_network: true
    connectors:
      - {name: fast, price: "0.0125", weight: 3}
      - {name: slow, price: 0.01, prices: slow.csv}
    requires: [dlt_entity_id, dlt_template_id]
    set:
      sender: [ONE, "72000", "+46700000001"]
      sender_by: nearest
      profile: plain
      class: otp
      validity_s: 300
      on_ambiguous: ask
"""


ODD = (
    '"\\0"',
    '"\\ud800"',
    '"\\UFFFFFFFF"',
    "&a",
    "*a",
    "!!int ",
    "\x07",
    "{",
    "[",
    "- ",
    "\t",
    "? ",
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    routes = load_routes(written(tmp_path, WHOLE), KNOWN)
    assert routes.version == "2025-03-01"
    assert routes.rules == (
        Rule(name="sweden", prefixes=("46",), pool=(Way(FAST), Way(SLOW))),
        Rule(name="premium", prefixes=("4690",), reject="premium_number"),
        Rule(name="rest", prefixes=("",), pool=(Way(SLOW),)),
    )


def test_all_that_can_be_said_is_read(tmp_path: Path) -> None:
    (tmp_path / "mobiles.txt").write_text("4670 # Telia\n\n4673\n", encoding="utf-8")
    (tmp_path / "slow.csv").write_text("4670,0.009\n", encoding="utf-8")
    routes = load_routes(written(tmp_path, ALL), KNOWN)
    (rule,) = routes.rules
    assert routes.currency == "EUR"
    assert routes.files == (tmp_path / "mobiles.txt", tmp_path / "slow.csv")
    assert rule == Rule(
        name="codes",
        prefixes=("46", "47", "4670", "4673"),
        match=Match(
            tenants=frozenset({"bank"}),
            classes=frozenset({"otp", "transactional"}),
            lanes=frozenset({"priority"}),
            senders=("BANK*", "INFO"),
            campaigns=("spring-*",),
            text=r"\bcode\b",
            hours=Hours(
                begin=1320, end=390, days=frozenset({5, 6}), zone=ZoneInfo("Europe/Stockholm")
            ),
            countries=frozenset({"SE", "NO"}),
            networks=frozenset({"24001", "24002"}),
        ),
        strategy="cheapest",
        needs_network=True,
        pool=(
            Way(FAST, 3, Decimal("0.0125")),
            Way(SLOW, 1, Decimal("0.01"), by_prefix({4670: Decimal("0.009")})),
        ),
        requires=("dlt_entity_id", "dlt_template_id"),
        changes=Changes(
            senders=("ONE", "72000", "+46700000001"),
            sender_by="nearest",
            profile="plain",
            class_="otp",
            validity_s=300,
            on_ambiguous="ask",
        ),
    )


def test_a_file_of_prefixes_says_which_line_is_none(tmp_path: Path) -> None:
    (tmp_path / "mobiles.txt").write_text("4670\n+4673\n", encoding="utf-8")
    text = ONE + "- {name: a, prefixes_file: mobiles.txt, connectors: [fast]}"
    fault = "3:28: rule 'a': mobiles.txt, line 2: '+4673' is no prefix"
    assert faults_of(tmp_path, text) == [fault]


@pytest.mark.parametrize(
    ("recipient", "name"),
    [
        ("46701234567", "sweden"),
        ("46901234567", "premium"),
        ("4691", "sweden"),
        ("46", "sweden"),
        ("4", "rest"),
        ("15551234567", "rest"),
    ],
)
def test_the_longest_prefix_wins(tmp_path: Path, recipient: str, name: str) -> None:
    rule = load_routes(written(tmp_path, WHOLE), KNOWN).find(Query(Msisdn(recipient)))
    assert rule is not None
    assert rule.name == name


@pytest.mark.parametrize("row", BROKEN)
def test_each_fault_is_one_sentence_with_line_and_column(tmp_path: Path, row: Broken) -> None:
    assert faults_of(tmp_path, row.text) == [row.fault]


@given(st.data())
def test_whatever_is_written_is_routes_or_faults_with_line_and_column(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(ALL)))
    cut, put = data.draw(st.integers(0, 12)), data.draw(st.text(max_size=6) | st.sampled_from(ODD))
    text = ALL[:at] + put + ALL[at + cut :]
    faults: tuple[str, ...] = ()
    try:
        read_routes("r.yaml", text, lambda name: "46,1" if "csv" in name else "4670", KNOWN)
    except ConfigError as error:
        faults = error.faults
    for fault in faults:
        assert re.match(r"r\.yaml:[1-9]\d*:[1-9]\d*: .", fault), fault
        assert "\n" not in fault


def test_what_is_nested_too_deeply_is_a_fault(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path, "rules: " + "[" * 5000)
    assert re.fullmatch(r"1:\d+: is not YAML: it is nested too deeply", fault)


def test_a_price_list_says_which_lines_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "fast.csv").write_text("46,0.01\n47,free\n+48,0.01\n", encoding="utf-8")
    way = "- {name: a, prefix: 46, connectors: [{name: fast, prices: fast.csv}]}"
    assert faults_of(tmp_path, ONE + way) == [
        "3:59: rule 'a': a connector: prices: fast.csv:2: price 'free' must be a decimal number "
        "such as 0.0125",
        "3:59: rule 'a': a connector: prices: fast.csv:3: '+48' must be up to 15 digits in "
        "international form, without + or leading 0",
    ]


def test_a_rule_that_asks_for_networks_needs_somebody_who_knows_them(tmp_path: Path) -> None:
    asking = "- {name: a, prefix: 46, match: {network: 24001}, connectors: [fast]}\n"
    asking += "- {name: b, prefix: 46, needs_network: true, connectors: [fast]}\n"
    path = written(tmp_path, ONE + asking + "- {name: c, prefix: 47, connectors: [fast]}")
    assert len(load_routes(path, KNOWN).rules) == 3
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN._replace(networks=False))
    sentence = "asks for the network; name a file under `networks` in heliograph.yaml"
    assert list(caught.value.faults) == [
        f"{path}:3:42: rule 'a': match: {sentence}",
        f"{path}:4:40: rule 'b': {sentence}",
    ]


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    rules = "- {name: a, prefix: x, connectors: [none]}\n- {prefix: 46}\n- {prefix: y, reject: no}"
    assert [fault.split(":")[0] for fault in faults_of(tmp_path, ONE + rules)] == list("334455")


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_routes(tmp_path / "none.yaml", KNOWN)
    (tmp_path / "latin.yaml").write_bytes(b"version: \xe5")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_routes(tmp_path / "latin.yaml", KNOWN)
