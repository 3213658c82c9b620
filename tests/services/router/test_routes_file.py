"""The routes as a file: what can be written, and every fault in one sentence with its place."""

import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId, Msisdn
from services.router.prefixes import by_prefix
from services.router.routes import Changes, Hours, Match, Query, Rule, Way
from services.router.routes_file import CLASSES, MATCH, load_routes

FAST, SLOW = ConnectorId("fast"), ConnectorId("slow")
KNOWN = {FAST, SLOW}
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
    set: {sender: [ONE, "72000"], class: otp, validity_s: 300, on_ambiguous: ask}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN)
    told = [fault.removeprefix(str(path)).lstrip(": ") for fault in caught.value.faults]
    return [re.sub(r"^(\d+):\d+: ", r"\1: ", fault) for fault in told]


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
        changes=Changes(senders=("ONE", "72000"), class_="otp", validity_s=300, on_ambiguous="ask"),
    )


def test_a_file_of_prefixes_says_which_line_is_none(tmp_path: Path) -> None:
    (tmp_path / "mobiles.txt").write_text("4670\n+4673\n", encoding="utf-8")
    text = ONE + "- {name: a, prefixes_file: mobiles.txt, connectors: [fast]}"
    fault = "3: rule 'a': mobiles.txt, line 2: '+4673' is no prefix"
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


