"""What the shell is told when somebody asks how a command line may go on."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP


def completed(words: str) -> list[str]:
    """What may stand in place of the last word, which has begun."""
    asked = {"_HELIOGRAPH_COMPLETE": "complete_bash", "COMP_WORDS": words}
    place = {"COMP_CWORD": str(words.count(" "))}
    found = CliRunner().invoke(APP, [], prog_name="heliograph", env=asked | place)
    return sorted(found.output.split())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("heliograph bin", ["binder", "binds"]),
        ("heliograph binds ", ["drain", "list", "resume"]),
        ("heliograph binds drain ", ["fast", "slow", "test"]),
        ("heliograph binds drain s", ["slow"]),
        ("heliograph binds drain none", []),
        ("heliograph stop pause --connector f", ["fast"]),
        ("heliograph stop pause --tenant d", ["default"]),
        ("heliograph optout add +46 --tenant t", ["test"]),
        ("heliograph send +46 hello --tenant t", ["test"]),
        ("heliograph binder --connector f", ["fast"]),
        ("heliograph doctor --as tr", ["tracker"]),
        ("heliograph doctor --bind f", ["fast"]),
        ("heliograph tail sms.mt.st", ["sms.mt.status"]),
        ("heliograph dlq show sms.mt.request.p", ["sms.mt.request.priority.dlq"]),
    ],
)
def test_a_word_goes_on_as_the_packaged_example_has_it(words: str, expected: list[str]) -> None:
    assert completed(words) == expected


def test_names_are_those_of_the_configuration_on_the_line(tmp_path: Path) -> None:
    account = "hosts: h, system_id: s, password: p, rate_per_s: 1"
    own, broken = tmp_path / "own.yaml", tmp_path / "broken.yaml"
    own.write_text(f"dev: true\nconnectors: {{mine: {{{account}}}}}\n", encoding="utf-8")
    broken.write_text("connectors: [", encoding="utf-8")
    assert completed(f"heliograph binds drain --config {own} ") == ["mine"]
    assert completed(f"heliograph binds drain --config {broken} ") == []
    assert completed(f"heliograph binds drain --config {tmp_path / 'none'} ") == []
