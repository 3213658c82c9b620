"""The SMSC on loopback: binds, limits, answers, receipts and what becomes of those not taken."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from services.sandbox.mo import MoOrder, MoRefusedError
from services.sandbox.smsc import Sandbox
from smpp import pdu, receipt, segments, udh
from smpp.errors import BindRefusedError, SessionLostError
from smpp.pdu import DeliverSm, SubmitSmResp
from smpp.values import BindType, CommandStatus, MessageState
from tests.services.sandbox.loopback import (
    DEADLINE_S,
    Handset,
    bound,
    lines,
    sandbox,
    submit_sm,
)

OK = CommandStatus.ESME_ROK
LONG = "A long answer of a patient customer, which takes more than one part. " * 5


def order(**fields: object) -> MoOrder:
    given = {"from": "46731234567", "to": "12345", "text": "VOTE A"}
    return MoOrder.model_validate({name: v for name, v in (given | fields).items() if v})


# --- binds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        ("nobody", "secret", CommandStatus.ESME_RINVSYSID),
        ("one", "wrong", CommandStatus.ESME_RINVPASWD),
        ("one", "", CommandStatus.ESME_RINVPASWD),
    ],
)
async def test_a_stranger_is_refused(system_id: str, password: str, status: CommandStatus) -> None:
    async with sandbox() as own:
        with pytest.raises(BindRefusedError) as error:
            async with bound(own, system_id=system_id, password=password):
                pass
        assert error.value.status is status
        assert own.statistics()["accounts"]["one"]["binds"] == []


async def test_binds_are_limited_by_account_and_the_place_of_a_lost_one_is_free() -> None:
    async with sandbox("limits: {binds: 2}") as own, bound(own), bound(own, system_id="two"):
        async with bound(own):
            with pytest.raises(BindRefusedError) as error:
                async with bound(own):
                    pass
            assert error.value.status is CommandStatus.ESME_RALYBND
        async with bound(own):
            assert own.statistics()["accounts"]["one"]["binds_peak"] == 2


async def refusals(own: Sandbox) -> set[CommandStatus]:
    """Bind until it is allowed; with which statuses it was refused before."""
    statuses: set[CommandStatus] = set()
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                async with bound(own):
                    return statuses
            except BindRefusedError as error:
                statuses.add(error.status)


async def test_a_ghost_holds_its_place_until_it_is_laid() -> None:
    async with sandbox("limits: {binds: 1, ghosts_s: 0.3}") as own:
        async with bound(own) as handset:
            own.drop()
            await handset.closed.wait()
        assert await refusals(own) == {CommandStatus.ESME_RALYBND}
        async with bound(own):  # the one before unbound, and left none
            assert own.statistics()["accounts"]["one"]["ghosts"] == 0


async def test_maintenance_drops_binds_refuses_new_ones_and_ends() -> None:
    text = "maintenance: [{from_s: 0.3, for_s: 0.3, status: ESME_RSYSERR}]"
    async with sandbox(text) as own:
        async with bound(own) as handset:
            async with asyncio.timeout(DEADLINE_S):
                await handset.closed.wait()
        assert await refusals(own) == {CommandStatus.ESME_RSYSERR}


async def test_maintenance_of_a_scenario_that_is_gone_drops_nobody() -> None:
    text = "{maintenance: [{from_s: 0.2, for_s: 9}], responses: {latency_ms: {min: 300, max: 300}}}"
    async with sandbox(text) as own, bound(own) as handset:
        own.change(own.scenario.model_copy(update={"maintenance": ()}))
        assert (await handset.submit()).command_status is OK


async def test_statistics_name_the_binds() -> None:
    async with (
        sandbox() as own,
        bound(own, bind_type=BindType.TRANSMITTER),
        bound(own, bind_type=BindType.RECEIVER),
    ):
        binds = own.statistics()["accounts"]["one"]["binds"]
        assert [(b["bind"], b["bind_type"]) for b in binds] == [(1, "transmitter"), (2, "receiver")]


# --- submit_sm --------------------------------------------------------------------------------


async def test_an_accepted_segment_stands_in_the_ledger_under_our_id() -> None:
    async with sandbox() as own, bound(own) as handset:
        answer = await handset.submit(7, esm_class=0x40, data_coding=8)
        assert isinstance(answer, SubmitSmResp)
        (entry,) = lines(own.ledger.segments)
        assert entry.pop("read_ms") > 1_700_000_000_000
        assert entry == {
            "journal": "segments",
            "n": 1,
            "message_id": "m7",
            "segment": 1,
            "smsc_message_id": answer.message_id,
            "account": "one",
            "bind": 1,
            "source_addr": "ACME",
            "destination_addr": "46700000007",
            "short_message_octets": 5,
            "esm_class": 0x40,
            "data_coding": 8,
            "command_status": 0,
        }


async def test_a_receipt_names_the_message_and_its_answer_is_recorded() -> None:
    text = 'outcomes: [{suffix: "7", state: UNDELIVERABLE}]'
    async with sandbox(text) as own, bound(own) as handset:
        answer = await handset.submit(7)
        assert isinstance(answer, SubmitSmResp)
        (deliver_sm,) = await handset.receive(1)
        told = receipt.read(deliver_sm)
        assert told.message_id == answer.message_id
        assert told.state is MessageState.UNDELIVERABLE
        await handset.submit(8)  # what was answered before is recorded by now
        entry = lines(own.ledger.receipts)[0]
        assert (entry["message_id"], entry["segment"]) == ("m7", 1)
        assert entry["smsc_message_id"] == answer.message_id
        assert (entry["state"], entry["is_early"]) == ("UNDELIVERABLE", False)
        assert (entry["attempt"], entry["end"], entry["command_status"]) == (1, "answered", 0)
        assert entry["sent_ms"] <= entry["ended_ms"]


async def test_what_is_above_the_rate_is_throttled_and_recorded() -> None:
    async with sandbox("limits: {rate_per_s: 5}") as own, bound(own) as handset:
        answers = await asyncio.gather(*[handset.submit(n) for n in range(8)])
        assert [a.command_status for a in answers] == [OK] * 5 + [CommandStatus.ESME_RTHROTTLED] * 3
        entries = lines(own.ledger.segments)
        assert [e["command_status"] for e in entries] == [0] * 5 + [0x58] * 3
        account = own.statistics()["accounts"]["one"]
        assert (account["submit_sm_per_s_peak"], account["accepted_per_s_peak"]) == (8, 5)
        assert account["submit_sm"] == {"ESME_ROK": 5, "ESME_RTHROTTLED": 3}


async def test_the_rate_is_the_accounts_over_all_its_binds() -> None:
    text = "limits: {rate_per_s: 2}"
    async with (
        sandbox(text) as own,
        bound(own) as first,
        bound(own) as second,
        bound(own, system_id="two") as other,
    ):
        answers = [await h.submit() for h in (first, second, first, other)]
        throttled = CommandStatus.ESME_RTHROTTLED
        assert [a.command_status for a in answers] == [OK, OK, throttled, OK]


async def test_the_rate_may_be_each_sessions_own() -> None:
    text = "limits: {rate_per_s: 2, by: session}"
    async with sandbox(text) as own, bound(own) as first, bound(own) as second:
        answers = [await h.submit() for h in (first, second, first, second, first)]
        assert [a.command_status for a in answers] == [OK] * 4 + [CommandStatus.ESME_RTHROTTLED]


async def test_what_is_above_the_rate_may_be_dropped() -> None:
    async with sandbox("limits: {rate_per_s: 1, above: drop}") as own, bound(own) as handset:
        over = asyncio.gather(handset.submit(1), handset.submit(2))
        own_answers = lines(own.ledger.segments)
        while len(own_answers) < 2:
            await handset.esme.request(pdu.QuerySm(message_id="1"))
            own_answers = lines(own.ledger.segments)
        assert not over.done()
        assert [e["command_status"] for e in own_answers] == [0, 0x58]
        over.cancel()


async def test_what_is_above_the_rate_may_end_the_bind() -> None:
    async with sandbox("limits: {rate_per_s: 1, above: disconnect}") as own, bound(own) as handset:
        await handset.submit(1)
        with pytest.raises(SessionLostError):
            await handset.submit(2)


async def test_a_penalty_refuses_all() -> None:
    text = "limits: {rate_per_s: 1, above: penalty, penalty_s: 60}"
    async with sandbox(text) as own, bound(own) as handset:
        answers = [await handset.submit(n) for n in range(3)]
        assert [a.command_status for a in answers] == [OK] + [CommandStatus.ESME_RTHROTTLED] * 2


async def test_what_is_above_the_window_of_a_bind_is_throttled() -> None:
    text = "{limits: {window: 2}, responses: {latency_ms: {min: 20, max: 20}}}"
    async with sandbox(text) as own, bound(own) as handset:
        answers = await asyncio.gather(*[handset.submit(n) for n in range(3)])
        assert [a.command_status for a in answers] == [OK, OK, CommandStatus.ESME_RTHROTTLED]
        assert (await handset.submit()).command_status is OK


@pytest.mark.parametrize(
    ("request_pdu", "status"),
    [
        (pdu.QuerySm(message_id="1"), CommandStatus.ESME_RQUERYFAIL),
        (pdu.CancelSm(message_id="1"), CommandStatus.ESME_RCANCELFAIL),
        (pdu.ReplaceSm(message_id="1"), CommandStatus.ESME_RREPLACEFAIL),
        (pdu.QueryBroadcastSm(message_id="1"), CommandStatus.ESME_RINVCMDID),
    ],
)
async def test_what_it_cannot_do_it_says(request_pdu: pdu.Pdu, status: CommandStatus) -> None:
    async with sandbox() as own, bound(own) as handset:
        async with asyncio.timeout(DEADLINE_S):
            answer = await handset.esme.request(request_pdu)
        assert answer.command_status == status


# --- receipts ---------------------------------------------------------------------------------


async def test_a_receipt_without_delay_comes_behind_its_answer() -> None:
    order_of_arrival: list[str] = []
    async with sandbox() as own, bound(own) as handset:

        def answer(_: Handset, __: DeliverSm) -> CommandStatus:
            order_of_arrival.append("receipt")
            return OK

        handset.answer = answer
        handset.esme.send(submit_sm(), lambda _, __: order_of_arrival.append("response"), None)
        await handset.receive(1)
    assert order_of_arrival == ["response", "receipt"]


async def test_an_early_receipt_overtakes_its_answer() -> None:
    text = "{receipts: {early_share: 1}, responses: {latency_ms: {min: 20, max: 20}}}"
    async with sandbox(text) as own, bound(own) as handset:
        waiting = asyncio.create_task(handset.submit())
        await handset.receive(1)
        assert not waiting.done()
        assert (await waiting).command_status is OK


async def test_receipts_go_to_the_accounts_receivers_in_turn_and_to_nobody_else() -> None:
    async with (
        sandbox() as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
        bound(own, bind_type=BindType.RECEIVER) as first,
        bound(own, bind_type=BindType.RECEIVER) as second,
        bound(own, system_id="two") as other,
    ):
        for n in range(10):
            await sender.submit(n)
        assert len(await first.receive(5)) == len(await second.receive(5)) == 5
        assert other.came == []


async def test_a_receipt_waits_for_a_bind_that_may_receive() -> None:
    async with sandbox() as own, bound(own, bind_type=BindType.TRANSMITTER) as sender:
        await sender.submit()
        assert own.statistics()["accounts"]["one"]["deliver_sm"]["waiting"] == 1
        async with bound(own, bind_type=BindType.RECEIVER) as late:
            await late.receive(1)


async def test_what_waits_is_bounded_and_the_rest_is_told() -> None:
    async with (
        sandbox(waiting_max=3) as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
    ):
        for n in range(5):
            await sender.submit(n)
        found = own.statistics()
        assert found["accounts"]["one"]["deliver_sm"] == {
            "waiting": 3,
            "dropped": 2,
            "given_up": 0,
        }
        assert found["faults"] == ["one: 2 deliver_sm dropped, 3 waited"]


async def test_a_full_window_holds_receipts_back_until_it_has_room() -> None:
    def never(_: Handset, __: DeliverSm) -> CommandStatus | None:
        return None

    async with sandbox(window=2) as own, bound(own, answer=never) as handset:
        for n in range(5):
            await handset.submit(n)
        came = list(await handset.receive(2))
        await handset.submit(9)
        assert len(handset.came) == 2
        for deliver_sm in came:
            handset.esme.respond(deliver_sm)
        await handset.receive(4)


@pytest.mark.parametrize(
    "status", [CommandStatus.ESME_RMSGQFUL, CommandStatus.ESME_RX_T_APPN, None]
)
async def test_a_receipt_not_taken_comes_again(status: CommandStatus | None) -> None:
    def second_time(handset: Handset, _: DeliverSm) -> CommandStatus | None:
        return status if len(handset.came) == 1 else OK

    async with (
        sandbox("retries: {after_ms: 1}", response_timeout_s=0.05) as own,
        bound(own, answer=second_time) as handset,
    ):
        await handset.submit()
        first, again = await handset.receive(2)
        assert first.short_message == again.short_message
        await handset.submit(2, registered_delivery=0)
        entries = lines(own.ledger.receipts)
        assert [(e["attempt"], e["end"], e["command_status"]) for e in entries] == [
            (1, "answered" if status else "unanswered", status),
            (2, "answered", 0),
        ]


async def test_a_receipt_refused_for_good_does_not_come_again() -> None:
    def refuse(handset: Handset, _: DeliverSm) -> CommandStatus | None:
        return CommandStatus.ESME_RX_R_APPN if len(handset.came) == 1 else OK

    async with (
        sandbox("retries: {after_ms: 1}") as own,
        bound(own, answer=refuse) as handset,
    ):
        await handset.submit(1)
        await handset.submit(2)
        first, second = await handset.receive(2)
        assert first.source_addr != second.source_addr


async def test_a_receipt_that_is_never_taken_is_given_up() -> None:
    def full(_: Handset, __: DeliverSm) -> CommandStatus | None:
        return CommandStatus.ESME_RMSGQFUL

    async with (
        sandbox("retries: {after_ms: 1, attempts_max: 3}") as own,
        bound(own, answer=full) as handset,
    ):
        await handset.submit()
        await handset.receive(3)
        await handset.submit(2, registered_delivery=0)
        assert own.statistics()["accounts"]["one"]["deliver_sm"]["given_up"] == 1


async def test_a_receipt_on_a_lost_bind_comes_again_on_another() -> None:
    def die(handset: Handset, _: DeliverSm) -> CommandStatus | None:
        handset.esme.abort()
        return None

    async with sandbox() as own, bound(own, bind_type=BindType.TRANSMITTER) as sender:
        async with bound(own, bind_type=BindType.RECEIVER, answer=die) as dying:
            await sender.submit()
            await dying.receive(1)
        async with bound(own, bind_type=BindType.RECEIVER) as other:
            await other.receive(1)
            await sender.submit(2, registered_delivery=0)
            entries = lines(own.ledger.receipts)
            assert [(e["bind"], e["end"]) for e in entries] == [(2, "lost"), (3, "answered")]


async def test_a_late_answer_counts_and_ends_the_retries() -> None:
    owed: list[DeliverSm] = []

    def later(_: Handset, deliver_sm: DeliverSm) -> CommandStatus | None:
        owed.append(deliver_sm)
        return None

    async with (
        sandbox("retries: {after_ms: 3600000}", response_timeout_s=0.05) as own,
        bound(own, answer=later) as handset,
    ):
        await handset.submit()
        await handset.receive(1)
        async with asyncio.timeout(DEADLINE_S):
            while not len(own.ledger.receipts):
                await handset.submit(2, registered_delivery=0)
        handset.esme.respond(owed[0])
        await handset.submit(2, registered_delivery=0)
        assert [e["end"] for e in lines(own.ledger.receipts)] == ["unanswered", "late"]


# --- MO, scenario, drop -----------------------------------------------------------------------


async def test_a_short_mo_is_one_part_without_a_header() -> None:
    async with sandbox() as own, bound(own) as handset:
        assert own.subscribers.send(order()) == {"mo": 1, "parts": 1, "account": "one"}
        (deliver_sm,) = await handset.receive(1)
        assert (deliver_sm.source_addr, deliver_sm.destination_addr) == ("46731234567", "12345")
        assert (deliver_sm.esm_class, deliver_sm.short_message) == (0, b"VOTE A")


async def test_a_long_mo_stays_on_one_bind_in_order() -> None:
    async with sandbox() as own, bound(own) as first, bound(own) as second:
        parts = own.subscribers.send(order(text=LONG))["parts"]
        await asyncio.wait(
            [asyncio.create_task(h.receive(parts)) for h in (first, second)],
            return_when=asyncio.FIRST_COMPLETED,
            timeout=DEADLINE_S,
        )
        assert {len(first.came), len(second.came)} == {0, parts}
        assert joined(first.came + second.came) == LONG


async def test_shuffled_parts_come_over_several_binds_and_still_make_the_text() -> None:
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(sandbox())
        binds = [await stack.enter_async_context(bound(own)) for _ in range(3)]
        parts = own.subscribers.send(order(text=LONG, parts_shuffled=True))["parts"]
        assert parts == 3
        for handset in binds:
            await handset.receive(1)
        assert joined([d for handset in binds for d in handset.came]) == LONG
        await binds[0].submit()
        await binds[1].submit()
        await binds[2].submit()
        assert sorted(e["part"] for e in lines(own.ledger.mo)) == [1, 2, 3]
        assert len({e["bind"] for e in lines(own.ledger.mo)}) == 3


def joined(deliver_sms: list[DeliverSm]) -> str:
    parts = []
    for deliver_sm in deliver_sms:
        found = segments.concatenation(deliver_sm)
        assert found is not None
        parts.append((found, udh.user_data(deliver_sm)[1]))
    return segments.join(parts).decode("ascii")


async def test_an_mo_for_an_unknown_account_is_refused() -> None:
    async with sandbox() as own:
        with pytest.raises(MoRefusedError, match="account: there are one, two"):
            own.subscribers.send(order(account="three"))


async def test_dropped_binds_are_gone_and_what_was_accepted_is_still_reported() -> None:
    text = "receipts: {delay_ms: {min: 1, max: 1}}"
    async with sandbox(text) as own, bound(own, bind_type=BindType.TRANSMITTER) as handset:
        await handset.submit()
        assert own.drop() == 1
        async with asyncio.timeout(DEADLINE_S):
            await handset.closed.wait()
        async with bound(own) as again:
            await again.receive(1)


async def test_an_answer_to_a_bind_that_is_gone_harms_nobody() -> None:
    text = "{responses: {latency_ms: {min: 10, max: 10}}, receipts: {early_share: 1}}"
    async with sandbox(text) as own:
        async with bound(own) as handset:
            handset.esme.send(submit_sm(), lambda _, __: None, None)
            await handset.receive(1)
            own.drop()
        async with bound(own) as other:
            await other.submit(2)
            assert len(lines(own.ledger.segments)) == 2
