"""The page of commands says what the commands say, and the shell can complete them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.manual import page

PAGE = Path(__file__).parents[2] / "docs/commands.md"


def test_the_page_is_as_the_commands_are() -> None:
    told = PAGE.read_text(encoding="utf-8")
    assert told == page(), "run `python -m heliograph.manual > docs/commands.md`"


@pytest.mark.parametrize(
    "name",
    ["binds drain", "binds list", "binds resume", "doctor", "schemas check", "topics diff"],
)
def test_a_command_has_an_example_that_begins_with_its_name(name: str) -> None:
    (own,) = [part for part in page().split("\n## ") if part.startswith(f"heliograph {name}\n")]
    examples = own.split("\n\n", 2)[2]
    assert f"    heliograph {name} " in examples
    assert "Ends with 1" in examples


def test_the_shell_is_told_what_may_come_next() -> None:
    asked = {"_HELIOGRAPH_COMPLETE": "complete_bash", "COMP_WORDS": "heliograph bin"}
    found = CliRunner().invoke(APP, [], prog_name="heliograph", env={**asked, "COMP_CWORD": "1"})
    assert found.output.split() == ["binder", "binds"]
