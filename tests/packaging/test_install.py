"""The wheel and its metadata alone make a working installation, whoever resolves it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
TIMEOUT_S = 300


def run(*command: object, cwd: Path) -> str:
    environ = {n: v for n, v in os.environ.items() if n not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={
            **environ,
            "SLOW_PASSWORD": "canary",
            "FAST_PASSWORD": "canary",
            "TEST_PASSWORD": "canary",
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_the_metadata_alone_installs_and_runs_away_from_the_checkout(tmp_path: Path) -> None:
    run(UV, "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    run(UV, "build", "--quiet", "--wheel", "--out-dir", tmp_path / "dist", ROOT, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    python = tmp_path / "venv/bin/python"
    run(UV, "pip", "install", "--quiet", "--python", python, wheel, cwd=tmp_path)
    versions = run(UV, "pip", "freeze", "--python", python, cwd=tmp_path)
    assert "quixstreams==3.28." in versions
    assert "demo" in run(tmp_path / "venv/bin/heliograph", "--help", cwd=tmp_path)
    shown = run(tmp_path / "venv/bin/heliograph", "config", cwd=tmp_path)
    assert "sandbox" in shown
    assert "canary" not in shown
    run(python, "-c", "import pipeline.stream, pipeline.registry, pipeline.broker", cwd=tmp_path)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_what_we_run_is_locked_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if line and line[0] not in " #"]
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text
