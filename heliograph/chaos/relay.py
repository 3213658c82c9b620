"""A TCP relay on loopback, between a client and a server, that does what a bad network does.

It passes everything on until it is told to stall, to cut (with RST), or to hold: then it reads what
a Kafka client asks, request by request (length, api_key, api_version, correlation_id: KIP-4's
header), and brings those of one api_key late, even when the client has long given up on them and
asked again on another connection. That is how a network makes KAFKA-17754: nothing is invented,
nothing doubled.

It lives on a thread of its own; its methods are called from any other.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

START_TIMEOUT_S = 10.0
CHUNK_OCTETS = 65_536
LENGTH = struct.Struct(">i")
API_KEY = struct.Struct(">h")
RST_AT_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER for no time: what is unsent is forgotten
API_KEYS = {
    "InitProducerId": 22,
    "AddPartitionsToTxn": 24,
    "EndTxn": 26,
    "TxnOffsetCommit": 28,
}


@dataclass(slots=True)
class Hold:
    """The next `times` requests of a kind come `seconds` late."""

    seconds: float
    times: int


class Relay:
    """Listens on a port of loopback and connects on to another."""

    def __init__(self, target: int, *, port: int = 0, is_kafka: bool = False) -> None:
        """`is_kafka` has it read the requests, so that some can be held."""
        self.port = port
        self.accepted = 0  # connections, ever
        self.held: Counter[int] = Counter()  # requests held, by api_key
        self.orphaned: Counter[int] = Counter()  # of those: brought to their end without a client
        self._target = target
        self._is_kafka = is_kafka
        self._holds: dict[int, Hold] = {}
        self._flowing = asyncio.Event()
        self._ending = asyncio.Event()
        self._conversations: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._failure: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        self._thread.start()
        self._listening.wait(START_TIMEOUT_S)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Cut what there is and listen no more."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(START_TIMEOUT_S)

    def stall(self) -> None:
        """From now on nothing passes; connections are taken and stay open."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self) -> None:
        """What was stalled passes, in order."""
        self._loop.call_soon_threadsafe(self._flowing.set)

    def cut(self) -> int:
        """End every connection with RST, at both ends; says how many there were."""
        cut = asyncio.run_coroutine_threadsafe(self._cut(), self._loop)
        return cut.result(START_TIMEOUT_S)

    def hold(self, api_key: int, seconds: float, *, times: int = 1) -> None:
        """Bring the next `times` requests of this api_key `seconds` late."""
        assert self._is_kafka, "it can't tell requests"
        self._holds[api_key] = Hold(seconds, times)

    # --- on its own thread ------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._failure = error
        finally:
            self._loop.close()
            self._listening.set()

    async def _serve(self) -> None:
        self._flowing.set()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = int(server.sockets[0].getsockname()[1])
        self._listening.set()
        await self._ending.wait()
        server.close()
        await self._cut()

    async def _cut(self) -> int:
        tasks = list(self._conversations)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._carry(reader, writer))
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)
        self.accepted += 1

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends, orphans = [writer], Counter[int]()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            ends.append(far_writer)
            if self._is_kafka:
                asking = self._requests(reader, far_writer, orphans)
            else:
                asking = self._octets(reader, far_writer)
            await asyncio.gather(asking, self._octets(far_reader, writer))
        except OSError:
            pass  # one end is gone: so is the other
        finally:
            self.orphaned += orphans  # the server has hung up, or answered somebody who is gone
            for end in ends:
                _reset(end)

    async def _octets(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while octets := await reader.read(CHUNK_OCTETS):
            await self._pass(octets, writer)
        _half_close(writer)

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, orphans: Counter[int]
    ) -> None:
        """What a Kafka client asks, each request held if it is to be."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await reader.readexactly(LENGTH.size)
                request = await reader.readexactly(*LENGTH.unpack(length))
                (api_key,) = API_KEY.unpack_from(request)
                if await self._held(api_key):
                    orphans[api_key] += reader.at_eof() or reader.exception() is not None
                await self._pass(length + request, writer)
        _half_close(writer)  # the broker answers what it has, though nobody may hear it

    async def _held(self, api_key: int) -> bool:
        """Wait as long as such a request is to be held; whether it was at all."""
        hold = self._holds.get(api_key)
        if hold is None:
            return False
        hold.times -= 1
        if hold.times <= 0:
            del self._holds[api_key]
        self.held[api_key] += 1
        await asyncio.sleep(hold.seconds)
        return True

    async def _pass(self, octets: bytes, writer: asyncio.StreamWriter) -> None:
        await self._flowing.wait()
        if not writer.is_closing():
            writer.write(octets)
            await writer.drain()


def _half_close(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing() and writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST_AT_CLOSE)
    writer.transport.abort()


@contextmanager
def relay_to(target: int, *, port: int = 0, is_kafka: bool = False) -> Iterator[Relay]:
    """A relay to `target` on loopback, which ends with the context."""
    relay = Relay(target, port=port, is_kafka=is_kafka)
    relay.start()
    try:
        yield relay
    finally:
        relay.stop()
