"""Where telemetry is asked, and what a command gets that asks it."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from heliograph import viewing
from pipeline.config import Config, HttpConfig
from pipeline.errors import HeliographError

STORY = {"head": {"message_id": "a/b ?"}, "why": "It was delivered."}
HEADS = {"messages": [{"message_id": "m1"}]}


class View(BaseHTTPRequestHandler):
    """Knows one message, and who is asking by what."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["authorization"]))
        answers = {"/v1/messages/a%2Fb%20%3F": STORY, "/v1/messages?number=46701&limit=5": HEADS}
        octets = b"[1]" if self.path.endswith("/list") else json.dumps(answers.get(self.path))
        self.send_response(404 if octets == "null" else 200)
        self.end_headers()
        self.wfile.write(octets if isinstance(octets, bytes) else octets.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(View, "asked", [], raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), View) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def configured(**own: object) -> Config:
    return Config(services={"telemetry": own})


def test_a_message_is_asked_for_by_its_id_whatever_that_is(port: int) -> None:
    config = configured(port=port)
    assert viewing.message(config, "a/b ?") == STORY
    assert viewing.message(config, "unknown") is None
    assert viewing.message(config, "list") is None  # it is no answer of ours
    assert View.asked[0] == ("/v1/messages/a%2Fb%20%3F", None)


def test_the_token_is_brought_by_who_has_it(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configured(port=port, token="${VIEW_TOKEN}")
    assert viewing.messages_to(config, "46701", 5) == HEADS  # and asked without it
    monkeypatch.setenv("VIEW_TOKEN", "a long secret")
    assert viewing.messages_to(config, "46701", 5) == HEADS
    assert [brought for _, brought in View.asked] == [None, "Bearer a long secret"]


@pytest.mark.parametrize("own", [{}, {"port": 1}, {"port": "none"}, {"prot": 8770}])
def test_where_nobody_answers_there_is_nothing(own: dict[str, object]) -> None:
    assert viewing.message(configured(**own), "m1") is None


@pytest.mark.parametrize(
    ("http", "own", "expected"),
    [
        ({}, {"port": 8770}, "http://127.0.0.1:8770"),
        ({"port": 9000}, {}, "http://127.0.0.1:9000"),
        ({"host": "0.0.0.0", "port": 9000}, {}, "http://127.0.0.1:9000"),  # noqa: S104
        ({"host": "::", "port": 9000}, {}, "http://[::1]:9000"),
        ({"port": 9000}, {"host": "telemetry", "port": 1}, "http://telemetry:1"),
    ],
)
def test_telemetry_is_where_the_configuration_says(
    http: dict[str, object], own: dict[str, object], expected: str
) -> None:
    config = Config(http=HttpConfig(**http), services={"telemetry": own})  # type: ignore[arg-type]
    assert viewing.url_of(config) == expected


def test_where_it_takes_any_port_one_has_to_say() -> None:
    with pytest.raises(HeliographError, match=r"set services\.telemetry\.port, or give --url"):
        viewing.url_of(Config())


def test_the_token_is_brought_to_no_proxy(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("VIEW_TOKEN", "a long secret")
    assert viewing.message(configured(port=port, token="${VIEW_TOKEN}"), "a/b ?") == STORY


def test_another_program_that_listens_there_has_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            link, _ = listener.accept()
            with link:
                link.recv(4096)
                link.sendall(b"SSH-2.0-OpenSSH\r\n")

        threading.Thread(target=greet, daemon=True).start()
        assert viewing.message(configured(port=listener.getsockname()[1]), "m1") is None
