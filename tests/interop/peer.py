"""One peer: a program of another stack that does what it is told, a JSON object a line.

    -> {"do": "connect", "port": 2775, "command": "bind_transceiver", ...}
    <- {"answer": {"command": "bind_transceiver_resp", "command_status": 0, ...}}

What goes wrong in it comes as {"error": "its words"}. Every wait has a deadline; a peer that misses
one is ended by its process id, and started anew when it is wanted again.
"""

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any

DEADLINE_S = 15.0
LINE_OCTETS_MAX = 1 << 20


class PeerError(Exception):
    """The peer's own words about what went wrong in it."""


class Peer:
    """A running peer; `start` makes it."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self._process = process

    @classmethod
    async def start(cls, name: str, command: list[str]) -> "Peer":
        """Start the program; SHOW_LOGS=1 shows what it writes to its standard error."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=None if os.environ.get("SHOW_LOGS") else DEVNULL,
            limit=LINE_OCTETS_MAX,
        )
        return cls(name, process)

    @property
    def is_running(self) -> bool:
        """Whether it can be told anything."""
        return self._process.returncode is None

    async def do(self, action: str, **what: Any) -> Any:
        """Tell it one thing and hear its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": action, **what}).encode() + b"\n")
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), DEADLINE_S)
        except TimeoutError:
            await self.end()
            raise PeerError(f"{self.name} {action}: no answer in time") from None
        reply = json.loads(line or b'{"error": "it ended"}')
        if "error" in reply:
            raise PeerError(f"{self.name} {action}: {reply['error']}")
        return reply["answer"]

    async def end(self) -> None:
        """End it; it leaves by itself when its standard input ends."""
        if not self.is_running:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 2.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
