"""The runbooks: one for each alert, and every command in them is one that there is."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from heliograph.cli import APP
from pipeline.codec import KIND_BY_NAME
from pipeline.topics import records_of
from tests.monitoring.test_dashboards import GRAFANA
from tests.monitoring.test_rules import ALERTS

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
CHAPTERS = ("## What it means", "## Look", "## Do", "## Who")
COMMAND = re.compile(r"`heliograph ([^`]+)`")
DASHBOARD = re.compile(r"^- Dashboard (\w+): (.*)", re.MULTILINE)
PANEL = re.compile(r"`(?!heliograph )([a-z][a-z0-9]* [a-z0-9 ,]+)`")


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    told = {rule["annotations"]["runbook"] for rule in ALERTS}
    assert told == {f"docs/runbooks/{path.name}" for path in PAGES}
    assert all(rule["annotations"]["runbook"].endswith(f"/{rule['alert']}.md") for rule in ALERTS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_it_means_where_to_look_what_to_do_and_who(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.stem}\n")
    places = [text.index(chapter) for chapter in CHAPTERS]
    assert places == sorted(places)
    (exercised,) = re.findall(r"Exercised by `(tests/[^`]+)`", text)
    assert (ROOT / exercised).exists()


def commands() -> list[str]:
    """All that the pages tell somebody to type, once each."""
    texts = [path.read_text(encoding="utf-8") for path in PAGES]
    return sorted({command for text in texts for command in COMMAND.findall(text)})


def understood(line: str) -> str:
    """What the command line says to who types this; "" when it would do it."""
    command: Any = typer.main.get_command(APP)
    words = shlex.split(line)
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            return f"{command.name} has {', '.join(command.commands)}"
        command = command.commands[words.pop(0)]
    try:
        command.make_context(command.name, words)
    except Exception as error:  # whichever it is: of a wrong option, of an argument too many, ...
        return repr(error)
    return ""


@pytest.mark.parametrize("line", commands())
def test_a_command_of_a_page_is_one_that_can_be_typed(line: str) -> None:
    assert understood(line) == ""


def unheard_of(line: str) -> set[str]:
    """What a `tail` asks for that no record of its topic has."""
    topic, words = shlex.split(line)[1], shlex.split(line)[2:]
    kinds = [KIND_BY_NAME[name] for name in records_of(topic)]
    told = {field for kind in kinds for field in kind.__struct_encode_fields__}
    return {word.partition("=")[0] for word in words if "=" in word} - told


def test_what_a_tail_of_a_page_goes_by_stands_in_the_records() -> None:
    tails = [line for line in commands() if line.startswith("tail ")]
    assert tails
    assert [line for line in tails if unheard_of(line)] == []
    assert unheard_of("tail sms.mt.event --where conector=a --where state=b") == {"conector"}


def test_a_panel_of_a_page_is_on_a_dashboard() -> None:
    """On that which its line names."""
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in GRAFANA.glob("*.json")]
    titles = {
        board["title"].rpartition(" ")[2]: {panel["title"].lower() for panel in board["panels"]}
        for board in boards
    }
    looks = [look for path in PAGES for look in DASHBOARD.findall(path.read_text(encoding="utf-8"))]
    assert looks
    for board, line in looks:
        named = set(PANEL.findall(line))
        assert named, line
        assert named <= titles[board], line


@pytest.mark.parametrize(
    "line", ["dlq", "dlq bury", "lag --most 5", "lag now", "dlq show", "dlq skip X --count many"]
)
def test_what_nobody_can_type_would_be_found(line: str) -> None:
    assert understood(line)
