"""Processes that are started, waited for, and asked where they stand."""

from pathlib import Path
from typing import Any

import pytest

import heliograph.launcher
from heliograph.launcher import Child, Launcher, StartError, launcher
from heliograph.local import Running
from pipeline.config import Config

CONFIG = """
dev: true
services:
  sandbox:
    mine: {port: 2775, http_port: 8775, scenario: fast, accounts: {us: {password: canary}}}
"""


def test_a_process_says_where_it_stands(tmp_path: Path) -> None:
    config = tmp_path / "heliograph.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    with launcher(tmp_path) as own:
        child = own.start("carrier", "sandbox", "mine", "--config", str(config), "--free-ports")
        own.wait_up()
        told = child.where_it_stands()
        assert "most recent call first" in told
        assert "services/sandbox" in told
        assert child.is_running


class Started(Child):
    """One that has announced itself, and is ready or not."""

    def __init__(self, name: str, tmp_path: Path, *, is_ready: bool) -> None:
        log = tmp_path / f"{name}.log"
        log.write_text(f"{name} waits", encoding="utf-8")
        super().__init__(name, (), log)
        self._is_ready = is_ready

    def wait_up(self, deadline: float) -> None:
        """It is."""

    def is_ready(self) -> bool:
        return self._is_ready

    @property
    def is_running(self) -> bool:
        return True


def started(tmp_path: Path, **ready: bool) -> Launcher:
    own = Launcher(tmp_path)
    own._stopping.set()  # nothing is to be started again
    for name, is_ready in ready.items():
        own.children[f"{name}-0"] = Started(f"{name}-0", tmp_path, is_ready=is_ready)
    return own


def test_only_who_waits_for_somebody_else_need_not_be_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heliograph.launcher, "START_TIMEOUT_S", 0.1)
    started(tmp_path, router=False, tracker=True).wait_up(unready=("router-0",))
    with pytest.raises(StartError, match="router-0 is not ready:\nrouter-0 waits"):
        started(tmp_path, router=False, tracker=True).wait_up()
    with pytest.raises(StartError, match="tracker-0 is not ready"):
        started(tmp_path, router=False, tracker=False).wait_up(unready=("router-0",))


@pytest.mark.parametrize(
    ("routes", "is_ready", "awaited"),
    [
        ("topic", False, "The router waits, not ready, for routes: heliograph routes publish FILE"),
        ("topic", True, None),
        ("routes.yaml", False, None),
    ],
)
def test_routes_that_nobody_has_published_are_asked_for(
    tmp_path: Path, routes: Any, is_ready: bool, awaited: str | None
) -> None:
    own = Running(Config(routes=routes), started(tmp_path, router=is_ready), {})
    assert own.awaited == awaited
