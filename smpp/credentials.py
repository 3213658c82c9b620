"""May a password be tried? Carriers lock an account that keeps on trying a wrong one.

All binds that share a system_id and a password share its tries: each attempt takes one and gives it
back, at once, or after a long rest when the SMSC refused the password. So there are never more
than `tries` refusals within the rest, however many binds there are, nor more attempts at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from smpp.errors import BindRefusedError, SmppError
from smpp.values import CommandStatus

WRONG_CREDENTIALS = (CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_RINVSYSID)
Bound = TypeVar("Bound")


def is_credential(error: SmppError) -> bool:
    """Whether the SMSC refused the system_id or the password."""
    return isinstance(error, BindRefusedError) and error.status in WRONG_CREDENTIALS


class Credentials:
    """The tries that one system_id and password have."""

    def __init__(self, tries: int = 3, rest_s: float = 600.0) -> None:
        self._rest_s = rest_s
        self._tries = asyncio.Semaphore(tries)

    async def attempt(self, bind: Callable[[], Awaitable[Bound]]) -> Bound:
        """What `bind` returns or raises, once there is a try for it."""
        await self._tries.acquire()
        rest_s = 0.0
        try:
            return await bind()
        except BindRefusedError as error:
            rest_s = self._rest_s if is_credential(error) else 0.0
            raise
        finally:
            asyncio.get_running_loop().call_later(rest_s, self._tries.release)
