"""Keeps one bind up: connects, binds, and binds again after a loss, with one socket at a time.

    STOPPED ──start──▶ CONNECTING ──bound──▶ BOUND ──lost, and the socket closed──┐
                          ▲    └──refused, or no connection──▶ REFUSED, WAITING ◀──┘
                          └──────────────pause over───────────────┘

One task walks that circle, so there are never two binds, and the old socket is surely closed before
the next one opens, for carriers count them. Each attempt asks the next of several hosts; only a
refused password is no reason to, and has few tries (`smpp.credentials`). How long it waits is
`smpp.backoff`'s affair.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum
from random import Random

from smpp.backoff import Backoff, BackoffConfig
from smpp.client import Esme, EsmeConfig, OnRequest
from smpp.credentials import Credentials, is_credential
from smpp.errors import BindRefusedError, LinkError


class KeeperState(Enum):
    """Where a keeper is on its circle."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    BOUND = "bound"
    REFUSED = "refused"  # waiting, after the SMSC said no
    WAITING = "waiting"


class Keeper:
    """One bind that is kept up between `start` and `stop`; `esme` is it, while it is bound."""

    def __init__(
        self,
        configs: Sequence[EsmeConfig],
        *,
        on_request: OnRequest,
        on_bound: Callable[[Esme], None],
        on_change: Callable[[KeeperState, str], None],
        fail: Callable[[Exception], None],
        credentials: Credentials | None = None,
        backoff: BackoffConfig | None = None,
        random: Random | None = None,
    ) -> None:
        """`configs` are the hosts; `credentials` are shared by all who bind with them.

        `on_change(state, why)` hears of every step, `fail` of a bug that ended the keeping.
        """
        self.esme: Esme | None = None
        self.state = KeeperState.STOPPED
        self.configs = configs  # the next attempt is made by what stands here then
        self._turn = 0  # whose of the hosts it is
        self._credentials = credentials or Credentials()
        self._on_request = on_request
        self._on_bound = on_bound
        self._on_change = on_change
        self._fail = fail
        self._backoff = Backoff(backoff or BackoffConfig(), random or Random())
        self._task: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Keep the bind up from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep(), name="keep a bind")
            self._task.add_done_callback(self._note_end)

    async def stop(self) -> None:
        """Unbind politely and let go, for good; requests in flight are told before this returns."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop(), name="let go of a bind")
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        task = self._task
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        esme, self.esme = self.esme, None
        if esme is not None:
            await esme.close()
        self._set(KeeperState.STOPPED)

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        """A keeper ends by being cancelled; any other end is a bug and leaves the bind down."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._fail(error)

    async def _keep(self) -> None:
        while True:
            pause_s = await self._hold()
            await asyncio.sleep(pause_s)

    async def _hold(self) -> float:
        """One bind from its beginning to its end; returns the seconds to wait before the next."""
        try:
            esme = await self._credentials.attempt(self._connect)
        except LinkError as error:
            self._turn += not is_credential(error)
            is_refused = isinstance(error, BindRefusedError)
            self._set(KeeperState.REFUSED if is_refused else KeeperState.WAITING, str(error))
            return self._backoff.refused(error)
        loop = asyncio.get_running_loop()
        since = loop.time()
        self.esme = esme
        self._set(KeeperState.BOUND)
        self._on_bound(esme)
        closed = await esme.ended()
        self.esme = None
        self._turn += 1
        self._set(KeeperState.WAITING, str(closed))
        return self._backoff.lost(loop.time() - since)

    async def _connect(self) -> Esme:
        self._set(KeeperState.CONNECTING)
        config = self.configs[self._turn % len(self.configs)]
        return await Esme.connect(config, on_request=self._on_request)

    def _set(self, state: KeeperState, why: str = "") -> None:
        self.state = state
        self._on_change(state, why)
