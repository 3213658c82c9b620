"""Brings deliveries to an account of another sandbox: two of them as one carrier.

A carrier may have transmitters at one site and receivers at another. What is for an account there
is posted in batches to the other's HTTP address, in order, one batch at a time, and again until it
is taken; one that was taken and whose answer was lost is not taken twice. What waits is limited.
"""

import asyncio
import json
import urllib.request
from collections import deque
from http.client import HTTPException
from itertools import count, islice
from typing import Any

import structlog

from services.sandbox.config import Elsewhere
from services.sandbox.deliveries import Delivery
from smpp.errors import SmppError
from smpp.pdu import DataSm, DeliverSm
from smpp.values import MessageState
from smpp.wire import decode, encode

LOG = structlog.get_logger()
BATCH_MAX = 500
BATCH_OCTETS_MAX = 1 << 19  # as they are written: the other takes no body of more than 1 MiB
PAUSE_S = 0.02  # from one batch to the next: a receipt waits no longer than that
RETRY_MIN_S, RETRY_MAX_S = 0.1, 5.0
TIMEOUT_S = 1.0  # what is being posted cannot be cancelled, and we end within 2 s
BATCHES_REMEMBERED = 1000

Batch = dict[str, Any]


class Forwarder:
    """What waits for one account elsewhere."""

    def __init__(self, elsewhere: Elsewhere, sender: str, waiting_max: int) -> None:
        """`sender` is a name for this run of this account, which no other has."""
        self.sent = 0
        self.dropped = 0
        self._elsewhere = elsewhere
        self._sender = sender
        self._waiting: deque[Delivery] = deque()
        self._waiting_max = waiting_max
        self._numbers = count(1)
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, delivery: Delivery) -> None:
        """Send it soon."""
        if delivery.is_over:
            return
        if len(self._waiting) >= self._waiting_max:
            self.dropped += 1
            return
        self._waiting.append(delivery)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send_all(), name="forward")

    async def stop(self) -> None:
        """Send no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(PAUSE_S)
            deliveries = self._next()
            await self._send(
                {
                    "batch": f"{self._sender}/{next(self._numbers)}",
                    "account": self._elsewhere.account,
                    "deliveries": deliveries,
                }
            )
            for _ in deliveries:
                self._waiting.popleft()
            self.sent += len(deliveries)
        self._task = None

    def _next(self) -> list[Batch]:
        """As many of the first as one body may hold, one at least."""
        found: list[Batch] = []
        octets = 0
        for delivery in islice(self._waiting, BATCH_MAX):
            written = _written(delivery)
            octets += len(written["pdu"])
            if found and octets > BATCH_OCTETS_MAX:
                break
            found.append(written)
        return found

    async def _send(self, batch: Batch) -> None:
        """Until it is taken."""
        retry_s = RETRY_MIN_S
        while True:
            try:
                await asyncio.to_thread(self._post, json.dumps(batch).encode())
            except (OSError, HTTPException) as error:  # no HTTP at all is not an OSError
                LOG.warning("not forwarded", url=str(self._elsewhere.url), error=str(error))
                await asyncio.sleep(retry_s)
                retry_s = min(RETRY_MAX_S, retry_s * 2)
            else:
                return

    def _post(self, body: bytes) -> None:
        url = f"{str(self._elsewhere.url).rstrip('/')}/deliveries"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            pass


class Batches:
    """Those taken from elsewhere, so that none is taken twice."""

    def __init__(self) -> None:
        self._taken: deque[str] = deque(maxlen=BATCHES_REMEMBERED)

    def is_new(self, name: str) -> bool:
        """Whether it comes for the first time; from now on it does not."""
        if name in self._taken:
            return False
        self._taken.append(name)
        return True


def _written(delivery: Delivery) -> dict[str, Any]:
    own, *rest = delivery.head
    is_receipt = isinstance(own, bytes) or own is None
    head = [own.hex() if isinstance(own, bytes) else own, *rest]
    return {
        "journal": "receipts" if is_receipt else "mo",
        "head": head,
        "pdu": encode(delivery.pdu).hex(),
    }


def read(written: dict[str, Any]) -> tuple[str, tuple[object, ...], DeliverSm | DataSm]:
    """Journal, head and PDU of a delivery; ValueError for what is none."""
    try:
        pdu = decode(bytes.fromhex(written["pdu"]))
        own, *rest = written["head"]
        journal = written["journal"]
        if journal == "receipts":
            rest[1] = MessageState(rest[1])
    except (LookupError, TypeError, ValueError, SmppError) as error:
        raise ValueError(f"no delivery: {error}") from error
    if not isinstance(pdu, DeliverSm | DataSm) or journal not in ("receipts", "mo"):
        raise ValueError("no delivery: neither a receipt nor an MO")
    pdu.sequence_number = 0
    return journal, (bytes.fromhex(own) if isinstance(own, str) else own, *rest), pdu
