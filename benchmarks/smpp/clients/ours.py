"""Ours: a worker per slot of the window, each awaiting `request`."""

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
)
from smpp.client import Esme, EsmeConfig
from smpp.pdu import Pdu, SubmitSm
from smpp.values import Npi, Ton

OCTETS = TEXT.encode()


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
        source_addr_ton=Ton.ALPHANUMERIC,
        source_addr=SENDER,
        dest_addr_ton=Ton.INTERNATIONAL,
        dest_addr_npi=Npi.ISDN,
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


async def main(asked: Work) -> None:
    receipts = Count()
    esme = await connect(asked, receipts)
    await measure(asked, lambda: esme.request(submit_sm()), receipts)
    await esme.close()


if __name__ == "__main__":
    uvloop.run(main(work()))
