"""Where a deliver_sm goes: another bind, another account, and what waited until somebody bound."""

from services.sandbox import scenario
from services.sandbox.mo import MoOrder
from smpp import segments
from smpp.pdu import Pdu, SubmitSmResp
from smpp.values import BindType
from tests.services.sandbox.loopback import bound, lines, sandbox, submit_sm

BACKLOG = 100_000


async def test_a_receipt_comes_on_another_bind_while_there_is_one() -> None:
    async with sandbox("receipts: {bind: other}") as own, bound(own) as first:
        async with bound(own) as second:
            for number in range(6):
                await first.submit(number)
            await second.receive(6)
            assert first.came == []
        await first.submit(7)
        await first.receive(1)


async def test_a_receipt_comes_on_the_bind_of_its_message() -> None:
    async with sandbox("receipts: {bind: same}") as own, bound(own) as first, bound(own) as second:
        for number in range(6):
            await first.submit(number)
        await first.receive(6)
        assert second.came == []


async def test_a_receipt_goes_to_another_account() -> None:
    async with (
        sandbox("receipts: {account: two}") as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
        bound(own, system_id="two", bind_type=BindType.RECEIVER) as receiver,
    ):
        await sender.submit(5)
        await receiver.receive(1)
        await receiver.esme.close()  # what it answered is recorded by then
        (entry,) = lines(own.ledger.receipts)
        assert (entry["account"], entry["message_id"]) == ("two", "m5")


async def test_a_receipt_twice_of_which_one_is_early_has_the_answer_between_them() -> None:
    async with sandbox("receipts: {early_share: 1, twice_share: 1}") as own, bound(own) as esme:
        before: list[int] = []

        def on_answer(_: object, __: Pdu | None) -> None:
            before.append(len(esme.came))

        for number in range(6):
            esme.esme.send(submit_sm(number), on_answer, None)
            await esme.receive(2 * number + 2)
        assert before == [1, 3, 5, 7, 9, 11]


async def test_ids_are_given_again_when_the_scenario_begins_again() -> None:
    again = scenario.parse("message_ids: {is_reused: true, digits: 4}", "mine")
    async with sandbox() as own, bound(own) as esme:
        ids = []
        for _ in range(2):
            own.change(again)
            for number in (1, 2):
                answer = await esme.submit(number)
                assert isinstance(answer, SubmitSmResp)
                ids.append(answer.message_id)
        assert ids == ["0001", "0002"] * 2


async def test_a_hundred_thousand_receipts_that_waited_come_when_somebody_binds() -> None:
    async with sandbox() as own:
        async with bound(own, bind_type=BindType.TRANSMITTER) as sender:
            for number in range(BACKLOG):
                if not sender.esme.room:
                    await sender.submit(number)
                sender.esme.send(submit_sm(number), lambda context, response: None, None)
            await sender.submit(BACKLOG)
        waiting = own.statistics()["accounts"]["one"]["deliver_sm"]["waiting"]
        assert waiting > BACKLOG
        async with bound(own, bind_type=BindType.RECEIVER) as receiver:
            await receiver.receive(waiting)
            assert own.statistics()["accounts"]["one"]["deliver_sm"]["waiting"] == 0


async def test_parts_of_an_mo_are_scattered_over_accounts_lost_and_doubled() -> None:
    async with sandbox() as own, bound(own) as one, bound(own, system_id="two") as two:
        order = {
            "from": "46701234567",
            "to": "12345",
            "text": "x" * 600,
            "accounts": ["one", "two"],
        }
        own.subscribers.send(MoOrder.model_validate(order))
        assert [len(await each.receive(2)) for each in (one, two)] == [2, 2]
        own.subscribers.send(
            MoOrder.model_validate(
                order | {"accounts": [], "lost_parts": [2], "doubled_parts": [4]}
            )
        )
        came = (await one.receive(6))[2:]
        numbers = [part.number for pdu in came if (part := segments.concatenation(pdu))]
        assert numbers == [1, 3, 4, 4]
