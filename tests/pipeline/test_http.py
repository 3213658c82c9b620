"""What every process serves."""

import asyncio
import socket
import threading
import time
import urllib.request
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline.config import HttpConfig
from pipeline.http import GRACE_S, HttpServer


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"data: 1\n\n"
        await asyncio.sleep(0.01)


def test_an_answer_that_goes_on_for_ever_keeps_nobody_from_stopping() -> None:
    def live(_: Request) -> StreamingResponse:
        return StreamingResponse(_endless(), media_type="text/event-stream")

    server = HttpServer(
        HttpConfig(), is_live=lambda: True, is_ready=lambda: True, routes=[Route("/live", live)]
    )
    where = urlsplit(server.start())
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as link:
        link.sendall(b"GET /live HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b"data: 1" in link.recv(4096) + link.recv(4096)
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < GRACE_S + 3
        assert not server._thread.is_alive()


def test_who_takes_every_thread_keeps_no_probe_from_its_answer() -> None:
    threads = 40  # that Starlette has
    all_taken, over = threading.Barrier(threads + 1), threading.Event()

    def hang(_: Request) -> Response:
        all_taken.wait(30)
        over.wait(30)
        return PlainTextResponse("at last")

    server = HttpServer(
        HttpConfig(), is_live=lambda: True, is_ready=lambda: False, routes=[Route("/hang", hang)]
    )
    where = urlsplit(url := server.start())
    links = []
    try:
        for _ in range(threads):
            link = socket.create_connection((where.hostname or "", where.port or 0), timeout=10)
            link.sendall(b"GET /hang HTTP/1.1\r\nHost: here\r\n\r\n")
            links.append(link)
        all_taken.wait(30)
        with urllib.request.urlopen(f"{url}/livez", timeout=10) as answer:
            assert answer.read() == b"ok"
    finally:
        over.set()
        for link in links:
            link.close()
        server.stop()
