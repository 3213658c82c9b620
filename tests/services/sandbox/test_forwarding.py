"""Two sandboxes as one carrier: transmitters at one, receivers at the other."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.sandbox.forwarding import BATCH_OCTETS_MAX, Batch
from services.sandbox.http import BODY_OCTETS_MAX, serving
from services.sandbox.mo import MoOrder
from smpp import receipt
from smpp.pdu import DeliverSm
from smpp.values import BindType
from smpp.wire import encode
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, bound, lines, sandbox

MESSAGES = 1000
DELIVER_SM = encode(DeliverSm()).hex()
RECEIPT = {"journal": "receipts"}


def accounts(port: int) -> dict[str, Any]:
    there = {"url": f"http://127.0.0.1:{port}", "account": "two"}
    return {"one": {"password": PASSWORD, "deliver_to": there}}


async def test_a_thousand_receipts_come_at_the_other_site_which_was_down_in_between() -> None:
    half = MESSAGES // 2
    async with contextlib.AsyncExitStack() as site, sandbox() as other:
        port = await site.enter_async_context(serving(other, "127.0.0.1", 0))
        async with (
            sandbox(accounts=accounts(port)) as own,
            bound(own, bind_type=BindType.TRANSMITTER) as sender,
            bound(other, system_id="two", bind_type=BindType.RECEIVER) as receiver,
        ):
            answers = await asyncio.gather(*[sender.submit(n) for n in range(half)])
            await receiver.receive(half)
            await site.aclose()
            rest = range(half, MESSAGES)
            answers += await asyncio.gather(*[sender.submit(n) for n in rest])
            assert len(receiver.came) == half
            async with serving(other, "127.0.0.1", port):
                await receiver.receive(MESSAGES)
                await receiver.esme.close()
            told = Counter(receipt.read(pdu).message_id for pdu in receiver.came)
            assert told == Counter(getattr(answer, "message_id", "") for answer in answers)
            entries = lines(other.ledger.receipts)
            assert {entry["message_id"] for entry in entries} == {f"m{n}" for n in range(MESSAGES)}
            assert {entry["state"] for entry in entries} == {"DELIVERED"}
            assert lines(own.ledger.receipts) == []
            figures = own.statistics()["accounts"]["one"]["forwarded"]
            assert figures == {"sent": MESSAGES, "waiting": 0, "dropped": 0}


async def test_an_mo_goes_there_too_and_a_batch_that_comes_again_is_taken_once() -> None:
    async with (
        sandbox() as other,
        serving(other, "127.0.0.1", 0) as port,
        sandbox(accounts=accounts(port)) as own,
        bound(other, system_id="two") as receiver,
    ):
        own.subscribers.send(
            MoOrder.model_validate({"from": "46731234567", "to": "12345", "text": "VOTE A"})
        )
        (mo,) = await receiver.receive(1)
        assert mo.short_message == b"VOTE A"
        batch = Batch(account="two", batch="x", deliveries=[])
        assert [other.take_deliveries(batch) for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"account": "three", "deliveries": []}, "account: there are one, two"),
        ({"account": "two", "deliveries": [{}]}, "no delivery"),
        (
            {"account": "two", "deliveries": [{"pdu": "00", "head": [1], "journal": "mo"}]},
            "no delivery",
        ),
        (
            {"account": "two", "deliveries": [{"pdu": DELIVER_SM, "head": ["00"], **RECEIPT}]},
            "no delivery",
        ),
    ],
)
async def test_what_is_no_batch_is_refused(batch: dict[str, Any], words: str) -> None:
    async with sandbox() as own:
        with pytest.raises(ValueError, match=words):
            own.take_deliveries(Batch.model_validate({"batch": "x"} | batch))


async def test_what_waits_for_elsewhere_is_limited() -> None:
    async with (
        sandbox(accounts=accounts(1), waiting_max=3) as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
    ):
        async with asyncio.timeout(DEADLINE_S):
            for number in range(10):
                await sender.submit(number)
        figures = own.statistics()["accounts"]["one"]["forwarded"]
        assert figures == {"sent": 0, "waiting": 3, "dropped": 7}
        (fault,) = own.statistics()["faults"]
        assert fault == "one: 7 deliver_sm for elsewhere dropped, 3 waited"


@contextlib.asynccontextmanager
async def answering(*answers: bytes | None) -> AsyncIterator[tuple[int, asyncio.Event]]:
    """A site that gives these answers, one a POST, None being silence; an event when all were."""
    asked, given, ended = iter(answers), asyncio.Event(), asyncio.Event()
    left = len(answers)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        await reader.readuntil(b"\r\n\r\n")
        words = next(asked, b"HTTP/1.1 202 Accepted\r\n\r\n")
        left -= 1
        if left == 0:
            given.set()
        if words is None:
            await ended.wait()
        else:
            writer.write(words)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], given
    finally:
        ended.set()
        server.close()
        await server.wait_closed()


async def test_whatever_the_other_site_answers_it_is_asked_again_until_it_takes() -> None:
    bad = (b"nonsense\r\n", b"", b"HTTP/1.1 500 No\r\n\r\n", b"x" * (1 << 17))
    async with (
        answering(*bad, b"HTTP/1.1 202 Accepted\r\n\r\n") as (port, given),
        sandbox(accounts=accounts(port)) as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
    ):
        await sender.submit()
        async with asyncio.timeout(DEADLINE_S):
            await given.wait()
            while not (figures := own.statistics()["accounts"]["one"]["forwarded"])["sent"]:
                await asyncio.sleep(0)
        assert figures == {"sent": 1, "waiting": 0, "dropped": 0}


async def test_a_silent_site_leaves_nothing_behind_that_holds_up_the_end() -> None:
    async with answering(None) as (port, given):
        async with (
            sandbox(accounts=accounts(port)) as own,
            bound(own, bind_type=BindType.TRANSMITTER) as sender,
        ):
            await sender.submit()
            async with asyncio.timeout(DEADLINE_S):
                await given.wait()
        assert "forward" not in {task.get_name() for task in asyncio.all_tasks()}
        assert "asyncio_0" not in {thread.name for thread in threading.enumerate()}


async def test_long_mo_are_parted_into_batches_that_the_other_reads() -> None:
    async with (
        sandbox() as other,
        serving(other, "127.0.0.1", 0) as port,
        sandbox(accounts=accounts(port)) as own,
        bound(other, system_id="two") as receiver,
    ):
        count, octets = 20, 30_000
        assert 2 * count * octets > BODY_OCTETS_MAX > 2 * BATCH_OCTETS_MAX
        order = {"from": "46731234567", "to": "12345", "text": "A" * octets, "form": "payload"}
        for _ in range(count):
            own.subscribers.send(MoOrder.model_validate(order))
        assert len(await receiver.receive(count)) == count