ONE = "version: 1\nrules:\n"
GOOD = "- {{name: a, prefix: 46, connectors: [{}}}"
SETTINGS = [
    ("match: otp", "match: must be a mapping of " + ", ".join(MATCH)),
    ("match: {clas: otp}", "match: there is no setting 'clas'; look for a misspelling"),
    ("match: {class: opt}", f"match: class 'opt' is none of {', '.join(CLASSES)}"),
    ("match: {class: []}", "match: class must be a list with at least one item"),
    ("match: {lane: fast}", "match: lane 'fast' is none of priority, normal, bulk"),
    ("match: {tenant: [[x]]}", "match: tenant must be a text"),
    (
        "match: {text: '('}",
        "match: text is no regular expression: missing ), unterminated subpattern at position 0",
    ),
    ("match: {zone: UTC}", "match: zone is of no use without hours or days"),
    ("match: {days: mon}", "match: hours and days need a zone, such as Europe/Stockholm"),
    ("match: {days: mon, zone: Mars/Base}", "match: there is no time zone 'Mars/Base'"),
    ("match: {days: mon, zone: ../x}", "match: there is no time zone '../x'"),
    (
        "match: {days: monday, zone: UTC}",
        "match: days 'monday' is none of mon, tue, wed, thu, fri, sat, sun",
    ),
    ("match: {hours: 8-20, zone: UTC}", 'match: hours must look like "08:00-20:30"'),
    (
        "match: {hours: '08:00-24:01', zone: UTC}",
        "match: hours '08:00-24:01' are no part of a day",
    ),
    (
        "match: {hours: '08:00-08:00', zone: UTC}",
        "match: hours '08:00-08:00' are no part of a day",
    ),
    ("match: {country: [SE, Sweden]}", "match: country must be such as SE and not 'Sweden'"),
    ("match: {country: se}", "match: country must be such as SE and not 'se'"),
    ("match: {country: []}", "match: country must be a list with at least one item"),
    (
        "match: {network: [24001, Telia]}",
        "match: network must be such as 24001 or 240-01 and not 'Telia'",
    ),
    ("needs_network: maybe", "needs_network must be one of true, false"),
    ("explore_share: 0.1", "explore_share is of no use without strategy: quality"),
    *(
        (
            f"strategy: quality, explore_share: {share}",
            f"explore_share must be a number from 0 to 1 and not '{share}'",
        )
        for share in ("-0.1", "1.1", "much", "nan")
    ),
    ("strategy: best", "strategy must be one of priority, weighted, sticky, cheapest, quality"),
    ("strategy: cheapest", "cheapest needs a price of each connector"),
    ("prefixes_file: none.txt", "none.txt can't be read: No such file or directory"),
    ("requires: []", "requires must be a list with at least one item"),
    ("requires: [[x]]", "requires must be a text"),
    ("requires: [a, b, a]", "requires 'a' stands twice; keep one"),
    ("set: {class: spam}", f"set: class must be one of {', '.join(CLASSES)}"),
    ("set: {validity_s: 0}", "set: validity_s must be seconds, 1 to 604800, and not '0'"),
    ("set: {validity_s: [1]}", "set: validity_s must be seconds, 1 to 604800,"),
    ("set: {on_ambiguous: no}", "set: on_ambiguous must be one of resend, give_up, ask"),
    ("set: {sender: [ACME, '']}", "set: sender must be a text"),
    (
        "set: {sender: TOO LONG A NAME}",
        "set: 'TOO LONG A NAME' is no sender; write 3 to 15 digits, or up to 11 ASCII characters "
        "that are not all digits",
    ),
]
WAYS = [
    ("{weight: 1}", "a connector: name must be a text"),
    *(
        (
            f"{{name: fast, weight: {weight}}}",
            f"a connector: weight must be a whole number, 0 to 10000, and not '{weight}'",
        )
        for weight in ("-1", "much", "1.5", "10001")
    ),
    *(
        (
            f"{{name: fast, price: {price}}}",
            f"a connector: price must be a decimal number and not '{price}'",
        )
        for price in ("cheap", "-1", "NaN", "1e")
    ),
    ("{name: fast, prices: [a]}", "a connector: prices must be the name of a file"),
    (
        "{name: fast, prices: none.csv}",
        "a connector: prices: none.csv can't be read: No such file or directory",
    ),
    ("{name: fast, cost: 1}", "a connector: there is no setting 'cost'; look for a misspelling"),
]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must be a mapping with version and rules"),
        ("[]", "must be a mapping with version and rules"),
        ("version: 1", "1: rules must be a list with at least one rule"),
        ("version: 1\nrules: []", "2: rules must be a list with at least one rule"),
        ("version: 1\nrules: {}", "2: rules must be a list with at least one rule"),
        ('rules: [{name: a, prefix: "", reject: no}]', "1: the file: version must be a text"),
        (
            'version: 1\nrule: 2\nrules: [{name: a, prefix: "", reject: no}]',
            "2: the file: there is no setting 'rule'; look for a misspelling",
        ),
        (
            'version: 1\nversion: 2\nrules: [{name: a, prefix: "", reject: no}]',
            "2: the file: version is written twice; keep one",
        ),
        (
            ONE + "- x",
            "3: rule 1: must be a mapping of name, prefix, prefixes_file, match, connectors, "
            "strategy, explore_share, return_after_s, needs_network, retry_on, receipt_within_s, "
            "then, retry_after_s, retries, reject, requires, set",
        ),
        (ONE + "- {prefix: 46, connectors: [fast]}", "3: rule 1: name must be a text"),
        (ONE + "- {name: [], prefix: 46, connectors: [fast]}", "3: rule 1: name must be a text"),
        (ONE + "- {name: ~, prefix: 46, reject: no}", "3: rule 1: name must be a text"),
        (
            ONE + f"- {{name: {'x' * 65}, prefix: 46, reject: no}}",
            f"3: rule '{'x' * 65}': name is longer than 64 characters",
        ),
        (
            ONE + "- {name: a, connectors: [fast]}",
            "3: rule 'a': prefix is missing; write \"\" for all the rest",
        ),
        (
            ONE + "- {name: a, prefix:, connectors: [fast]}",
            "3: rule 'a': prefix is missing; write \"\" for all the rest",
        ),
        *(
            (
                ONE + f"- name: a\n  prefix: '{prefix}'\n  reject: no",
                f"4: rule 'a': prefix {prefix!r} must be digits in international form, "
                "without + or leading 0",
            )
            for prefix in ("+46", "046", "46x", "4 6", "1" * 16, "٤٦")
        ),
        (ONE + "- {name: a, prefix: 46}", "3: rule 'a': give either connectors or reject"),
        (
            ONE + "- {name: a, prefix: 46, connectors: [fast], reject: no}",
            "3: rule 'a': give either connectors or reject",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: no,\n   requires: [dlt_entity_id]}",
            "4: rule 'a': requires is of no use where all is rejected",
        ),
        (
            ONE + "- {name: a, prefix: 46, connectors: []}",
            "3: rule 'a': connectors must be a list with at least one name",
        ),
        (
            ONE + "- {name: a, prefix: 46, connectors: fast}",
            "3: rule 'a': connectors must be a list with at least one name",
        ),
        (
            ONE + "- name: a\n  prefix: 46\n  connectors:\n  - fast\n  - fats",
            "7: rule 'a': there is no connector 'fats'",
        ),
        (
            ONE + "- {name: a, prefix: 46, connectors: [[fast]]}",
            "3: rule 'a': a connector must be a text",
        ),
        (
            ONE + "- {name: a, prefix: 46, connectors: [fast, fast]}",
            "3: rule 'a': connector 'fast' stands twice; keep one",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: Not Machine-readable}",
            "3: rule 'a': reject must be a reason such as premium_number",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: null}",
            "3: rule 'a': reject must be a reason such as premium_number",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: []}",
            "3: rule 'a': reject must be a reason such as premium_number",
        ),
        (
            ONE + "- {name: a, prefix: 46, conectors: [fast], reject: no}",
            "3: rule 'a': there is no setting 'conectors'; look for a misspelling",
        ),
        (
            ONE + "- {name: a, prefix: 46, [x]: y, reject: no}",
            "3: rule 'a': there is no setting '?'; look for a misspelling",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: no}\n- {name: a, prefix: 47, reject: no}",
            "4: rule 'a': name 'a' is that of line 3 already",
        ),
        (
            ONE + "- {name: a, prefix: 46, reject: no}\n- {name: b, prefix: '46', reject: no}",
            "4: rule 'b': prefix '46' is that of line 3 already",
        ),
        *(
            (
                ONE + f"- {{name: a, prefix: 46, connectors: [fast], {setting}}}",
                f"3: rule 'a': {fault}",
            )
            for setting, fault in SETTINGS
        ),
        *((ONE + GOOD.format(f"{way}]"), f"3: rule 'a': {fault}") for way, fault in WAYS),
        (
            ONE
            + "- {name: a, prefix: 46, strategy: sticky, connectors: [{name: fast, weight: 0}]}",
            "3: rule 'a': sticky needs a weight above 0",
        ),
        (
            "version: 1\ncurrency: euro\nrules: [{name: a, prefix: '', reject: no}]",
            "2: currency must be a code such as EUR and not 'euro'",
        ),
    ],
)
def test_each_fault_is_one_sentence_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert faults_of(tmp_path, text) == [fault]


