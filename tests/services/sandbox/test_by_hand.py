"""Receipts by hand: what is under way, and who ends it how."""

import asyncio

import pytest

from smpp import receipt
from smpp.pdu import QuerySm, QuerySmResp, SubmitSmResp
from smpp.values import MessageState
from tests.services.sandbox.loopback import bound, sandbox
from tests.services.sandbox.test_http import client

NUMBER = "46700000001"
BY_HAND = {"state": "DELIVERED", "receipt": "by_hand"}


@pytest.mark.parametrize(
    ("state", "error", "arrived"),
    [
        ("DELIVERED", "000", 1),
        ("UNDELIVERABLE", "027", 0),
        ("EXPIRED", "002", 0),
        ("REJECTED", "003", 0),
    ],
)
async def test_a_message_is_under_way_until_somebody_ends_it(
    state: str, error: str, arrived: int
) -> None:
    async with sandbox(handsets_max=2) as own, client(own) as http, bound(own) as handset:
        url = f"/handsets/{NUMBER}"
        assert (await http.post(f"{url}/state", json=BY_HAND)).status_code == 200
        await handset.submit(1)
        (waits,) = (await http.get(f"{url}/open")).json()
        assert (waits["account"], waits["sender"]) == ("one", "ACME")
        assert (await http.get(url)).json() == []
        assert handset.came == []
        answer = await http.post(f"{url}/receipt", json={"state": state, "error": error})
        assert (answer.status_code, answer.json()) == (202, {"ended": [waits["smsc_message_id"]]})
        (pdu,) = await handset.receive(1)
        told = receipt.read(pdu)
        assert (told.message_id, told.error) == (waits["smsc_message_id"], error)
        assert told.state is not None
        assert told.state.name == state
        assert len((await http.get(url)).json()) == arrived
        assert (await http.get(f"{url}/open")).json() == []


async def test_the_newest_is_meant_unless_one_is_named() -> None:
    async with sandbox(handsets_max=2) as own, client(own) as http, bound(own) as handset:
        url = f"/handsets/{NUMBER}"
        await http.post(f"{url}/state", json=BY_HAND)
        for _ in range(3):
            await handset.submit(1)
        ids = [each["smsc_message_id"] for each in (await http.get(f"{url}/open")).json()]
        newest = await http.post(f"{url}/receipt", json={"state": "DELIVERED"})
        named = {"state": "DELIVERED", "smsc_message_id": ids[0]}
        assert newest.json() == {"ended": [ids[2]]}
        assert (await http.post(f"{url}/receipt", json=named)).json() == {"ended": [ids[0]]}
        again = await http.post(f"{url}/receipt", json=named)
        assert (again.status_code, again.json()) == (
            422,
            {"faults": [f"{NUMBER}: no {ids[0]} is under way to it; /open lists what is"]},
        )
        left = (await http.get(f"{url}/open")).json()
        assert [each["smsc_message_id"] for each in left] == [ids[1]]


async def test_query_sm_tells_how_it_was_ended() -> None:
    async with sandbox(handsets_max=2) as own, client(own) as http, bound(own) as handset:
        await http.post(f"/handsets/{NUMBER}/state", json=BY_HAND)
        sent = await handset.submit(1)
        assert isinstance(sent, SubmitSmResp)
        end = {"state": "UNDELIVERABLE", "error": "027"}
        await http.post(f"/handsets/{NUMBER}/receipt", json=end)
        asked = QuerySm(message_id=sent.message_id, source_addr="ACME")
        told = await handset.esme.request(asked)
        assert isinstance(told, QuerySmResp)
        assert (told.message_state, told.error_code) == (MessageState.UNDELIVERABLE, 27)


async def test_what_is_under_way_anyway_is_ended_before_its_time_and_reported_once() -> None:
    text = "receipts: {delay_ms: {min: 300, max: 300}}"
    async with sandbox(text, handsets_max=2) as own, client(own) as http, bound(own) as handset:
        await handset.submit(1)
        await http.post(f"/handsets/{NUMBER}/receipt", json={"state": "DELIVERED"})
        await handset.receive(1)
        await asyncio.sleep(0.4)
        assert len(handset.came) == 1
        assert len((await http.get(f"/handsets/{NUMBER}")).json()) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"state": "DELIVERED"}, "nothing is under way to it"),
        ({"state": "ENROUTE"}, "ENROUTE is no outcome"),
        ({"state": "DELIVERED", "err": "1"}, "err: there is no such setting"),
    ],
)
async def test_what_cannot_be_ended_is_told(body: dict[str, str], words: str) -> None:
    async with sandbox(handsets_max=1) as own, client(own) as http:
        answer = await http.post(f"/handsets/{NUMBER}/receipt", json=body)
        assert answer.status_code == 422
        assert words in answer.json()["faults"][0]


async def test_by_hand_ends_with_the_fate_that_said_so() -> None:
    async with sandbox(handsets_max=2) as own, client(own) as http, bound(own) as handset:
        await http.post(f"/handsets/{NUMBER}/state", json=BY_HAND)
        await http.post(f"/handsets/{NUMBER}/state", json={"state": "DELIVERED"})
        await handset.submit(1)
        await handset.receive(1)
        assert (await http.get(f"/handsets/{NUMBER}/open")).json() == []
