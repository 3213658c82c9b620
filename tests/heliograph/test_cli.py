"""The command: the configuration is shown as it is in force, and checked."""

import json
from pathlib import Path

import pytest

from heliograph.cli import show_config
from pipeline.errors import ConfigError

ACCOUNT = "hosts: h, system_id: s, password: canary, rate_per_s: 1"


def write(folder: Path, text: str) -> Path:
    path = folder / "heliograph.yaml"
    path.write_text("dev: true\n" + text, encoding="utf-8")
    return path


def test_a_profile_that_comes_along_is_shown_with_its_fields(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show_config(write(tmp_path, f"connectors: {{a: {{{ACCOUNT}, profile: vonage}}}}"))
    text = capsys.readouterr().out
    shown = json.loads(text)
    assert shown["profiles"]["vonage"]["id_in_response"] == "hexadecimal"
    assert shown["connectors"]["a"]["profile"] == "vonage"
    assert "canary" not in text


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("statuses: {ESME_THROTTLED: reject}", "statuses.ESME_THROTTLED: is no status"),
        ("deliver_refusal: later", "deliver_refusal: 'later' is no status"),
    ],
)
def test_a_status_that_is_none_is_told_before_anything_runs(
    tmp_path: Path, profile: str, words: str
) -> None:
    text = f"profiles: {{mine: {{{profile}}}}}\nconnectors: {{a: {{{ACCOUNT}, profile: mine}}}}"
    with pytest.raises(ConfigError, match=words):
        show_config(write(tmp_path, text))
