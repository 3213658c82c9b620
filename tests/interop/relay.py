"""A loopback relay between two stacks that keeps every octet, for assertions and for Wireshark.

It cuts PDUs by itself, so that what it counts owes nothing to either stack.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from struct import Struct

from smpp.values import CommandId, CommandStatus

DEADLINE_S = 10.0
CHUNK_OCTETS = 16_384
HEADER = Struct(">II")


@dataclass(frozen=True)
class Header:
    """Who sent which PDU."""

    is_from_esme: bool
    command_id: int
    command_status: int


@dataclass
class Conversation:
    """One connection: its octets in the order they passed, and the headers of their PDUs."""

    chunks: list[tuple[bool, bytes]] = field(default_factory=list)
    headers: list[Header] = field(default_factory=list)


class Relay:
    """Listens on `port` and connects on to `target`."""

    def __init__(self, target: int) -> None:
        self.conversations: list[Conversation] = []
        self._target = target
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def sees(
        self,
        command_id: CommandId,
        status: CommandStatus = CommandStatus.ESME_ROK,
        *,
        from_esme: bool,
    ) -> None:
        """Wait until such a PDU has passed."""
        wanted = Header(from_esme, command_id, status)
        async with asyncio.timeout(DEADLINE_S), self._news:
            await self._news.wait_for(
                lambda: any(wanted in each.headers for each in self.conversations)
            )

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def stop(self) -> None:
        """Cut every connection."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = Conversation()
        self.conversations.append(conversation)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(
                self._pump(conversation, True, reader, far_writer),
                self._pump(conversation, False, far_reader, writer),
            )
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pump(
        self,
        conversation: Conversation,
        is_from_esme: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        unread = b""
        try:
            while octets := await reader.read(CHUNK_OCTETS):
                conversation.chunks.append((is_from_esme, octets))
                unread += octets
                while 4 <= len(unread) >= (length := int.from_bytes(unread[:4], "big")):
                    command_id, command_status = HEADER.unpack_from(unread, 4)
                    conversation.headers.append(Header(is_from_esme, command_id, command_status))
                    unread = unread[length:]
                writer.write(octets)
                await writer.drain()
                async with self._news:
                    self._news.notify_all()
        except ConnectionError:
            pass
        finally:
            if not writer.is_closing():
                writer.close()


@asynccontextmanager
async def relay_to(target: int, kept: list[Conversation]) -> AsyncIterator[Relay]:
    """A relay while a test runs; what it saw is added to `kept`."""
    relay = Relay(target)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
        kept += relay.conversations
