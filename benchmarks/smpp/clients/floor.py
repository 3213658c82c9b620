"""The floor: the least Python that does the work with a future per message.

No library and no SMPP beyond the octets asked for: a constant PDU whose sequence_number is patched
in, a dict of futures, one write a turn of the loop. It checks nothing, times nothing out, and
could not be used; what stands between it and a client is what that client does for its user.
"""

import asyncio
from struct import Struct

import uvloop

from benchmarks.smpp.work import (
    PASSWORD,
    RECIPIENT,
    SENDER,
    SYSTEM_ID,
    TEXT,
    Count,
    Work,
    measure,
    work,
    workers,
)

HEADER = Struct(">IIII")
SUBMIT_SM, SUBMIT_SM_RESP, DELIVER_SM, DELIVER_SM_RESP = 0x4, 0x80000004, 0x5, 0x80000005
BIND_TRANSCEIVER = 0x9
BIND_BODY = f"{SYSTEM_ID}\0{PASSWORD}\0\0\x34\0\0\0".encode()
BODY = f"\0\5\0{SENDER}\0\1\1{RECIPIENT}\0\0\0\0\0\0\1\0\0\0{chr(len(TEXT))}{TEXT}".encode(
    "latin-1"
)
LENGTH = 16 + len(BODY)
DELIVER_BODY = b"\0"


class Floor(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.receipts = Count()
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, asyncio.Future[bytes]] = {}
        self._number = 0
        self._outgoing: list[bytes] = []
        self._rest = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def request(
        self, command: int = SUBMIT_SM, body: bytes = BODY, length: int = LENGTH
    ) -> "asyncio.Future[bytes]":
        """Send; the future is its response."""
        self._number = number = self._number + 1
        self._pending[number] = answer = self._loop.create_future()
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(HEADER.pack(length, command, 0, number) + body)
        return answer

    def data_received(self, octets: bytes) -> None:
        octets = self._rest + octets if self._rest else octets
        at, size, unpack, pending = 0, len(octets), HEADER.unpack_from, self._pending
        while at + 16 <= size:
            length, command, _, number = unpack(octets, at)
            end = at + length
            if end > size:
                break
            if command == DELIVER_SM:
                self._outgoing.append(HEADER.pack(17, DELIVER_SM_RESP, 0, number) + DELIVER_BODY)
                self.receipts.add()
            else:
                pending.pop(number).set_result(octets[at + 16 : end - 1])
            at = end
        self._rest = octets[at:]
        if self._outgoing:
            self._flush()

    def _flush(self) -> None:
        if self._outgoing:
            self._transport.write(b"".join(self._outgoing))
            self._outgoing.clear()


async def main(asked: Work) -> None:
    loop = asyncio.get_running_loop()
    transport, floor = await loop.create_connection(Floor, asked.host, asked.port)
    await floor.request(BIND_TRANSCEIVER, BIND_BODY, 16 + len(BIND_BODY))
    await measure(asked, workers(floor.request, asked.window), floor.receipts)
    transport.close()


if __name__ == "__main__":
    uvloop.run(main(work()))
