"""Routes: the longest prefix wins, and a broken file is told of whole."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId, Msisdn
from services.router.routes import Routes, Rule, load_routes

KNOWN = {ConnectorId("fast"), ConnectorId("slow")}
WHOLE = """\
version: 2025-03-01
rules:
  - name: sweden
    prefix: 46
    connectors: [fast, slow]
  - {name: premium, prefix: "4690", reject: premium_number}
  - {name: rest, prefix: "", connectors: [slow]}
"""

PREFIXES = st.lists(st.text("12", max_size=5), unique=True)
RECIPIENTS = st.text("12", min_size=1, max_size=7)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "routes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_routes(path, KNOWN)
    return [fault.removeprefix(str(path)).lstrip(": ") for fault in caught.value.faults]


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    routes = load_routes(written(tmp_path, WHOLE), KNOWN)
    assert routes.version == "2025-03-01"
    assert routes.rules == (
        Rule(name="sweden", prefix="46", connectors=(ConnectorId("fast"), ConnectorId("slow"))),
        Rule(name="premium", prefix="4690", reject="premium_number"),
        Rule(name="rest", prefix="", connectors=(ConnectorId("slow"),)),
    )


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
    rule = load_routes(written(tmp_path, WHOLE), KNOWN).find(Msisdn(recipient))
    assert rule is not None
    assert rule.name == name


def test_without_a_rule_for_the_rest_some_recipients_have_none() -> None:
    routes = Routes("1", [Rule(name="sweden", prefix="46", connectors=(ConnectorId("fast"),))])
    assert routes.find(Msisdn("4712345678")) is None
    assert Routes("1", []).find(Msisdn("4712345678")) is None


@given(PREFIXES, RECIPIENTS)
def test_the_look_up_equals_trying_every_rule(prefixes: list[str], recipient: str) -> None:
    rules = [Rule(name=prefix, prefix=prefix) for prefix in prefixes]
    fitting = [rule for rule in rules if recipient.startswith(rule.prefix)]
    best = max(fitting, key=lambda rule: len(rule.prefix), default=None)
    assert Routes("1", rules).find(Msisdn(recipient)) == best


ONE = "version: 1\nrules:\n"


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
        (ONE + "- x", "3: rule 1: must be a mapping with name, prefix and connectors"),
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
    ],
)
def test_each_fault_is_one_sentence_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert faults_of(tmp_path, text) == [fault]


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    rules = "- {name: a, prefix: x, connectors: [none]}\n- {prefix: 46}\n- {prefix: y, reject: no}"
    assert [fault.split(":")[0] for fault in faults_of(tmp_path, ONE + rules)] == list("334455")


@pytest.mark.parametrize("text", ["rules: [", "a: b: c", "\t", "version: 1\n--- \nversion: 2"])
def test_what_is_not_yaml_is_one_fault_with_its_line(tmp_path: Path, text: str) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert fault.startswith("is not YAML: ")
    assert "line" in fault
    assert "\n" not in fault


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_routes(tmp_path / "none.yaml", KNOWN)
    (tmp_path / "latin.yaml").write_bytes(b"version: \xe5")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_routes(tmp_path / "latin.yaml", KNOWN)
