"""Two sandboxes as one carrier: transmitters at one, receivers at the other."""

import asyncio
import contextlib
from collections import Counter
from typing import Any

import pytest

from services.sandbox.config import Elsewhere
from services.sandbox.deliveries import Delivery
from services.sandbox.forwarding import Forwarder
from services.sandbox.http import serving
from services.sandbox.mo import MoOrder
from smpp import receipt, tlv
from smpp.pdu import DeliverSm
from smpp.values import BindType, MessageState
from smpp.wire import encode
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, bound, lines, sandbox

MESSAGES = 1000
PDU = encode(DeliverSm()).hex()


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
        batch = {"account": "two", "batch": "x", "deliveries": []}
        assert [other.take_deliveries(batch) for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"account": "three"}, "account: there are one, two"),
        ({"account": "two", "deliveries": [{}]}, "no delivery"),
        (
            {"account": "two", "deliveries": [{"pdu": "00", "head": [1], "journal": "mo"}]},
            "no delivery",
        ),
        (
            {"account": "two", "deliveries": [{"pdu": PDU, "head": [""], "journal": "receipts"}]},
            "no delivery",
        ),
    ],
)
async def test_what_is_no_batch_is_refused(batch: dict[str, Any], words: str) -> None:
    async with sandbox() as own:
        with pytest.raises(ValueError, match=words):
            own.take_deliveries(batch)


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
        assert own.statistics()["faults"] == ["one: 7 deliver_sm for elsewhere dropped"]


async def test_long_messages_go_in_bodies_that_the_other_takes() -> None:
    payload = tlv.MESSAGE_PAYLOAD.make(b"x" * 60_000)
    head = (b"m1|1", "1", MessageState.DELIVERED, False)
    async with (
        sandbox() as other,
        serving(other, "127.0.0.1", 0) as port,
        bound(other, system_id="two") as receiver,
    ):
        there = Elsewhere(url=f"http://127.0.0.1:{port}", account="two")
        forwarder = Forwarder(there, "one/1", 100)
        for _ in range(30):
            pdu = DeliverSm(source_addr="1", destination_addr="2", tlvs=(payload,))
            forwarder.put(Delivery(pdu, other.ledger.receipts, head))
        await receiver.receive(30)
        await forwarder.stop()


async def test_an_other_that_speaks_no_http_is_asked_again() -> None:
    asked, again = 0, asyncio.Event()

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            again.set()
        await reader.read(1)
        writer.write(b"no HTTP\r\n\r\n")
        writer.close()

    babbler = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with (
        babbler,
        sandbox(accounts=accounts(babbler.sockets[0].getsockname()[1])) as own,
        bound(own) as sender,
    ):
        await sender.submit()
        async with asyncio.timeout(DEADLINE_S):
            await again.wait()
        assert own.statistics()["accounts"]["one"]["forwarded"]["waiting"] == 1
