"""What `top` and `lag` are given to look at, and what they say when there is nothing."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from heliograph import sights
from heliograph.cli import APP
from heliograph.sights import Sights, lag_table, standing
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.process import make_codec
from pipeline.records import Stop
from pipeline.stops import Stops
from services.telemetry.groups import Asked
from services.telemetry.snapshot import Group

EXAMPLE = Path(__file__).parents[1] / "services" / "telemetry" / "snapshot.json"
GROUPS = (
    Group(name="router", lag=12_345, age_s=61.0, done_per_s=420.4),
    Group(name="tracker", lag=0, age_s=None, done_per_s=0.0),
)


class Answer(BaseHTTPRequestHandler):
    """Says what the server is to say."""

    said = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v1/snapshot" else 404)
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Answer, "said", EXAMPLE.read_bytes())
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_top_shows_once_for_people_and_for_scripts(url: str) -> None:
    shown = CliRunner().invoke(APP, ["top", "--once", "--url", url])
    assert (shown.exit_code, "binder-slow" in shown.output) == (0, True)
    told = CliRunner().invoke(APP, ["top", "--once", "--json", "--url", url + "/"])
    assert json.loads(told.output) == json.loads(EXAMPLE.read_bytes())


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"null", "has just started; ask again in a second"),
        (b'{"at_ms": 1}', "is no telemetry of this version"),
        (b"<html>", "is no telemetry of this version"),
    ],
)
def test_an_answer_that_is_no_snapshot_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch, said: bytes, words: str
) -> None:
    monkeypatch.setattr(Answer, "said", said)
    with pytest.raises(HeliographError, match=words):
        Sights(url).look()


def test_where_nobody_answers_one_is_told_what_to_do(url: str) -> None:
    with pytest.raises(HeliographError, match=r"404.*start it, or give --url"):
        Sights(f"{url}/elsewhere").look()
    with pytest.raises(HeliographError, match="write http://HOST:PORT"):
        Sights("127.0.0.1:8770")


def test_a_line_a_group() -> None:
    assert list(lag_table(GROUPS)) == [
        "group           lag           age    done/s",
        "router       12,345     1 min 1 s       420",
        "tracker           0             -         0",
    ]


@pytest.mark.parametrize(
    ("options", "code"),
    [([], 0), (["--max", "12345"], 0), (["--max", "12344"], 1), (["--json", "--max", "0"], 1)],
)
def test_lag_ends_with_1_where_a_group_is_further_behind(
    monkeypatch: pytest.MonkeyPatch, options: list[str], code: int
) -> None:
    monkeypatch.setattr(sights, "standing", lambda *_: GROUPS)
    done = CliRunner().invoke(APP, ["lag", *options])
    assert done.exit_code == code
    if code:
        assert "behind: router by 12,345" in done.stderr
    if "--json" in options:
        rows = json.loads(done.stdout)
        assert rows[0] == {"name": "router", "lag": 12345, "age_s": 61.0, "done_per_s": 420.4}


def test_lag_knows_what_operators_have_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Stop(action="pause", tenant="acme", at_ms=1)
    octets = make_codec(Config()).encode(row, topics.CONTROL_STOP)
    message = SimpleNamespace(
        topic=lambda: topics.CONTROL_STOP, key=lambda: b"s", value=lambda: octets
    )
    heard: list[Stops] = []

    class Groups:
        def __init__(self, _: object, __: object, stops: Stops) -> None:
            heard.append(stops)

        def patiently_ask(self) -> Asked:
            return Asked(GROUPS)

        def close(self) -> None:
            pass

    monkeypatch.setattr(sights, "read_to_end", lambda *_: [message])
    monkeypatch.setattr(sights, "Groups", Groups)
    assert standing(Config(), 0) == GROUPS
    assert [heard[0].pauses_all_of(tenant) for tenant in ("acme", "default")] == [True, False]
