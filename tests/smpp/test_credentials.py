"""Three refusals of a password in ten minutes, whoever tries it."""

import asyncio

import pytest

from smpp.credentials import Credentials
from smpp.errors import BindRefusedError, ConnectError, LinkError
from smpp.values import CommandStatus
from tests.smpp.loopback import DEADLINE_S

WRONG = BindRefusedError(CommandStatus.ESME_RINVPASWD)
TAKEN = BindRefusedError(CommandStatus.ESME_RALYBND)


class Door:
    """What refuses or lets in, and counts who knocks."""

    def __init__(self, error: LinkError | None) -> None:
        self.error = error
        self.knocks = 0

    async def __call__(self) -> str:
        self.knocks += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return "bound"


async def knock(credentials: Credentials, door: Door, times: int) -> list[object]:
    """So many at once; those that wait in vain are let go."""
    attempts = [asyncio.create_task(credentials.attempt(door)) for _ in range(times)]
    for _ in range(100):
        await asyncio.sleep(0)
    for attempt in attempts:
        attempt.cancel()
    return await asyncio.gather(*attempts, return_exceptions=True)


async def test_a_wrong_password_has_three_tries_however_many_knock_at_once() -> None:
    credentials, door = Credentials(), Door(WRONG)
    for _ in range(3):
        await knock(credentials, door, 5)
    assert door.knocks == 3


@pytest.mark.parametrize("error", [None, TAKEN, ConnectError("no")])
async def test_only_a_refused_password_costs_a_try(error: LinkError | None) -> None:
    credentials, door = Credentials(), Door(error)
    for _ in range(3):
        await knock(credentials, door, 4)
    assert door.knocks == 12


async def test_after_the_rest_it_may_be_tried_again() -> None:
    credentials, door = Credentials(rest_s=0.01), Door(WRONG)
    for _ in range(9):
        with pytest.raises(BindRefusedError):
            await asyncio.wait_for(credentials.attempt(door), DEADLINE_S)
    assert door.knocks == 9