def test_a_price_list_says_which_lines_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "fast.csv").write_text("46,0.01\n47,free\n+48,0.01\n", encoding="utf-8")
    way = "- {name: a, prefix: 46, connectors: [{name: fast, prices: fast.csv}]}"
    assert faults_of(tmp_path, ONE + way) == [
        "3: rule 'a': a connector: prices: fast.csv:2: price 'free' must be a decimal number such "
        "as 0.0125",
        "3: rule 'a': a connector: prices: fast.csv:3: '+48' must be up to 15 digits in "
        "international form, without + or leading 0",
    ]


def test_a_rule_that_asks_for_networks_needs_somebody_who_knows_them(tmp_path: Path) -> None:
    asking = "- {name: a, prefix: 46, match: {network: 24001}, connectors: [fast]}\n"
    asking += "- {name: b, prefix: 46, needs_network: true, connectors: [fast]}\n"
    path = written(tmp_path, ONE + asking + "- {name: c, prefix: 47, connectors: [fast]}")
    assert len(load_routes(path, KNOWN).rules) == 3
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN, knows_networks=False)
    sentence = "asks for the network; name a file under `networks` in heliograph.yaml"
    assert list(caught.value.faults) == [f"{path}: rule {name!r}: {sentence}" for name in "ab"]


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    rules = "- {name: a, prefix: x, connectors: [none]}\n- {prefix: 46}\n- {prefix: y, reject: no}"
    assert [fault.split(":")[0] for fault in faults_of(tmp_path, ONE + rules)] == list("334455")


def test_a_fault_says_where_in_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, ONE + "- {name: a, prefix: 46, connectors: [fast, fats]}")
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN)
    assert list(caught.value.faults) == [f"{path}:3:44: rule 'a': there is no connector 'fats'"]


@pytest.mark.parametrize("text", ["rules: [", "a: b: c", "\t", "version: 1\n--- \nversion: 2"])
def test_what_is_not_yaml_is_one_fault_with_its_line(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert re.match(r"\d: is not YAML: ", fault)
    assert "\n" not in fault


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_routes(tmp_path / "none.yaml", KNOWN)
    (tmp_path / "latin.yaml").write_bytes(b"version: \xe5")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_routes(tmp_path / "latin.yaml", KNOWN)
