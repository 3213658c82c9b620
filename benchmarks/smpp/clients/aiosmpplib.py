"""aiosmpplib at its best: a broker that keeps the window, and a correlator that is two dicts.

Its own SimpleCorrelator walks every message of the last three days for each one more; the manual
says to bring another, so this is one. `aiosmpplib_shipped` measures what comes in the box.
"""

import asyncio
import contextlib
import logging

import uvloop
from aiosmpplib import (
    ESME,
    NPI,
    TON,
    AbstractBroker,
    AbstractCorrelator,
    AbstractHook,
    DeliverSm,
    DeliverSmResp,
    PhoneNumber,
    SmppMessage,
    SubmitSm,
    SubmitSmResp,
)

from benchmarks.smpp.feed import Feed
from benchmarks.smpp.work import PASSWORD, RECIPIENT, SENDER, SYSTEM_ID, TEXT, Work, work


def submit_sm(name: str) -> SubmitSm:
    """One message."""
    return SubmitSm(
        short_message=TEXT,
        source=PhoneNumber(SENDER, TON.ALPHANUMERIC),
        destination=PhoneNumber(RECIPIENT, TON.INTERNATIONAL, NPI.ISDN),
        registered_delivery=1,
        log_id=name,
    )


class Broker(AbstractBroker):
    """Makes a message when there is room for it."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def enqueue(self, message: SmppMessage) -> None:
        raise NotImplementedError

    async def dequeue(self) -> SmppMessage:
        await self._feed.turn()
        return submit_sm(self._feed.next_id())


class Hook(AbstractHook):
    """Hears of answers and of receipts that were answered."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:
        if type(smpp_message) is DeliverSmResp:
            self._feed.receipts.add()

    async def received(self, smpp_message: SmppMessage | None, pdu: bytes, client_id: str) -> None:
        if type(smpp_message) is SubmitSmResp:
            self._feed.answered(smpp_message.log_id)

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:
        raise error


class Correlator(AbstractCorrelator):
    """By sequence_number and by message_id; whole messages only, nothing expires."""

    def __init__(self, awaits_receipts: bool) -> None:
        self._awaits_receipts = awaits_receipts
        self._requests: dict[int, SmppMessage] = {}
        self._submitted: dict[str, SubmitSm] = {}

    def get_cumulated_status(self, ref_num: int) -> int:
        raise NotImplementedError

    async def expired(self, smpp_message: SmppMessage) -> None:
        raise NotImplementedError

    async def put(self, smpp_message: SmppMessage) -> None:
        self._requests[smpp_message.sequence_num] = smpp_message

    async def put_delivery(self, smsc_message_id: str, submit_sm: SubmitSm) -> None:
        if self._awaits_receipts:  # else it would only grow
            self._submitted[smsc_message_id] = submit_sm

    async def put_delivery_segmented(self, deliver_sm: DeliverSm) -> DeliverSm | None:
        raise NotImplementedError

    async def get(self, response: SmppMessage) -> SmppMessage | None:
        return self._requests.pop(response.sequence_num, None)

    async def get_segmented(self, smpp_seq_num: int, remove: bool = False) -> tuple[None, int]:
        return None, 0

    async def get_delivery(self, receipt: DeliverSm) -> SubmitSm | None:
        return self._submitted.pop(str(receipt.parse_receipt().get("id")), None)


async def run(esme: ESME, feed: Feed) -> None:
    """Bind, measure, unbind."""
    running = asyncio.create_task(esme.start())
    await feed.measure()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def main(asked: Work) -> None:
    feed = Feed(asked)
    esme = ESME(
        asked.host,
        asked.port,
        SYSTEM_ID,
        PASSWORD,
        log_level=logging.CRITICAL,
        broker=Broker(feed),
        hook=Hook(feed),
        correlator=Correlator(asked.has_receipts),
    )
    await run(esme, feed)


if __name__ == "__main__":
    uvloop.run(main(work()))
