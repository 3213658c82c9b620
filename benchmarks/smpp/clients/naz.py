"""naz at its best: its own log, rate limiter and correlater each cost more than all the rest.

The SimpleLogger renders JSON before it looks at the level, the SimpleRateLimiter sleeps a second
after 100,000 messages, and the SimpleCorrelater walks the last 15 seconds for each message.
"""

import asyncio
import contextlib
import logging
from collections import deque

import naz
import uvloop

from benchmarks.smpp.feed import Feed
from benchmarks.smpp.work import PASSWORD, RECIPIENT, SENDER, SYSTEM_ID, TEXT, Work, work


class Broker(naz.broker.BaseBroker):
    """Makes a message when there is room for it; naz answers receipts by way of its broker."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._answers: deque[naz.protocol.Message] = deque()

    async def enqueue(self, message: naz.protocol.Message) -> None:
        self._answers.append(message)
        self._feed.wake()

    async def dequeue(self) -> naz.protocol.Message:
        await self._feed.turn()
        if self._answers:
            return self._answers.popleft()
        return naz.protocol.SubmitSM(
            short_message=TEXT,
            source_addr=SENDER,
            destination_addr=RECIPIENT,
            log_id=self._feed.next_id(),
            source_addr_ton=5,
            source_addr_npi=0,
            registered_delivery=1,
        )


class Hook(naz.hooks.BaseHook):
    """Hears of answers and of receipts that were answered."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    async def to_smsc(self, smpp_command: str, log_id: str, hook_metadata: str, pdu: bytes) -> None:
        if smpp_command == "deliver_sm_resp":
            self._feed.receipts.add()

    async def from_smsc(
        self, smpp_command: str, log_id: str, hook_metadata: str, status: object, pdu: bytes
    ) -> None:
        if smpp_command == "submit_sm_resp":
            self._feed.answered(log_id)


class Correlater(naz.correlater.BaseCorrelater):
    """By sequence_number, until it is answered."""

    def __init__(self) -> None:
        self._names: dict[int, tuple[str, str]] = {}

    async def put(
        self,
        smpp_command: str,
        sequence_number: int,
        log_id: str,
        hook_metadata: str,
        smsc_message_id: str | None = None,
    ) -> None:
        if smpp_command == "submit_sm":
            self._names[sequence_number] = (log_id, hook_metadata)

    async def get(
        self, smpp_command: str, sequence_number: int, smsc_message_id: str | None = None
    ) -> tuple[str, str]:
        if smpp_command == "submit_sm_resp":
            return self._names.pop(sequence_number)
        return "", ""


class RateLimiter(naz.ratelimiter.BaseRateLimiter):
    """None."""

    async def limit(self) -> None:
        pass


async def main(asked: Work) -> None:
    feed = Feed(asked)
    client = naz.Client(
        smsc_host=asked.host,
        smsc_port=asked.port,
        system_id=SYSTEM_ID,
        password=PASSWORD,
        broker=Broker(feed),
        hook=Hook(feed),
        correlation_handler=Correlater(),
        rate_limiter=RateLimiter(),
        logger=logging.Logger("naz", logging.CRITICAL),
    )
    await client.connect()
    await client.tranceiver_bind()
    running = [
        asyncio.create_task(client.dequeue_messages()),
        asyncio.create_task(client.receive_data()),
    ]
    await feed.measure()
    for task in running:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


if __name__ == "__main__":
    uvloop.run(main(work()))
