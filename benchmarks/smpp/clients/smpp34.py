"""smpp34: Rust underneath, an awaited result per message above."""

import asyncio
from collections.abc import Awaitable

import smpp34
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

OCTETS = TEXT.encode()


async def main(asked: Work) -> None:
    client = smpp34.Client(
        asked.host,
        asked.port,
        SYSTEM_ID,
        PASSWORD,
        bind_type="TRX",
        window_size=asked.window,
        inbound_capacity=10_000,
    )
    smsc = await client.connect()
    receipts = Count()

    async def listen() -> None:
        while isinstance(await smsc.next(), smpp34.DeliverSmEvent):
            receipts.add()

    listening = asyncio.create_task(listen())

    def request() -> Awaitable[object]:
        return smsc.submit_sm(
            RECIPIENT,
            OCTETS,
            source_addr=SENDER,
            source_addr_ton=5,
            dest_addr_ton=1,
            dest_addr_npi=1,
            registered_delivery=1,
        )

    await measure(asked, workers(request, asked.window), receipts)
    listening.cancel()
    await smsc.unbind()


if __name__ == "__main__":
    uvloop.run(main(work()))
