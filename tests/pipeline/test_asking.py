"""Asking a service of ours, past a proxy, and what is none of them."""

import socket
import threading
from collections.abc import Iterator

import pytest

from pipeline.asking import answer_of


@pytest.fixture
def said(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a program that says this, whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def say() -> None:
            link, _ = listener.accept()
            with link:
                link.recv(4096)
                link.sendall(request.param)

        speaker = threading.Thread(target=say, daemon=True)
        speaker.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        speaker.join(10)


@pytest.mark.parametrize("said", [b"HTTP/1.0 200 OK\r\n\r\nhello"], indirect=True)
def test_no_proxy_of_the_environment_is_asked(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert answer_of(said, 10) == b"hello"


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"",
        b"HTTP/1.0 200 OK\r\ncontent-length: 9\r\n\r\nhello",
        b"HTTP/1.0 503 No\r\n\r\n",
    ],
    indirect=True,
)
def test_what_is_no_answer_is_an_error_of_the_system(said: str) -> None:
    with pytest.raises(OSError, match=r"HTTP|closed|503"):
        answer_of(said, 10)
