"""Ours: a worker per slot of the window, each awaiting `request`."""

import asyncio
import gc
from functools import partial
from time import perf_counter

import uvloop

from benchmarks.smpp.work import (
    PASSWORD,
    RECIPIENT,
    SENDER,
    SYSTEM_ID,
    TEXT,
    TIMED,
    Count,
    Work,
    measure,
    work,
)
from smpp.client import Esme, EsmeConfig
from smpp.pdu import Pdu, SubmitSm
from smpp.values import Npi, Ton

OCTETS = TEXT.encode()
ALPHANUMERIC, INTERNATIONAL, ISDN = int(Ton.ALPHANUMERIC), int(Ton.INTERNATIONAL), int(Npi.ISDN)


def config(asked: Work) -> EsmeConfig:
    """Where to bind and with what window; the rest is the defaults."""
    return EsmeConfig(
        host=asked.host,
        port=asked.port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        window_requests_max=asked.window,
    )


def submit_sm() -> SubmitSm:
    """One message, made anew for each request as an application does."""
    return SubmitSm(
        source_addr_ton=ALPHANUMERIC,
        source_addr=SENDER,
        dest_addr_ton=INTERNATIONAL,
        dest_addr_npi=ISDN,
        destination_addr=RECIPIENT,
        registered_delivery=1,
        short_message=OCTETS,
    )


async def connect(asked: Work, receipts: Count) -> Esme:
    """Bound, and answering every receipt."""

    def on_request(esme: Esme, pdu: Pdu) -> None:
        esme.respond(pdu)
        receipts.add()

    return await Esme.connect(
        config(asked), on_request=on_request, on_closed=lambda esme, closed: None
    )


def settle_memory() -> None:
    """As smpp/README.md advises: what is there stays, and short-lived objects are not searched."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def send(esme: Esme, window: int, messages: int) -> list[float]:
    """As many workers as the window is wide, each awaiting its answers one by one."""
    numbers = iter(range(messages))
    latencies: list[float] = []

    async def worker() -> None:
        for number in numbers:
            began = 0.0 if number % TIMED else perf_counter()
            await esme.request(submit_sm())
            if began:
                latencies.append(perf_counter() - began)

    await asyncio.gather(*(worker() for _ in range(window)))
    return latencies


async def main(asked: Work) -> None:
    settle_memory()
    receipts = Count()
    esme = await connect(asked, receipts)
    await measure(asked, partial(send, esme, asked.window), receipts)
    await esme.close()


if __name__ == "__main__":
    uvloop.run(main(work()))
