"""aiosmpplib with the broker and the correlator that come with it, and the default loop and log."""

import asyncio

from aiosmpplib import ESME
from aiosmpplib.broker import SimpleBroker

from benchmarks.smpp.clients.aiosmpplib import Hook, run, submit_sm
from benchmarks.smpp.feed import Feed
from benchmarks.smpp.work import PASSWORD, SYSTEM_ID, Work, work


async def main(asked: Work) -> None:
    feed = Feed(asked)
    broker = SimpleBroker()
    esme = ESME(asked.host, asked.port, SYSTEM_ID, PASSWORD, broker=broker, hook=Hook(feed))

    async def fill() -> None:
        while True:
            await feed.turn()
            await broker.enqueue(submit_sm(feed.next_id()))

    filling = asyncio.create_task(fill())
    await run(esme, feed)
    filling.cancel()


if __name__ == "__main__":
    asyncio.run(main(work()))
