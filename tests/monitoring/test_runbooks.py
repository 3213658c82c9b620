"""The runbooks: one for each alert, and every command in them is one that there is."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from heliograph.cli import APP
from tests.monitoring.test_rules import ALERTS

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
CHAPTERS = ("## What it means", "## Look", "## Do", "## Who")
COMMAND = re.compile(r"`heliograph ([^`]+)`")


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


@pytest.mark.parametrize(
    "line", ["dlq", "dlq bury", "lag --most 5", "lag now", "dlq show", "dlq skip X --count many"]
)
def test_what_nobody_can_type_would_be_found(line: str) -> None:
    assert understood(line)
