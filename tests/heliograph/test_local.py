"""What a pipeline on this machine is told, and tells."""

import json
import os
import socket
from pathlib import Path

import pytest

from heliograph.launcher import Child, Launcher
from heliograph.local import Running, _open_telemetry, write_targets
from pipeline.config import Config, section
from services.telemetry.config import TelemetryConfig, serving

PREFIX = "HELIOGRAPH__SERVICES__TELEMETRY__"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was, afterwards."""
    for name in ("HANDSETS", "PORT", "TOKEN"):
        monkeypatch.setenv(f"{PREFIX}{name}", "")
        monkeypatch.delenv(f"{PREFIX}{name}")
    monkeypatch.setenv("TELEMETRY_TOKEN", "")


def child(name: str, **facts: object) -> Child:
    found = Child(name, (), Path(f"{name}.log"))
    found.facts = facts
    return found


def test_prometheus_is_told_where_every_process_is_and_again_when_one_has_moved(
    tmp_path: Path,
) -> None:
    path = tmp_path / "targets.json"
    children = {
        "router-0": child("router-0", http="http://127.0.0.1:41"),
        "binder-slow-1": child("binder-slow-1", http="http://127.0.0.1:42"),
        "starting-0": child("starting-0"),
    }
    write_targets(path, children)
    assert json.loads(path.read_bytes()) == [
        {
            "targets": ["127.0.0.1:41"],
            "labels": {"service": "router", "replica": "router-0"},
        },
        {
            "targets": ["127.0.0.1:42"],
            "labels": {"service": "binder", "replica": "binder-slow-1"},
        },
    ]
    os.utime(path, (1, 1))
    write_targets(path, children)
    assert path.stat().st_mtime == 1  # nothing new
    children["router-0"].facts["http"] = "http://127.0.0.1:43"
    write_targets(path, children)
    assert json.loads(path.read_bytes())[0]["targets"] == ["127.0.0.1:43"]
    assert [found.name for found in tmp_path.iterdir()] == ["targets.json"]


def test_telemetry_is_told_the_sandboxes_and_a_token_that_is_made_up() -> None:
    token = _open_telemetry(Config(), {"slow": "http://127.0.0.1:1"}, keep_ports=False)
    found = section(Config(), "telemetry", TelemetryConfig)
    assert found.token is not None
    assert found.token.get_secret_value() == token
    assert len(token) > 16
    assert found.handsets == {"slow": "http://127.0.0.1:1"}
    assert serving(Config(), found).port == 0
    assert _open_telemetry(Config(), {}, keep_ports=False) == token  # once it is there, it stays


def test_a_token_of_ones_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "canary")
    config = Config(services={"telemetry": {"token": "${MINE}"}})
    assert _open_telemetry(config, {}, keep_ports=False) == "canary"
    assert f"{PREFIX}TOKEN" not in os.environ


@pytest.mark.parametrize(
    ("keep_ports", "is_taken", "is_kept"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_the_port_is_kept_where_that_is_asked_for_and_it_is_free(
    keep_ports: bool, is_taken: bool, is_kept: bool
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        if is_taken:
            other.listen()
        port = other.getsockname()[1]
        config = Config(services={"telemetry": {"port": port}})
        _open_telemetry(config, {}, keep_ports=keep_ports)
    assert section(Config(services=config.services), "telemetry", TelemetryConfig).port == (
        port if is_kept else 0
    )


def test_the_page_has_its_token_where_no_browser_sends_it(tmp_path: Path) -> None:
    own = Launcher(tmp_path)
    own.children["telemetry-0"] = child("telemetry-0", http="http://127.0.0.1:8770")
    assert Running(Config(), own, {}, "canary").page == "http://127.0.0.1:8770/#token=canary"
