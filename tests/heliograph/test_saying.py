"""Every command has --json, and says one document with it and lines without."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.processes import OF_REPLICAS
from heliograph.saying import add_json, aside, plain, say
from pipeline.ids import ConnectorId
from pipeline.records import Stop

HELIOGRAPH = Path(__file__).parents[2] / "heliograph"
SERVICES = {*OF_REPLICAS, "binder", "sandbox"}  # their first line is JSON anyway


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command there is, by the words it is called by."""
    for name, own in group.commands.items():
        words = f"{path} {name}".strip()
        if hasattr(own, "commands"):
            yield from commands(own, words)
        else:
            yield words, own


COMMANDS = dict(commands(typer.main.get_command(APP)))


def flags(words: str) -> list[str]:
    return [flag for own in COMMANDS[words].params for flag in own.opts]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_json_once_and_its_help_says_so(words: str) -> None:
    expected = 0 if words in SERVICES else 1
    assert flags(words).count("--json") == expected
    found = CliRunner().invoke(APP, [*words.split(), "--help"])
    assert found.exit_code == 0
    assert found.output.count("Say it in JSON, for scripts.") == expected


def test_no_flag_of_a_command_is_there_twice() -> None:
    assert [words for words in COMMANDS if len(flags(words)) != len(set(flags(words)))] == []


def test_no_command_prints_past_it() -> None:
    """What is printed goes through `say`, or to standard error."""
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(HELIOGRAPH.rglob("*.py"))
        if path.name not in {"saying.py", "manual.py"}
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"(?<![.\w])print\(", line) and "file=" not in line
    ]
    assert found == []


APART = typer.Typer()


@APART.command()
def one(name: str) -> None:
    """Say something."""
    print("on the way", file=aside())
    stop = Stop(action="pause", connector=ConnectorId(name), at_ms=1)
    say([f"stopped {name}", "for a while"], {"stop": stop, "path": ("a", 1, None)})


@APART.command()
def other() -> None:
    """Say nothing."""


@APART.command()
def strange(*, is_plain: bool = False) -> None:
    """Say what somebody wrote."""
    say([STRANGE], [STRANGE], is_plain=is_plain)


STRANGE = "a\x1b]0;title\x07\tb\nc\x9b2J\x7f\rd\u202ee ÅÄ\xa0👨‍👩‍👧"
add_json(APART)


def test_lines_are_for_people() -> None:
    found = CliRunner().invoke(APART, ["one", "slow"])
    assert found.stdout == "on the way\nstopped slow\nfor a while\n"


def test_a_document_is_one_line_and_nothing_else_is_on_standard_output() -> None:
    found = CliRunner().invoke(APART, ["one", "slow", "--json"])
    assert found.stdout.count("\n") == 1
    assert json.loads(found.stdout) == {
        "stop": {
            "action": "pause",
            "tenant": None,
            "campaign": None,
            "connector": "slow",
            "at_ms": 1,
        },
        "path": ["a", 1, None],
    }
    assert found.stderr == "on the way\n"
    assert CliRunner().invoke(APART, ["one", "slow"]).stdout.startswith("on the way")


def test_what_others_wrote_moves_no_cursor() -> None:
    found = CliRunner().invoke(APART, ["strange"])
    assert found.stdout == "a�]0;title�\tb\nc�2J��d�e ÅÄ\xa0👨‍👩‍👧\n"
    told = CliRunner().invoke(APART, ["strange", "--json"]).stdout
    assert json.loads(told) == [STRANGE]
    assert plain(told.removesuffix("\n")) == told.removesuffix("\n")


def test_what_is_our_own_keeps_its_colours() -> None:
    found = CliRunner().invoke(APART, ["strange", "--is-plain"], color=True)
    assert found.stdout_bytes.decode().startswith("a\x1b]0;")
