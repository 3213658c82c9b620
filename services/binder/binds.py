"""The binds of one connector in this process: a `smpp.keeper.Keeper` a lease.

A lease is the number of a partition owned. While it is held, its bind is kept up.
"""

from collections.abc import Callable

import structlog

from pipeline.config import ConnectorConfig
from services.binder.accounts import esme_configs
from services.binder.config import BinderConfig
from services.binder.engine import Wire
from smpp.backoff import BackoffConfig
from smpp.client import Esme
from smpp.keeper import Keeper, KeeperState
from smpp.pdu import Pdu

LOG = structlog.get_logger()
STATES = {  # what sms.connector.state says; one that connects is still what it was before
    KeeperState.BOUND: "bound",
    KeeperState.REFUSED: "refused",
    KeeperState.WAITING: "unbound",
    KeeperState.STOPPED: "released",
}


class Binds:
    """The binds of one connector in this process, by lease number."""

    def __init__(
        self,
        connector: ConnectorConfig,
        config: BinderConfig,
        wires: dict[int, Wire],
        make_wire: Callable[[Esme], Wire],
        *,
        on_request: Callable[[int, Esme, Pdu], None],
        on_change: Callable[[int, str, str | None], None],
        on_room: Callable[[], None],
        fail: Callable[[Exception], None],
    ) -> None:
        """`wires` has those that are bound now, by lease, each made by `make_wire`.

        `on_request(lease, esme, pdu)` for what the SMSC asks; `on_change(lease, state, reason)`;
        `on_room()` when a window has room again; `fail` ends the process.
        """
        self._connector = connector
        self._backoff = BackoffConfig(min_s=config.reconnect_min_s, max_s=config.reconnect_max_s)
        self._on_request = on_request
        self._on_change = on_change
        self._on_room = on_room
        self._fail = fail
        self._keepers: dict[int, Keeper] = {}
        self._wires = wires
        self._make_wire = make_wire
        self.states: dict[int, tuple[str, str | None]] = {}

    def hold(self, lease: int) -> None:
        """Keep bind `lease` up from now on."""
        if lease not in self._keepers:
            self.states[lease] = ("unbound", None)
            self._keepers[lease] = self._keeper(lease)
            self._keepers[lease].start()

    async def release(self, lease: int) -> None:
        """Unbind `lease` and forget it; its unanswered requests are reported as unanswered."""
        keeper = self._keepers.pop(lease, None)
        if keeper is not None:
            self._wires.pop(lease, None)  # nothing more is sent while it unbinds
            await keeper.stop()
            del self.states[lease]

    def _keeper(self, lease: int) -> Keeper:
        return Keeper(
            esme_configs(self._connector),
            on_request=lambda esme, pdu: self._on_request(lease, esme, pdu),
            on_bound=lambda esme: self._take(lease, esme),
            on_change=lambda state, why: self._note(lease, state, why),
            fail=self._fail,
            backoff=self._backoff,
        )

    def _take(self, lease: int, esme: Esme) -> None:
        self._wires[lease] = self._make_wire(esme)
        esme.on_room = self._on_room
        self._on_room()

    def _note(self, lease: int, state: KeeperState, why: str) -> None:
        if state is not KeeperState.BOUND:
            self._wires.pop(lease, None)
        if state in STATES:
            name, reason = STATES[state], why or None
            self.states[lease] = (name, reason)
            LOG.info("bind", lease=lease, state=name, reason=reason, host=self._connector.hosts[0])
            self._on_change(lease, name, reason)
