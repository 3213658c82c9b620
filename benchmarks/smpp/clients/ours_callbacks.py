"""Ours without a future: `send` while there is `room`, answers by callback."""

import asyncio
from functools import partial
from time import perf_counter

import uvloop

from benchmarks.smpp.clients.ours import connect, settle_memory, submit_sm
from benchmarks.smpp.work import TIMED, Count, Work, measure, work
from smpp.client import Esme
from smpp.pdu import Pdu


async def send(esme: Esme, messages: int) -> list[float]:
    """Send so many and wait for all the answers; the context of a timed one is when it began."""
    done = asyncio.get_running_loop().create_future()
    unsent = unanswered = messages
    latencies: list[float] = []

    def on_answer(began: object, response: Pdu | None) -> None:
        nonlocal unanswered
        assert response is not None
        if type(began) is float:
            latencies.append(perf_counter() - began)
        unanswered -= 1
        if not unanswered:
            done.set_result(None)

    def pump() -> None:
        nonlocal unsent
        for _ in range(min(unsent, esme.room)):
            esme.send(submit_sm(), on_answer, None if unsent % TIMED else perf_counter())
            unsent -= 1

    esme.on_room = pump
    pump()
    await done
    return latencies


async def main(asked: Work) -> None:
    settle_memory()
    receipts = Count()
    esme = await connect(asked, receipts)
    await measure(asked, partial(send, esme), receipts)
    await esme.close()


if __name__ == "__main__":
    uvloop.run(main(work()))
