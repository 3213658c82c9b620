"""What the relay does to plain sockets, and to a Kafka client whose request it holds."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from heliograph.chaos.relay import API_KEYS, Relay, relay_to

DEADLINE_S = 10
END_TXN, TXN_OFFSET_COMMIT = API_KEYS["EndTxn"], API_KEYS["TxnOffsetCommit"]


@dataclass
class Server:
    """Echoes what it hears and keeps it, all connections together, in the order of arrival."""

    heard: list[bytes] = field(default_factory=list)
    resets: int = 0
    port: int = 0
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(65_536):
                self.heard.append(octets)
                writer.write(octets)
        except ConnectionResetError:
            self.resets += 1
            await self._tell()
        finally:
            writer.close()

    async def is_reset(self, times: int) -> None:
        """Wait until so many connections were ended with RST."""
        async with asyncio.timeout(DEADLINE_S), self.news:
            await self.news.wait_for(lambda: self.resets >= times)

    async def _tell(self) -> None:
        async with self.news:
            self.news.notify_all()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    own = Server()
    listener = await asyncio.start_server(own.serve, "127.0.0.1", 0)
    own.port = listener.sockets[0].getsockname()[1]
    yield own
    listener.close()


@contextlib.asynccontextmanager
async def client(relay: Relay) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def heard(reader: asyncio.StreamReader, count: int) -> bytes:
    return await asyncio.wait_for(reader.readexactly(count), DEADLINE_S)


def request(api_key: int, correlation_id: int) -> bytes:
    body = struct.pack(">hhi", api_key, 1, correlation_id) + b"body"
    return struct.pack(">i", len(body)) + body


@pytest.mark.parametrize("is_kafka", [False, True])
async def test_everything_passes_both_ways(server: Server, is_kafka: bool) -> None:
    asked = b"".join(request(0, number) for number in range(1000))
    with relay_to(server.port, is_kafka=is_kafka) as relay:
        async with client(relay) as (reader, writer):
            writer.write(asked)
            assert await heard(reader, len(asked)) == asked
        assert relay.accepted == 1


async def test_what_was_stalled_passes_in_order_afterwards(server: Server) -> None:
    with relay_to(server.port) as relay:
        async with client(relay) as (reader, writer):
            writer.write(b"before ")
            await heard(reader, 7)
            relay.stall()
            writer.write(b"while ")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readexactly(1), 0.2)
            relay.flow()
            writer.write(b"after")
            assert await heard(reader, 11) == b"while after"
    assert b"".join(server.heard) == b"before while after"


async def test_a_cut_is_a_reset_at_both_ends_and_one_may_connect_again(server: Server) -> None:
    with relay_to(server.port) as relay:
        async with client(relay) as (reader, writer), client(relay) as (other, other_writer):
            for each in (writer, other_writer):
                each.write(b"x")
            await heard(reader, 1)
            await heard(other, 1)
            assert await asyncio.to_thread(relay.cut) == 2
            for end in (reader, other):
                with pytest.raises(ConnectionResetError):
                    await heard(end, 1)
        await server.is_reset(2)
        async with client(relay) as (reader, writer):
            writer.write(b"again")
            assert await heard(reader, 5) == b"again"


async def test_a_server_that_is_away_is_a_connection_that_ends() -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as listener:
        free = listener.sockets[0].getsockname()[1]
    ended = pytest.raises((ConnectionResetError, asyncio.IncompleteReadError))
    with relay_to(free) as relay, ended:
        async with client(relay) as (reader, _):  # the end may come before it is connected
            await heard(reader, 1)


async def test_only_the_requests_of_its_kind_are_held(server: Server) -> None:
    first, second = request(TXN_OFFSET_COMMIT, 1), request(END_TXN, 2)
    with relay_to(server.port, is_kafka=True) as relay:
        relay.hold(END_TXN, 0.3)
        async with client(relay) as (slow, slow_writer), client(relay) as (quick, quick_writer):
            slow_writer.write(second)
            quick_writer.write(first)
            assert await heard(quick, len(first)) == first
            assert server.heard == [first]
            assert await heard(slow, len(second)) == second
            slow_writer.write(second)  # one was asked for: this one passes
            assert await heard(slow, len(second)) == second
        assert (relay.held, relay.orphaned) == ({END_TXN: 1}, {})


async def test_a_held_request_arrives_behind_its_own_repetition(server: Server) -> None:
    """As librdkafka does it: no answer, so hang up and ask again on another connection."""
    late, again = request(END_TXN, 7), request(END_TXN, 8)
    with relay_to(server.port, is_kafka=True) as relay:
        relay.hold(END_TXN, 0.3)
        async with client(relay) as (_, writer):
            writer.write(late)
            async with asyncio.timeout(DEADLINE_S):
                while not relay.held:
                    await asyncio.sleep(0.01)
        async with client(relay) as (reader, writer):
            writer.write(again)
            assert await heard(reader, len(again)) == again
            async with asyncio.timeout(DEADLINE_S):
                while not relay.orphaned:
                    await asyncio.sleep(0.01)
        assert b"".join(server.heard) == again + late
        assert (relay.held, relay.orphaned) == ({END_TXN: 1}, {END_TXN: 1})
