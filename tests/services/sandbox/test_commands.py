"""query_sm, cancel_sm, replace_sm and other ways to send, live: SMPP 3.4, sections 4.5 to 4.10."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from services.sandbox.smsc import Sandbox
from smpp import receipt, tlv
from smpp.pdu import (
    BroadcastSm,
    CancelSm,
    DataSm,
    DataSmResp,
    DistributionList,
    Pdu,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSmResp,
)
from smpp.values import CommandStatus, MessageState
from tests.services.sandbox.loopback import DEADLINE_S, Handset, bound, lines, sandbox

SLOW = "receipts: {delay_ms: {min: 60000, max: 60000}}"
OK = CommandStatus.ESME_ROK


async def ask(handset: Handset, request: Pdu) -> Pdu:
    async with asyncio.timeout(DEADLINE_S):
        return await handset.esme.request(request)


async def submitted(handset: Handset, number: int = 1, **fields: Any) -> str:
    answer = await handset.submit(number, **fields)
    assert isinstance(answer, SubmitSmResp)
    return answer.message_id


async def state(handset: Handset, message_id: str) -> MessageState:
    answer = await ask(handset, QuerySm(message_id=message_id, source_addr="ACME"))
    assert isinstance(answer, QuerySmResp)
    assert answer.command_status is OK
    return MessageState(answer.message_state)


async def test_a_message_under_way_is_enroute_and_then_what_became_of_it() -> None:
    async with sandbox("receipts: {delay_ms: {min: 150, max: 150}}") as own, bound(own) as handset:
        message_id = await submitted(handset)
        assert await state(handset, message_id) is MessageState.ENROUTE
        await handset.receive(1)
        answer = await ask(handset, QuerySm(message_id=message_id, source_addr="ACME"))
        assert isinstance(answer, QuerySmResp)
        assert answer.message_state == MessageState.DELIVERED
        assert len(answer.final_date) == 16


async def test_a_cancelled_message_is_deleted_and_its_receipt_says_so() -> None:
    async with sandbox("receipts: {delay_ms: {min: 150, max: 150}}") as own, bound(own) as handset:
        message_id = await submitted(handset)
        cancel = CancelSm(message_id=message_id, source_addr="ACME")
        assert (await ask(handset, cancel)).command_status is OK
        assert await state(handset, message_id) is MessageState.DELETED
        await submitted(handset, 2)
        told = [receipt.read(pdu).state for pdu in await handset.receive(2)]
        assert told == [MessageState.DELETED, MessageState.DELIVERED]


async def test_all_to_a_number_are_cancelled_without_an_id() -> None:
    async with sandbox(SLOW) as own, bound(own) as handset:
        here = [await submitted(handset, 1, registered_delivery=0) for _ in range(2)]
        there = await submitted(handset, 2, registered_delivery=0)
        cancel = CancelSm(source_addr="ACME", destination_addr="46700000001")
        assert (await ask(handset, cancel)).command_status is OK
        states = [await state(handset, message_id) for message_id in (*here, there)]
        assert [found.name for found in states] == ["DELETED", "DELETED", "ENROUTE"]
        again = await ask(handset, CancelSm(source_addr="ACME", destination_addr="46700000001"))
        assert again.command_status is CommandStatus.ESME_RCANCELFAIL


async def test_a_replaced_text_is_what_the_handset_gets() -> None:
    text = "receipts: {delay_ms: {min: 150, max: 150}}"
    async with sandbox(text, handsets_max=10) as own, bound(own) as handset:
        message_id = await submitted(handset)
        change = ReplaceSm(message_id=message_id, source_addr="ACME", short_message=b"rather this")
        assert (await ask(handset, change)).command_status is OK
        await handset.receive(1)
        assert arrived(own, "46700000001") == ["rather this"]


def arrived(own: Sandbox, number: str) -> list[str]:
    return [each["text"] for each in own.subscribers.handsets.arrived(number)]


async def test_a_message_replaces_the_one_still_under_way() -> None:
    async with sandbox(SLOW) as own, bound(own) as handset:
        first = await submitted(handset)
        second = await submitted(handset, replace_if_present_flag=1)
        assert await state(handset, first) is MessageState.DELETED
        assert await state(handset, second) is MessageState.ENROUTE


@pytest.mark.parametrize(
    ("request_pdu", "status"),
    [
        (QuerySm(source_addr="OTHER"), CommandStatus.ESME_RQUERYFAIL),
        (CancelSm(source_addr="OTHER"), CommandStatus.ESME_RCANCELFAIL),
        (ReplaceSm(source_addr="OTHER"), CommandStatus.ESME_RREPLACEFAIL),
        (QuerySm(), CommandStatus.ESME_RQUERYFAIL),
        (CancelSm(), CommandStatus.ESME_RCANCELFAIL),
        (CancelSm(source_addr="ACME"), CommandStatus.ESME_RCANCELFAIL),
        (ReplaceSm(source_addr="ACME"), CommandStatus.ESME_RREPLACEFAIL),
    ],
)
async def test_what_is_anothers_or_has_ended_cannot_be_changed(
    request_pdu: Any, status: CommandStatus
) -> None:
    async with sandbox() as own, bound(own) as handset:
        ended = await submitted(handset, 2)
        await handset.receive(1)
        assert (await ask(handset, replace(request_pdu, message_id=ended))).command_status is status


async def test_another_account_knows_nothing_of_it() -> None:
    async with (
        sandbox(SLOW) as own,
        bound(own) as handset,
        bound(own, system_id="two") as other,
    ):
        message_id = await submitted(handset)
        answer = await ask(other, QuerySm(message_id=message_id, source_addr="ACME"))
        assert answer.command_status is CommandStatus.ESME_RQUERYFAIL


async def test_a_message_waits_for_its_time() -> None:
    async with sandbox() as own, bound(own) as handset:
        later = await submitted(handset, schedule_delivery_time="000000010000000R")
        assert await state(handset, later) is MessageState.SCHEDULED
        await submitted(handset, 2, schedule_delivery_time="no time at all")
        await handset.receive(1)


async def test_a_message_expires_before_it_is_delivered() -> None:
    text = "receipts: {delay_ms: {min: 60000, max: 60000}}"
    async with sandbox(text) as own, bound(own) as handset:
        await submitted(handset, validity_period="000000000001000R")
        (told,) = await handset.receive(1)
        assert receipt.read(told).state is MessageState.EXPIRED


async def test_a_store_forgets_the_oldest() -> None:
    async with sandbox(SLOW, store_max=2) as own, bound(own) as handset:
        ids = [await submitted(handset, number) for number in range(3)]
        answers = [
            await ask(handset, QuerySm(message_id=message_id, source_addr="ACME"))
            for message_id in ids
        ]
        assert [answer.command_status.name for answer in answers] == [
            "ESME_RQUERYFAIL",
            "ESME_ROK",
            "ESME_ROK",
        ]


async def test_a_data_sm_is_a_message_too() -> None:
    async with sandbox(handsets_max=10) as own, bound(own) as handset:
        answer = await ask(
            handset,
            DataSm(
                source_addr="ACME",
                destination_addr="46700000009",
                registered_delivery=1,
                tlvs=(tlv.MESSAGE_PAYLOAD.make(b"by data sm"),),
            ),
        )
        assert isinstance(answer, DataSmResp)
        (told,) = await handset.receive(1)
        assert receipt.read(told).message_id == answer.message_id
        assert arrived(own, "46700000009") == ["by data sm"]


async def test_many_get_one_message_under_one_id_and_the_refused_are_named() -> None:
    text = 'responses: {statuses: [{suffix: "3", status: ESME_RINVDSTADR}]}'
    lists = {"friends": ["461", "462"]}
    async with sandbox(text, distribution_lists=lists) as own, bound(own) as handset:
        answer = await ask(
            handset,
            SubmitMulti(
                source_addr="ACME",
                registered_delivery=1,
                short_message=b"to many",
                dest_address=(
                    DistributionList(dl_name="friends"),
                    SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr="463"),
                    SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr="464"),
                ),
            ),
        )
        assert isinstance(answer, SubmitMultiResp)
        assert [each.destination_addr for each in answer.unsuccess_sme] == ["463"]
        told = await handset.receive(3)
        assert {pdu.source_addr for pdu in told} == {"461", "462", "464"}
        assert {receipt.read(pdu).message_id for pdu in told} == {answer.message_id}
        numbers = [line["destination_addr"] for line in lines(own.ledger.segments)]
        assert numbers == ["461", "462", "463", "464"]


async def test_a_list_nobody_knows_is_refused_whole() -> None:
    async with sandbox() as own, bound(own) as handset:
        multi = SubmitMulti(dest_address=(DistributionList(dl_name="foes"),), short_message=b"x")
        assert (await ask(handset, multi)).command_status is CommandStatus.ESME_RINVDLNAME
        assert lines(own.ledger.segments) == []


def multi(*numbers: str, **fields: Any) -> SubmitMulti:
    there = [SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr=n) for n in numbers]
    given: dict[str, Any] = {"source_addr": "ACME", "registered_delivery": 1}
    return SubmitMulti(**given | fields, short_message=b"x", dest_address=tuple(there))


async def test_receipts_come_behind_the_response_to_many() -> None:
    order: list[str] = []

    def receive(_: Handset, __: Pdu) -> CommandStatus:
        order.append("receipt")
        return OK

    async with sandbox() as own, bound(own, answer=receive) as handset:
        handset.esme.send(multi("461", "462"), lambda _, __: order.append("response"), None)
        await handset.receive(2)
    assert order == ["response", "receipt", "receipt"]


async def test_the_response_to_many_takes_its_time() -> None:
    text = "{receipts: {early_share: 1}, responses: {latency_ms: {min: 50, max: 50}}}"
    async with sandbox(text) as own, bound(own) as handset:
        waiting = handset.esme.request(multi("461"))
        await handset.receive(1)
        assert not waiting.done()
        assert (await waiting).command_status is OK


async def test_all_of_many_are_cancelled_by_their_id() -> None:
    text = (
        "receipts: {delay_ms: {min: 60000, max: 60000}}\n"
        'responses: {statuses: [{suffix: "1", status: ESME_RINVDSTADR}]}'
    )
    async with sandbox(text) as own, bound(own) as handset:
        answer = await ask(handset, multi("461", "462", "463"))
        assert isinstance(answer, SubmitMultiResp)
        cancel = CancelSm(message_id=answer.message_id, source_addr="ACME")
        assert (await ask(handset, cancel)).command_status is OK
        told = await handset.receive(2)
        assert [(pdu.source_addr, receipt.read(pdu).state) for pdu in told] == [
            ("462", MessageState.DELETED),
            ("463", MessageState.DELETED),
        ]
        assert await state(handset, answer.message_id) is MessageState.DELETED


async def test_only_a_message_of_the_same_service_is_replaced() -> None:
    async with sandbox(SLOW) as own, bound(own) as handset:
        first = await submitted(handset, service_type="WAP")
        await submitted(handset, replace_if_present_flag=1)
        assert await state(handset, first) is MessageState.ENROUTE
        await submitted(handset, replace_if_present_flag=1, service_type="WAP")
        assert await state(handset, first) is MessageState.DELETED


@pytest.mark.parametrize(
    ("error", "error_code"), [("042", 42), ("255", 255), ("256", 0), ("00A", 0)]
)
async def test_a_query_tells_why_it_failed(error: str, error_code: int) -> None:
    text = f'outcomes: [{{state: UNDELIVERABLE, error: "{error}"}}]'
    async with sandbox(text) as own, bound(own) as handset:
        message_id = await submitted(handset)
        answer = await ask(handset, QuerySm(message_id=message_id, source_addr="ACME"))
        assert isinstance(answer, QuerySmResp)
        assert answer.message_state == MessageState.UNDELIVERABLE
        assert answer.error_code == error_code


async def test_what_is_under_way_outlives_what_has_ended_and_can_still_be_stopped() -> None:
    async with sandbox(store_max=5) as own, bound(own) as handset:
        later = [
            await submitted(handset, n, schedule_delivery_time="000000000001000R") for n in range(3)
        ]
        for n in range(3, 20):
            await submitted(handset, n)
        assert [await state(handset, each) for each in later] == [MessageState.SCHEDULED] * 3
        cancels = [CancelSm(message_id=each, source_addr="ACME") for each in later[:2]]
        assert [(await ask(handset, cancel)).command_status for cancel in cancels] == [OK, OK]
        ends = [receipt.read(pdu).state.name for pdu in await handset.receive(20)]
        assert sorted(ends) == ["DELETED"] * 2 + ["DELIVERED"] * 18


async def test_nobody_answers_what_was_cancelled() -> None:
    text = (
        "receipts: {delay_ms: {min: 100, max: 100}}\n"
        "outcomes: [{suffix: '1', reply: {text: STOP, after_ms: 1}}, {reply: {text: 'YES'}}]"
    )
    async with sandbox(text) as own, bound(own) as handset:
        message_id = await submitted(handset, 1, registered_delivery=0)
        cancel = CancelSm(message_id=message_id, source_addr="ACME")
        assert (await ask(handset, cancel)).command_status is OK
        await submitted(handset, 2, registered_delivery=0)
        assert [pdu.short_message for pdu in await handset.receive(1)] == [b"YES"]


async def test_a_broadcast_is_refused_and_the_bind_goes_on() -> None:
    async with sandbox() as own, bound(own) as handset:
        refused = await ask(handset, BroadcastSm())
        assert refused.command_status is CommandStatus.ESME_RINVCMDID
        assert (await handset.submit()).command_status is OK
