"""Accounts with limits, live: what an ESME that may not bind is told, and what is counted of it."""

from typing import Any

import pytest

from services.sandbox import scenario
from smpp.errors import BindRefusedError, SmppError
from smpp.values import BindType, CommandStatus
from tests.services.sandbox.loopback import PASSWORD, bound, sandbox


def accounts(**fields: Any) -> dict[str, Any]:
    return {"one": {"password": PASSWORD} | fields, "two": PASSWORD}


async def status_of(own: Any, **who: Any) -> CommandStatus:
    try:
        async with bound(own, **who):
            return CommandStatus.ESME_ROK
    except BindRefusedError as error:
        return error.status


async def test_an_account_allows_so_many_binds_of_each_type() -> None:
    limits = {"receiver": 1, "transmitter": 2}
    async with (
        sandbox(accounts=accounts(binds=limits)) as own,
        bound(own, bind_type=BindType.RECEIVER),
    ):
        assert await status_of(own, bind_type=BindType.RECEIVER) is CommandStatus.ESME_RALYBND
        assert await status_of(own, bind_type=BindType.TRANSMITTER) is CommandStatus.ESME_ROK
        assert await status_of(own, bind_type=BindType.TRANSCEIVER) is CommandStatus.ESME_ROK
        figures = own.statistics()["accounts"]["one"]
        assert figures["refused_binds"] == {"ESME_RALYBND": 1}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"allow": ["10.0.0.0/8"]}, CommandStatus.ESME_RBINDFAIL),
        ({"allow": ["127.0.0.1/32"]}, CommandStatus.ESME_ROK),
        ({"system_type": "VMS"}, CommandStatus.ESME_RINVSYSTYP),
        ({"bind_types": ["receiver"]}, CommandStatus.ESME_RBINDFAIL),
    ],
)
async def test_an_account_says_who_may_bind(fields: dict[str, Any], status: CommandStatus) -> None:
    async with sandbox(accounts=accounts(**fields)) as own:
        assert await status_of(own) is status
        assert await status_of(own, system_id="two") is CommandStatus.ESME_ROK


async def test_after_wrong_passwords_an_account_is_closed_even_to_the_right_one() -> None:
    async with sandbox(lock_after=2, lock_s=60) as own:
        statuses = [await status_of(own, password=word) for word in ("a", PASSWORD, "b", "c")]
        assert [status.name for status in statuses] == [
            "ESME_RINVPASWD",
            "ESME_ROK",
            "ESME_RINVPASWD",
            "ESME_RINVPASWD",
        ]
        assert await status_of(own) is CommandStatus.ESME_RBINDFAIL
        assert await status_of(own, system_id="two") is CommandStatus.ESME_ROK


async def test_receipts_go_to_the_account_that_another_names() -> None:
    async with (
        sandbox(accounts=accounts(deliver_to="two")) as own,
        bound(own, bind_type=BindType.TRANSMITTER) as sender,
        bound(own, system_id="two", bind_type=BindType.RECEIVER) as receiver,
    ):
        await sender.submit(3)
        (told,) = await receiver.receive(1)
        assert told.source_addr == "46700000003"


async def test_an_account_has_limits_of_its_own_whatever_the_scenario() -> None:
    text = "limits: {rate_per_s: 2, counting: sliding, above: drop}"
    own_limits = {"rate_per_s": 1, "above": "throttle", "status_above": "ESME_RMSGQFUL"}
    async with sandbox(text, accounts=accounts(limits=own_limits)) as own, bound(own) as sender:
        answers = [await sender.submit(n) for n in range(2)]
        assert [answer.command_status for answer in answers] == [0, CommandStatus.ESME_RMSGQFUL]
        own.change(scenario.parse("limits: {rate_per_s: 1000}", "other"))
        answers = [await sender.submit(n) for n in range(2)]
        assert [answer.command_status for answer in answers] == [0, CommandStatus.ESME_RMSGQFUL]


async def test_an_account_may_be_free_of_the_limits_of_the_scenario() -> None:
    text = "limits: {rate_per_s: 1, binds: 1}"
    free = {"rate_per_s": None, "binds": 2}
    async with sandbox(text, accounts=accounts(limits=free)) as own, bound(own) as sender:
        assert {(await sender.submit(n)).command_status for n in range(5)} == {0}
        assert await status_of(own) is CommandStatus.ESME_ROK
        async with bound(own, system_id="two"):
            assert await status_of(own, system_id="two") is CommandStatus.ESME_RALYBND


async def test_strangers_are_counted() -> None:
    async with sandbox() as own:
        assert await status_of(own, system_id="nobody") is CommandStatus.ESME_RINVSYSID
        assert own.statistics()["strangers"] == 1


async def test_a_listener_has_so_many_connections_and_no_more() -> None:
    async with sandbox(sessions_max=1) as own, bound(own):
        with pytest.raises(SmppError):
            await status_of(own)
    async with sandbox(sessions_max=2) as own, bound(own):
        for _ in range(3):  # the place of one that went is free again
            assert await status_of(own) is CommandStatus.ESME_ROK
