"""The alert rules: what fires them and what does not, their pages, and the metrics they ask for."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.interop.installation import NotInstalledError, system_program
from tests.monitoring.rendered import names_rendered

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "infra/prometheus"
RUNBOOKS = ROOT / "docs/runbooks"
GROUPS = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
CASES = yaml.safe_load((PROMETHEUS / "tests.yml").read_text(encoding="utf-8"))["tests"]
OWN = re.compile(r"\b(?:sms|messaging_client)_[a-z0-9_]+")
CHAPTERS = ("## What it means", "## Look", "## Do", "## Who")


@pytest.fixture(scope="session")
def promtool() -> str:
    try:
        return system_program("promtool", "prometheus")
    except NotInstalledError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "command",
    [("check", "rules", "rules.yml"), ("test", "rules", "tests.yml")],
    ids=" ".join,
)
def test_promtool_has_nothing_to_say(command: tuple[str, ...], promtool: str) -> None:
    done = subprocess.run(
        [promtool, *command], cwd=PROMETHEUS, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires: Counter[tuple[str, bool]] = Counter()
    for case in CASES:
        for checked in case["alert_rule_test"]:
            fires[checked["alertname"], bool(checked["exp_alerts"])] += 1
    names = {rule["alert"] for rule in ALERTS}
    assert {name for name, _ in fires} == names
    assert [name for name in names if not (fires[name, True] and fires[name, False])] == []


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    told = {rule["annotations"]["runbook"] for rule in ALERTS}
    assert told == {f"docs/runbooks/{path.name}" for path in RUNBOOKS.glob("*.md")}
    assert all(rule["annotations"]["runbook"].endswith(f"/{rule['alert']}.md") for rule in ALERTS)
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket"}


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_a_page_says_what_it_means_where_to_look_what_to_do_and_who(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    places = [text.index(chapter) for chapter in CHAPTERS]
    assert places == sorted(places)
    (exercised,) = re.findall(r"Exercised by `(tests/[^`]+)`", text)
    assert (ROOT / exercised).exists()


def test_every_metric_the_rules_ask_for_is_served() -> None:
    asked = {name for rule in RULES for name in OWN.findall(rule["expr"])}
    assert asked
    assert sorted(asked - names_rendered()) == []
