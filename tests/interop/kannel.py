"""Kannel, bearerbox and smsbox, as a user drives it: sendsms by HTTP, and its calls by HTTP."""

import asyncio
import os
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.interop.installation import PEERS, system_program

DEADLINE_S = 15.0
RETRY_S = 0.05
DELIVERED, UNDELIVERABLE, REFUSED = "1", "2", "16"  # what %d says in a dlr-url
EVERYTHING = "31"  # the dlr-mask that asks for every kind

Query = dict[str, str]


class Callbacks:
    """A web server for Kannel to call: what it asked, by path."""

    def __init__(self) -> None:
        self._calls: dict[str, asyncio.Queue[Query]] = {}
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)

    def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    async def call(self, path: str) -> Query:
        """The next call of a path."""
        return await asyncio.wait_for(self._of(path).get(), DEADLINE_S)

    def _of(self, path: str) -> asyncio.Queue[Query]:
        return self._calls.setdefault(path, asyncio.Queue())

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        url = urlsplit(head.split()[1].decode("ascii"))
        self._of(url.path).put_nowait(_first(url.query))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


class Kannel:
    """A running bearerbox and, when wanted, its smsbox."""

    def __init__(self, folder: Path, smsc_port: int, password: str, http_port: int) -> None:
        ports = _free_ports(3)
        self._sendsms_port = ports[2]
        self._config = folder / f"kannel-{smsc_port}.conf"
        self._processes: list[Process] = []
        text = (PEERS / "kannel" / "kannel.conf").read_text(encoding="utf-8")
        values = {
            "admin_port": ports[0],
            "smsbox_port": ports[1],
            "sendsms_port": ports[2],
            "smsc_port": smsc_port,
            "http_port": http_port,
            "password": password,
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        self._config.write_text(text, encoding="utf-8")

    async def start(self, program: str) -> None:
        """Start one of its programs."""
        path = await asyncio.to_thread(system_program, program, "kannel")
        output = None if os.environ.get("SHOW_LOGS") else DEVNULL
        self._processes.append(
            await asyncio.create_subprocess_exec(
                path, str(self._config), stdin=DEVNULL, stdout=output, stderr=output
            )
        )

    async def send(self, text: str, **fields: str) -> None:
        """Have it send a message; tried until its web server is there."""
        query = {"username": "esme", "password": "esme", "from": "12345", "to": "4915112345678"}
        query |= {"text": text, "charset": "UTF-8"} | fields
        async with asyncio.timeout(DEADLINE_S):
            while b" 202 " not in await self._get(f"/cgi-bin/sendsms?{urlencode(query)}"):
                await asyncio.sleep(RETRY_S)

    async def end(self) -> None:
        """End it as an administrator does, bearerbox last; kill what does not go."""
        for process in reversed(self._processes):
            if process.returncode is None:
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), DEADLINE_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._processes.clear()

    async def _get(self, path: str) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._sendsms_port)
        except OSError:
            return b""
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode("ascii"))
        line = await reader.readline()
        writer.close()
        return line


@asynccontextmanager
async def callbacks() -> AsyncIterator[Callbacks]:
    """A web server while a test runs."""
    made = Callbacks()
    await made.start()
    try:
        yield made
    finally:
        made.stop()


def _first(query: str) -> Query:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
