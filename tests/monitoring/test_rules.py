"""The alert rules: what fires them and what does not, and the metrics they ask for."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from pipeline.capacity import THROTTLED_BELOW
from services.telemetry.alarms import BEHIND_MAX, OF_CONNECTORS, ORPHANS_MAX, SHARE_MAX
from tests.monitoring.conftest import TIMEOUT_S, program
from tests.monitoring.rendered import names_rendered

PROMETHEUS = Path(__file__).parents[2] / "infra/prometheus"
GROUPS = yaml.safe_load((PROMETHEUS / "rules.yml").read_text(encoding="utf-8"))["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
CASES = yaml.safe_load((PROMETHEUS / "tests.yml").read_text(encoding="utf-8"))["tests"]
OWN = re.compile(r"\b(?:sms|messaging_client|messaging_process)_[a-z0-9_]+")


@pytest.mark.monitoring
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "rules.yml"),
        ("test", "rules", "tests.yml"),
    ],
    ids=" ".join,
)
def test_promtool_has_nothing_to_say(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [program("promtool"), *command],
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        timeout=120,
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


def test_every_metric_the_rules_ask_for_is_served() -> None:
    asked = {name for rule in RULES for name in OWN.findall(rule["expr"])}
    assert asked
    assert sorted(asked - names_rendered()) == []


def test_an_alert_wakes_somebody_or_waits_for_the_morning() -> None:
    assert {rule["labels"]["severity"] for rule in ALERTS} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in ALERTS)
    rows = (PROMETHEUS / "README.md").read_text(encoding="utf-8").splitlines()
    for severity in ("page", "ticket"):
        (row,) = [row for row in rows if row.startswith(f"| `{severity}`")]
        told = set(re.findall(r"\b[A-Z]\w+", row.split("|")[2]))
        assert told == {r["alert"] for r in ALERTS if r["labels"]["severity"] == severity}


def test_the_live_page_warns_of_the_same_under_the_same_names() -> None:
    asked = {rule["alert"]: rule["expr"] for rule in ALERTS}
    assert OF_CONNECTORS.keys() <= asked.keys()
    assert f"< {THROTTLED_BELOW} *" in asked["Throttled"]
    assert f"> {ORPHANS_MAX}" in asked["Orphans"]
    assert f"> {BEHIND_MAX} " in asked["TelemetryBehind"]
    assert (asked["OldestUnsent"].endswith("> 1 / 3"), SHARE_MAX) == (True, 1 / 3)
