"""What the commands that steer a pipeline say of themselves."""

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["stop"], "it ends as cancelled then, and not before"),
        (["routes", "check"], "a rule names connectors and never another rule"),
        (["routes", "simulate"], "[default: sms.router.in]"),
    ],
)
def test_help_says_what_an_operator_must_know(command: list[str], words: str) -> None:
    found = CliRunner().invoke(APP, [*command, "--help"], terminal_width=200)
    assert words in " ".join(found.output.replace("│", " ").split())
