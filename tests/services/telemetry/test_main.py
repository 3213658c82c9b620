"""All parts are served behind one guard, and one that fails ends the process."""

import threading
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.metrics import Metrics
from pipeline.process import Process
from services.telemetry import __main__ as telemetry
from services.telemetry.config import TelemetryConfig
from services.telemetry.parts import Desk, Part


@pytest.fixture
def ground() -> Any:
    ground = Process(Config(), "telemetry-0", Metrics("telemetry", "telemetry-0"), Codec())
    yield ground
    ground.metrics.close()


def test_every_part_is_served_and_guarded(
    ground: Process, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def more(desk: Desk) -> Part:
        granted = desk.access.is_granted
        return Part([Route("/v1/more", lambda r: PlainTextResponse(f"granted: {granted(r)}"))])

    monkeypatch.setattr(telemetry, "PARTS", (more, *telemetry.PARTS))
    own = telemetry.Telemetry(Config(state_dir=tmp_path), TelemetryConfig())
    client = TestClient(Starlette(routes=own.routes(ground)), base_url="http://127.0.0.1:1")
    assert client.get("/v1/summary").json()["events"] == {}
    assert client.get("/v1/more").text == "granted: False"
    assert client.get("/nowhere").status_code == 404
    assert client.get("/v1/more", headers={"host": "elsewhere"}).status_code == 403


class Shell:
    """Reads nothing until it is told to stop."""

    def __init__(self, *_: object) -> None:
        pass

    def run(self, stopping: threading.Event) -> None:
        assert stopping.wait(10)


def test_a_part_that_fails_ends_the_process(
    ground: Process, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ended = threading.Event()

    def waits(stopping: threading.Event) -> None:
        stopping.wait(10)
        ended.set()

    def fails(_: threading.Event) -> None:
        raise OSError("no more")

    monkeypatch.setattr(telemetry, "PARTS", (lambda _: Part(tasks=[waits, fails]),))
    monkeypatch.setattr(telemetry, "Shell", Shell)
    own = telemetry.Telemetry(Config(state_dir=tmp_path), TelemetryConfig())
    own.routes(ground)
    with pytest.raises(OSError, match="no more"):
        own.run(ground, threading.Event())
    assert ended.is_set()
