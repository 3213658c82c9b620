"""The page of commands says what the commands say, and each command says enough."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.manual import VERBATIM, page

PAGE = Path(__file__).parents[2] / "docs/commands.md"
README = Path(__file__).parents[2] / "README.md"


def commands(group: Any, name: str = "heliograph") -> Iterator[tuple[str, Any]]:
    """Every command there is, by the words it is called by."""
    for own_name, own in group.commands.items():
        if hasattr(own, "commands"):
            yield from commands(own, f"{name} {own_name}")
        else:
            yield f"{name} {own_name}", own


COMMANDS = dict(commands(typer.main.get_command(APP)))


def examples(command: Any) -> list[str]:
    """The lines that its help shows as they stand."""
    blocks = [part for part in command.help.split("\n\n") if part.startswith(VERBATIM)]
    return [line.strip() for block in blocks for line in block.splitlines()[1:]]


def test_the_page_is_as_the_commands_are() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == page(), "run `python -m heliograph.manual > docs/commands.md`"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_does_and_has_an_example_that_can_be_typed(name: str) -> None:
    own = COMMANDS[name]
    assert own.help.splitlines()[0].endswith(".")
    lines = examples(own)
    assert lines
    for line in lines:
        words = shlex.split(line.split(" | ")[0].split(" > ")[0])
        assert " ".join(words[: len(name.split())]) == name
        own.make_context(name, words[len(name.split()) :])  # raises for what it does not know


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is(name: str) -> None:
    options = [one for one in COMMANDS[name].params if one.param_type_name == "option"]
    assert [one.name for one in options if not one.help] == []


def test_exit_codes_are_told_alike_in_the_help_the_page_and_the_readme() -> None:
    told = CliRunner().invoke(APP, ["--help"]).output
    for code in ("0", "1", "2", "130"):
        assert f"\n    {code} " in told
        for text in (page(), README.read_text(encoding="utf-8")):
            assert f"\n| {code} |" in text
