"""The panel: who may use it, what it asks of sandboxes, what it publishes."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pipeline.config import Config, TenantConfig
from pipeline.errors import BrokerError
from pipeline.process import Process
from services.telemetry import panel
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.parts import Desk

TOKEN = "a long secret"
NUMBER = "46700000001"
GRANTED = {"authorization": f"Bearer {TOKEN}"}
ARRIVED = {"at_ms": 5.0, "account": "one", "sender": "ACME", "text": "hello"}
OPEN = {"smsc_message_id": "17", "account": "one", "sender": "ACME", "since_ms": 7}


@dataclass
class Carrier:
    """A sandbox of rows: path and method, with what it answers; remembers what it was asked."""

    answers: dict[tuple[str, str], tuple[int, Any]]
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        self.asked.append((method, path, json.loads(body) if body else None))
        return self.answers.get((method, path), (404, {"faults": ["no such thing"]}))


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    place = f"/handsets/{NUMBER}"
    own = Carrier(
        {
            ("GET", place): (200, [ARRIVED]),
            ("GET", f"{place}/open"): (200, [OPEN]),
            ("POST", f"{place}/state"): (200, {}),
            ("POST", f"{place}/receipt"): (202, {"ended": ["17"]}),
            ("POST", f"{place}/reply"): (422, {"faults": ["nothing to answer", "really"]}),
        }
    )

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            status, found = own.answer(self.command, self.path, self.rfile.read(length))
            octets = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    own.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield own
    server.shutdown()
    server.server_close()


def served(**handsets: str) -> TestClient:
    own = TelemetryConfig(token=TOKEN, handsets=handsets)  # type: ignore[arg-type]
    tenants = {"test": TenantConfig(test=True), "default": TenantConfig()}
    ground = cast(Process, type("Ground", (), {"config": Config.model_construct(tenants=tenants)}))
    desk = Desk(ground, own, Access(own), cast(Any, None))
    return TestClient(Starlette(routes=list(panel.part(desk).routes)))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def publish(_: Config, **what: Any) -> str:
        found.append(what)
        return "m1"

    monkeypatch.setattr(panel, "publish", publish)
    return found


def test_without_handsets_there_is_nothing_to_play() -> None:
    http = served()
    assert http.get("/v1/panel", headers=GRANTED).json()["sandboxes"] == []
    assert http.get("/v1/panel").status_code == 403
    assert http.post("/v1/test", json={}, headers=GRANTED).status_code == 404
    assert http.get(f"/v1/handsets/{NUMBER}", headers=GRANTED).status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/panel"),
        ("POST", "/v1/test"),
        ("GET", f"/v1/handsets/{NUMBER}"),
        ("POST", f"/v1/handsets/{NUMBER}/receipt"),
        ("POST", f"/v1/handsets/{NUMBER}/reply"),
    ],
)
def test_without_the_token_nothing_is_shown_or_done(
    carrier: Carrier, published: list[Any], method: str, path: str
) -> None:
    answer = served(one=carrier.url).request(method, path, content="{}")
    assert answer.status_code == 403
    assert "token" in answer.json()["error"]
    assert (carrier.asked, published) == ([], [])


def test_who_may_send_is_told_those_who_only_test_last(carrier: Carrier) -> None:
    found = served(one=carrier.url).get("/v1/panel", headers=GRANTED).json()
    assert found == {"tenants": ["default", "test"], "sandboxes": ["one"]}


@pytest.mark.parametrize(("by_hand", "how"), [(True, "by_hand"), (False, "usual")])
def test_a_test_sms_is_published_after_its_handset_knows_how_to_report(
    carrier: Carrier, published: list[Any], by_hand: bool, how: str
) -> None:
    order = {"to": "+46 700-00 00 01", "text": "hi", "tenant": "default", "by_hand": by_hand}
    answer = served(one=carrier.url).post("/v1/test", json=order, headers=GRANTED)
    assert answer.json() == {"message_id": "m1"}
    fate = {"state": "DELIVERED", "receipt": how}
    assert carrier.asked == [("POST", f"/handsets/{NUMBER}/state", fate)]
    assert published == [
        {
            "to": "+46 700-00 00 01",
            "text": "hi",
            "sender": None,
            "message_id": None,
            "tenant": "default",
        }
    ]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("{", "JSON"),
        ('{"to": "46700000001", "text": "", "tenant": "default"}', "text"),
        ('{"to": "46700000001", "text": "x", "tenant": "a", "more": 1}', "more"),
        ('{"to": "0701234567", "text": "x", "tenant": "default"}', "country code"),
        ('{"to": "Alice", "text": "x", "tenant": "default"}', "the number is none"),
        ('{"to": "46700000001/../../stats", "text": "x", "tenant": "a"}', "the number is none"),
        (json.dumps({"to": NUMBER, "text": "x" * 70_000, "tenant": "a"}), "JSON"),
    ],
)
def test_an_order_that_is_none_is_refused_in_a_sentence(
    carrier: Carrier, published: list[Any], order: str, words: str
) -> None:
    answer = served(one=carrier.url).post("/v1/test", content=order, headers=GRANTED)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert (carrier.asked, published) == ([], [])


def test_without_kafka_it_says_so_and_names_no_machine(
    carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(_: Config, **__: Any) -> str:
        raise BrokerError("no broker at secret-host:9092")

    monkeypatch.setattr(panel, "publish", publish)
    order = {"to": NUMBER, "text": "hi", "tenant": "default"}
    answer = served(one=carrier.url).post("/v1/test", json=order, headers=GRANTED)
    assert answer.status_code == 503
    assert "secret-host" not in answer.text


def test_a_handset_is_looked_at_over_all_sandboxes(carrier: Carrier) -> None:
    http = served(one=carrier.url, two=carrier.url)
    found = http.get(f"/v1/handsets/{NUMBER}", headers=GRANTED).json()
    assert found == {
        "arrived": [{**ARRIVED, "sandbox": "one"}, {**ARRIVED, "sandbox": "two"}],
        "open": [{**OPEN, "sandbox": "one"}, {**OPEN, "sandbox": "two"}],
    }


@pytest.mark.parametrize(
    ("action", "order", "status", "found"),
    [
        ("receipt", {"sandbox": "one", "state": "EXPIRED"}, 200, {"ended": ["17"]}),
        ("reply", {"sandbox": "one", "text": "x"}, 422, {"error": "nothing to answer; really"}),
        ("reply", {"sandbox": "two", "text": "x"}, 422, {"error": "sandbox: there are one, away"}),
        (
            "reply",
            {"text": "x"},
            422,
            {"error": "the order is no JSON object that names its `sandbox`"},
        ),
        (
            "reply",
            {"sandbox": "away", "text": "x"},
            502,
            {"error": "the sandbox away does not answer"},
        ),
        ("scenario", {"sandbox": "one"}, 404, {"error": "a handset can reply and receipt"}),
    ],
)
def test_a_handset_does_what_it_is_told(
    carrier: Carrier, action: str, order: dict[str, str], status: int, found: Any
) -> None:
    http = served(one=carrier.url, away="http://127.0.0.1:9")
    answer = http.post(f"/v1/handsets/{NUMBER}/{action}", json=order, headers=GRANTED)
    assert (answer.status_code, answer.json()) == (status, found)
    if status == 200:
        assert carrier.asked == [("POST", f"/handsets/{NUMBER}/{action}", {"state": "EXPIRED"})]


def test_what_listens_there_and_is_no_sandbox_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # which is not asked
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            link, _ = listener.accept()
            with link:
                link.recv(4096)
                link.sendall(b"SSH-2.0-OpenSSH\r\n")

        greeter = threading.Thread(target=greet, daemon=True)
        greeter.start()
        http = served(one=f"http://127.0.0.1:{listener.getsockname()[1]}")
        answer = http.get(f"/v1/handsets/{NUMBER}", headers=GRANTED)
        assert answer.status_code == 502
        assert "the sandbox one does not answer" in answer.json()["error"]
        greeter.join(1)
        assert not greeter.is_alive()
