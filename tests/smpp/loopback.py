"""A client and a server on loopback, and a peer that writes and reads octets itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from smpp.client import Esme, EsmeConfig
from smpp.framing import Framer
from smpp.link import OnAnswer
from smpp.pdu import Bind, BindTransceiverResp, Pdu
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.state import Closed
from smpp.values import CommandStatus
from smpp.wire import decode, encode

DEADLINE_S = 5.0
PASSWORD = "secret"


class Inbox:
    """What a side was told, to be awaited in order."""

    def __init__(self) -> None:
        self.requests: asyncio.Queue[Pdu] = asyncio.Queue()
        self.ends: asyncio.Queue[Closed] = asyncio.Queue()

    async def request(self) -> Pdu:
        return await asyncio.wait_for(self.requests.get(), DEADLINE_S)

    async def end(self) -> Closed:
        return await asyncio.wait_for(self.ends.get(), DEADLINE_S)


class World:
    """An Smsc that listens, and the Esmes that bind to it. Requests are answered by the test."""

    def __init__(self, config: SmscConfig | None = None) -> None:
        self.at_smsc, self.at_esme = Inbox(), Inbox()
        self.batches = 0
        self.peers: list[RawPeer] = []
        self.smsc = Smsc(
            config,
            on_bind=self._on_bind,
            on_request=lambda session, pdu: self.at_smsc.requests.put_nowait(pdu),
            on_closed=lambda session, closed: self.at_smsc.ends.put_nowait(closed),
            on_batch=self._on_batch,
        )

    @property
    def session(self) -> SmscSession:
        """The one session there is."""
        [session] = self.smsc.sessions
        return session

    async def bind(self, **fields: Any) -> Esme:
        """A new Esme, bound."""
        return await connect(self.smsc.port, self.at_esme, **fields)

    async def raw(self) -> "RawPeer":
        """A new peer made of octets; it is cut before the server stops."""
        peer = RawPeer(*await asyncio.open_connection("127.0.0.1", self.smsc.port))
        self.peers.append(peer)
        return peer

    def _on_bind(self, session: SmscSession, bind: Bind) -> CommandStatus:
        is_known = bind.password == PASSWORD
        return CommandStatus.ESME_ROK if is_known else CommandStatus.ESME_RINVPASWD

    def _on_batch(self, session: SmscSession) -> None:
        self.batches += 1


@asynccontextmanager
async def world(config: SmscConfig | None = None) -> AsyncIterator[World]:
    made = World(config)
    async with made.smsc:
        yield made
        for peer in made.peers:
            peer.cut()


async def connect(port: int, inbox: Inbox, **fields: Any) -> Esme:
    who: dict[str, Any] = {"system_id": "us", "password": PASSWORD} | fields
    config = EsmeConfig(host="127.0.0.1", port=port, **who)
    return await asyncio.wait_for(
        Esme.connect(
            config,
            on_request=lambda esme, pdu: inbox.requests.put_nowait(pdu),
            on_closed=lambda esme, closed: inbox.ends.put_nowait(closed),
        ),
        DEADLINE_S,
    )


class RawPeer:
    """A peer made of octets: writes what it is told, reads PDUs, knows no rules."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._framer = Framer()
        self._read: list[Pdu] = []

    async def write(self, *parts: Pdu | bytes) -> None:
        for part in parts:
            self._writer.write(encode(part) if isinstance(part, Pdu) else part)
        await self._writer.drain()

    async def pdu(self) -> Pdu:
        """The next PDU."""
        while not self._read:
            octets = await asyncio.wait_for(self._reader.read(65_536), DEADLINE_S)
            if not octets:
                raise EOFError
            self._read += [decode(whole) for whole in self._framer.feed(octets)]
        return self._read.pop(0)

    async def is_hung_up(self) -> bool:
        """Whether the other end closes, whatever it still writes before."""
        try:
            while await asyncio.wait_for(self._reader.read(65_536), DEADLINE_S):
                pass
        except ConnectionError:
            pass
        return True

    def cut(self) -> None:
        """Reset the connection."""
        self._writer.transport.abort()


@asynccontextmanager
async def raw_server() -> AsyncIterator[tuple[int, "asyncio.Queue[RawPeer]"]]:
    """A port, and the peers that connect to it."""
    peers: asyncio.Queue[RawPeer] = asyncio.Queue()
    met: list[RawPeer] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(RawPeer(reader, writer))
        peers.put_nowait(met[-1])

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], peers
    finally:
        for peer in met:
            peer.cut()
        server.close()
        await server.wait_closed()


Answers = list[tuple[object, Pdu | None]]


def collector(answers: Answers, count: int) -> tuple[OnAnswer, "asyncio.Future[None]"]:
    """An `on_answer` that keeps what it hears, and a future that `count` answers resolve."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_answer(context: object, response: Pdu | None) -> None:
        answers.append((context, response))
        if len(answers) == count:
            done.set_result(None)

    return on_answer, done


def config_of(port: int, **fields: object) -> EsmeConfig:
    who: dict[str, object] = {"system_id": "us", "password": PASSWORD, "host": "127.0.0.1"}
    return EsmeConfig(port=port, **(who | fields))  # type: ignore[arg-type]


async def bound_to(
    port: int, peers: "asyncio.Queue[RawPeer]", **fields: object
) -> tuple[Esme, RawPeer, Inbox]:
    """An Esme bound to a raw peer."""
    inbox = Inbox()
    connecting = asyncio.create_task(connect(port, inbox, **fields))
    peer = await peers.get()
    bind = await peer.pdu()
    await peer.write(BindTransceiverResp(sequence_number=bind.sequence_number))
    return await connecting, peer, inbox
