"""The sandbox over HTTP: what it tells, what it does, what it refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.sandbox.http import BODY_OCTETS_MAX, serving
from services.sandbox.smsc import Sandbox
from smpp import receipt
from tests.services.sandbox.loopback import DEADLINE_S, bound, sandbox


@asynccontextmanager
async def client(own: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(own, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=DEADLINE_S) as found:
            yield found


async def test_statistics_and_life() -> None:
    async with sandbox() as own, client(own) as http, bound(own) as handset:
        await handset.submit()
        await handset.receive(1)
        await handset.submit(2, registered_delivery=0)
        found = (await http.get("/stats")).json()
        assert found["faults"] == []
        assert found["binds"] == 1
        assert found["accounts"]["one"]["submit_sm"] == {"ESME_ROK": 2}
        assert found["accounts"]["one"]["deliver_sm"]["ESME_ROK"] == 1
        assert found["ledger"]["entries"] == {
            "segments": 2,
            "receipts": 1,
            "mo": 0,
            "binds": 1,
        }
        assert (await http.get("/livez")).text == "ok"


@pytest.mark.parametrize(("after", "numbers"), [(None, [1, 2, 3]), (2, [3]), (3, [])])
async def test_a_journal_is_read_as_json_lines_from_anywhere(
    after: int | None, numbers: list[int]
) -> None:
    async with sandbox() as own, client(own) as http, bound(own) as handset:
        for n in (1, 2, 3):
            await handset.submit(n)
        query = {} if after is None else {"after": after}
        answer = await http.get("/ledger/segments", params=query)
        found = [json.loads(line) for line in answer.text.splitlines()]
        assert [entry["n"] for entry in found] == numbers
        assert [entry["message_id"] for entry in found] == [f"m{n}" for n in numbers]


async def test_a_full_ledger_is_told_aloud() -> None:
    async with sandbox(ledger_max=1) as own, client(own) as http, bound(own) as handset:
        await handset.submit(1, registered_delivery=0)
        await handset.submit(2, registered_delivery=0)
        found = (await http.get("/stats")).json()
        assert found["faults"] == ["ledger full: 1 segments not recorded"]
        assert found["ledger"]["complete"] is False


async def test_an_mo_is_sent_and_its_answer_recorded() -> None:
    async with sandbox() as own, client(own) as http, bound(own) as handset:
        body = {"from": "46731234567", "to": "12345", "text": "VOTE A", "parts_shuffled": False}
        answer = await http.post("/mo", json=body)
        assert (answer.status_code, answer.json()) == (
            202,
            {"mo": 1, "parts": 1, "account": "one"},
        )
        await handset.receive(1)
        await handset.submit()
        (line,) = (await http.get("/ledger/mo")).text.splitlines()
        assert json.loads(line)["end"] == "answered"


async def test_a_scenario_is_read_and_changed_while_running() -> None:
    async with sandbox("receipts: {never_share: 1}") as own, client(own) as http:
        before = (await http.get("/scenario")).json()
        assert before["receipts"]["never_share"] == 1
        assert (await http.put("/scenario", content="slow")).json()["name"] == "slow"
        assert own.scenario.limits.rate_per_s == 400
        changed = await http.put("/scenario", content="limits: {rate_per_s: 7}")
        assert changed.json()["limits"]["rate_per_s"] == 7
        assert own.scenario.limits.rate_per_s == 7
        assert (await http.put("/scenario", json=before)).json() == before


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("PUT", "/scenario", "receipts: {nevr_share: 1}", 422, "receipts.nevr_share"),
        ("PUT", "/scenario", "[", 422, "is not YAML"),
        ("PUT", "/scenario", "fsat", 422, "must be a mapping"),
        ("PUT", "/scenario", "/etc/hostname", 422, "must be a mapping"),
        ("POST", "/mo", "{", 422, "JSON"),
        ("POST", "/mo", '{"from": "1", "to": "2"}', 422, "either text or data_hex"),
        ("POST", "/mo", '{"from": "1", "to": "2", "text": "x", "account": "z"}', 422, "one, two"),
        ("POST", "/mo", "x" * (BODY_OCTETS_MAX + 1), 413, "octets"),
        ("GET", "/ledger/nothing", "", 404, "segments, receipts, mo"),
        ("GET", "/ledger/mo?after=-1", "", 422, "after"),
        ("GET", "/drop", "", 405, ""),
    ],
)
async def test_a_fault_is_answered_in_words_and_changes_nothing(
    method: str, path: str, content: str, status: int, words: str
) -> None:
    async with sandbox() as own, client(own) as http:
        before = own.scenario
        answer = await http.request(method, path, content=content)
        assert answer.status_code == status
        assert words in answer.text
        assert own.scenario is before


async def test_drop_cuts_every_bind() -> None:
    async with sandbox() as own, client(own) as http, bound(own) as one, bound(own) as other:
        assert (await http.post("/drop")).json() == {"dropped": 2}
        for handset in (one, other):
            await handset.until(handset.closed.is_set)
        assert (await http.post("/drop")).json() == {"dropped": 0}


async def test_a_handset_shows_what_arrived_and_answers() -> None:
    async with sandbox(handsets_max=10) as own, client(own) as http, bound(own) as handset:
        await handset.submit(5, registered_delivery=0, short_message=b"Are you there?")
        while not (found := (await http.get("/handsets/46700000005")).json()):
            await asyncio.sleep(0)
        assert [each["text"] for each in found] == ["Are you there?"]
        assert (await http.get("/handsets")).json() == ["46700000005"]
        answer = await http.post("/handsets/46700000005/reply", json={"text": "Yes"})
        assert (answer.status_code, answer.json()["account"]) == (202, "one")
        (mo,) = await handset.receive(1)
        assert (mo.source_addr, mo.destination_addr) == ("46700000005", "ACME")
        assert mo.short_message == b"Yes"


@pytest.mark.parametrize(
    ("number", "body", "words"),
    [
        ("46", '{"text": "x"}', "46 has got nothing that could be answered"),
        ("46", '{"txt": "x"}', "txt: there is no such setting"),
    ],
)
async def test_a_reply_that_cannot_be_is_told(number: str, body: str, words: str) -> None:
    async with sandbox() as own, client(own) as http:
        answer = await http.post(f"/handsets/{number}/reply", content=body)
        assert answer.status_code == 422
        assert any(words in fault for fault in answer.json()["faults"])


async def test_scripted_subscribers_answer_the_whole_of_a_message() -> None:
    text = 'subscribers: [{hears: "parcel", says: ["STOP"], after_ms: {min: 0, max: 0}}]'
    async with sandbox(text) as own, bound(own) as handset:
        await handset.submit(1, registered_delivery=0, short_message=b"no answer to this")
        await handset.submit(2, registered_delivery=0, short_message=b"Your parcel is here")
        (mo,) = await handset.receive(1)
        assert (mo.source_addr, mo.short_message) == ("46700000002", b"STOP")


async def test_a_handset_is_switched_off_and_on_again() -> None:
    async with (
        sandbox(handsets_max=2) as own,
        client(own) as http,
        bound(own) as handset,
    ):
        url = "/handsets/46700000001/state"
        off = {"state": "UNDELIVERABLE", "error": "027"}
        assert (await http.post(url, json=off)).json() == {**off, "receipt": "usual"}
        await handset.submit(1)
        await handset.submit(2)
        await http.put("/scenario", content="fast")
        await handset.submit(1)
        await http.post(url, json={"state": "DELIVERED"})
        await handset.submit(1)
        ends = [receipt.read(pdu) for pdu in await handset.receive(4)]
        told = [(end.state.name if end.state else None, end.error) for end in ends]
        assert sorted(told) == [("DELIVERED", "000")] * 2 + [("UNDELIVERABLE", "027")] * 2
        assert len((await http.get("/handsets/46700000001")).json()) == 1


@pytest.mark.parametrize(
    ("handsets_max", "state", "words"),
    [
        (0, "UNDELIVERABLE", "handsets_max is 0"),
        (1, "ENROUTE", "ENROUTE is no outcome"),
        (1, "ASLEEP", "there is no MessageState 'ASLEEP'"),
    ],
)
async def test_a_handset_that_cannot_be_changed_is_refused(
    handsets_max: int, state: str, words: str
) -> None:
    async with sandbox(handsets_max=handsets_max) as own, client(own) as http:
        answer = await http.post("/handsets/461/state", json={"state": state})
        assert answer.status_code == 422
        assert words in answer.json()["faults"][0]


async def test_listeners_are_taken_down_and_up() -> None:
    async with sandbox() as own, client(own) as http, bound(own) as handset:
        assert [each["up"] for each in (await http.post("/listeners/0/down")).json()] == [False]
        async with asyncio.timeout(DEADLINE_S):
            await handset.closed.wait()
        assert [each["up"] for each in (await http.post("/listeners/0/up")).json()] == [True]
        async with bound(own):
            pass
        assert (await http.post("/listeners/1/up")).status_code == 404
        assert (await http.post("/listeners/0/sideways")).status_code == 404


async def test_a_place_that_another_took_meanwhile_is_told() -> None:
    async with sandbox() as own, client(own) as http:
        await http.post("/listeners/0/down")
        async with sandbox(port=own.port):
            answer = await http.post("/listeners/0/up")
        assert answer.status_code == 422
        assert answer.json()["faults"][0].startswith("cannot listen on 127.0.0.1:")


async def test_where_there_is_no_tls_no_certificate_is_read() -> None:
    async with sandbox() as own, client(own) as http:
        assert (await http.post("/certificate")).json() == {"reloaded": 0}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[]", "no batch"),
        ('{"account": "one", "batch": "x", "deliveries": 5}', "no batch"),
        ('{"account": "nobody", "batch": "x", "deliveries": []}', "account: there are one, two"),
    ],
)
async def test_deliveries_that_are_none_are_told(body: str, words: str) -> None:
    async with sandbox() as own, client(own) as http:
        answer = await http.post("/deliveries", content=body)
        assert answer.status_code == 422
        assert words in answer.json()["faults"][0]
