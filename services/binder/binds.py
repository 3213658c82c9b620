"""Keeps the binds of one connector up: one task a lease, one state machine, one socket at a time.

A lease is the number of a partition owned. While it is held, its bind is connected, bound, and
connected again after a loss with full jitter; the old socket is surely closed before the next bind,
for carriers count sockets. Refusals wait longer the more there are; they never end the trying.
"""

import asyncio
import random
from collections.abc import Callable

import structlog

from pipeline.config import ConnectorConfig
from services.binder.config import BinderConfig
from smpp.client import Esme, EsmeConfig
from smpp.errors import BindRefusedError, SmppError
from smpp.pdu import Pdu
from smpp.values import BindType

LOG = structlog.get_logger()
BIND_TYPES = {"transceiver": BindType.TRANSCEIVER, "transmitter": BindType.TRANSMITTER}


class Binds:
    """The binds of one connector in this process, by lease number."""

    def __init__(
        self,
        connector: ConnectorConfig,
        config: BinderConfig,
        *,
        on_request: Callable[[int, Esme, Pdu], None],
        on_change: Callable[[int, str, str | None], None],
        on_room: Callable[[], None],
        fail: Callable[[Exception], None],
    ) -> None:
        """`on_request(lease, esme, pdu)` for what the SMSC asks; `on_change(lease, state, reason)`;
        `on_room()` when a window has room again; `fail` ends the process."""
        self._connector = connector
        self._config = config
        self._on_request = on_request
        self._on_change = on_change
        self._on_room = on_room
        self._fail = fail
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._up: dict[int, Esme] = {}
        self.states: dict[int, tuple[str, str | None]] = {}

    @property
    def up(self) -> dict[int, Esme]:
        """The binds that are bound now, by lease."""
        return self._up

    def hold(self, lease: int) -> None:
        """Keep bind `lease` up from now on."""
        if lease not in self._keepers:
            keeper = asyncio.create_task(self._keep(lease), name=f"bind {lease}")
            keeper.add_done_callback(self._note_end)
            self._keepers[lease] = keeper

    async def release(self, lease: int) -> None:
        """Unbind `lease` and forget it; its unanswered requests are reported as unanswered."""
        keeper = self._keepers.pop(lease, None)
        if keeper is None:
            return
        esme = self._up.pop(lease, None)
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        if esme is not None:
            await esme.close()
        self._set(lease, "released", None)
        del self.states[lease]

    def _note_end(self, keeper: asyncio.Task[None]) -> None:
        """A keeper ends by being cancelled; any other end is a bug and leaves the bind down."""
        error = None if keeper.cancelled() else keeper.exception()
        if isinstance(error, Exception):
            self._fail(error)

    async def _keep(self, lease: int) -> None:
        failures = 0
        while True:
            closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                esme = await self._connect(lease, closed)
            except (SmppError, OSError, TimeoutError) as error:
                failures += 1
                state = "refused" if isinstance(error, BindRefusedError) else "unbound"
                self._set(lease, state, str(error))
            else:
                failures = 0
                self._up[lease] = esme
                self._set(lease, "bound", None)
                self._on_room()
                reason = await closed
                self._up.pop(lease, None)
                await esme.close()
                self._set(lease, "unbound", reason)
            await asyncio.sleep(self._pause_s(failures))

    async def _connect(self, lease: int, closed: asyncio.Future[str]) -> Esme:
        def on_closed(_: Esme, reason: object) -> None:
            if not closed.done():
                closed.set_result(str(reason))

        esme = await Esme.connect(
            self._esme_config(),
            on_request=lambda esme, pdu: self._on_request(lease, esme, pdu),
            on_closed=on_closed,
        )
        esme.on_room = self._on_room
        return esme

    def _esme_config(self) -> EsmeConfig:
        connector = self._connector
        return EsmeConfig(
            host=connector.host,
            port=connector.port,
            system_id=connector.system_id,
            password=connector.password.get_secret_value(),
            system_type=connector.system_type,
            bind_type=BIND_TYPES[connector.bind_type],
            window_requests_max=connector.window,
            enquire_link_interval_s=connector.enquire_link_s,
            response_timeout_s=connector.response_timeout_s,
        )

    def _pause_s(self, failures: int) -> float:
        """Full jitter: anything up to a bound that doubles with each failure."""
        bound = self._config.reconnect_min_s * 2.0 ** min(failures, 16)
        return random.uniform(0, min(bound, self._config.reconnect_max_s))

    def _set(self, lease: int, state: str, reason: str | None) -> None:
        self.states[lease] = (state, reason)
        LOG.info("bind", lease=lease, state=state, reason=reason, host=self._connector.host)
        self._on_change(lease, state, reason)
