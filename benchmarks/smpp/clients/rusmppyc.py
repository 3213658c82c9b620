"""rusmppyc: Rust underneath, an awaited result per message above. It keeps no window of its own."""

import asyncio
from collections.abc import Awaitable

import rusmppyc
import uvloop
from rusmppyc import CommandId, Event, MCDeliveryReceipt, Npi, RegisteredDelivery, Ton

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
    client, events = await rusmppyc.Client.connect(
        f"smpp://{asked.host}:{asked.port}",
        enquire_link_interval=None,
        response_timeout=120_000,
        interface_version_check=False,
    )
    receipts = Count()

    async def listen() -> None:
        async for event in events:
            match event:
                case Event.Incoming(command) if isinstance(command.id, CommandId.DeliverSm):
                    await client.deliver_sm_resp(command.sequence_number, "")
                    receipts.add()

    listening = asyncio.create_task(listen())
    await client.bind_transceiver(system_id=SYSTEM_ID, password=PASSWORD)
    sender_ton, ton, npi = Ton.Alphanumeric(), Ton.International(), Npi.Isdn()
    receipt_asked = RegisteredDelivery(
        MCDeliveryReceipt.McDeliveryReceiptRequestedWhereFinalDeliveryOutcomeIsSuccessOrFailure()
    )

    def request() -> Awaitable[object]:
        return client.submit_sm(
            source_addr_ton=sender_ton,
            source_addr=SENDER,
            dest_addr_ton=ton,
            dest_addr_npi=npi,
            destination_addr=RECIPIENT,
            registered_delivery=receipt_asked,
            short_message=OCTETS,
        )

    await measure(asked, workers(request, asked.window), receipts)
    listening.cancel()
    await client.unbind()


if __name__ == "__main__":
    uvloop.run(main(work()))
