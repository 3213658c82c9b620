"""The binds of one connector in this process: a `smpp.keeper.Keeper` a lease and role.

A lease is the number of a partition owned. While it is held, its submitting bind is kept up, and
its receiver, if the account has so many. Only a submitting bind is a wire to write to. While an
operator wants them to rest, nothing is bound, and the leases are held all the same.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import structlog

from pipeline.connectors import ConnectorConfig
from services.binder.accounts import Way
from services.binder.certificates import earliest_s, own_expires_s
from services.binder.config import BinderConfig
from services.binder.engine import Wire
from services.binder.resting import Rest
from smpp.backoff import BackoffConfig
from smpp.client import Esme
from smpp.credentials import WRONG_CREDENTIALS, Credentials
from smpp.keeper import Keeper, KeeperState
from smpp.pdu import Pdu

LOG = structlog.get_logger()
STATES = {  # what sms.connector.state says; one that connects or is made anew is what it was before
    KeeperState.BOUND: "bound",
    KeeperState.REFUSED: "refused",
    KeeperState.WAITING: "unbound",
}
REFUSED = "bind refused: "
DENIALS = {status.name for status in WRONG_CREDENTIALS}
DRAINED = "drained"


class Slot(NamedTuple):
    """One bind of the account: the lease it comes with, and whether it only receives."""

    lease: int
    is_receiver: bool


class Binds:
    """The binds of one connector in this process, by slot.

    What is counted of them may be asked for on another thread than the loop's.
    """

    def __init__(
        self,
        account: ConnectorConfig,
        ways: Mapping[bool, Way],
        config: BinderConfig,
        wires: dict[int, Wire],
        make_wire: Callable[[Esme], Wire],
        *,
        on_request: Callable[[int, Esme, Pdu], None],
        on_change: Callable[[Slot, str, str | None], None],
        on_attempt: Callable[[str], None],
        on_room: Callable[[], None],
        fail: Callable[[Exception], None],
    ) -> None:
        """`wires` has those that may be written to now, by lease, each made by `make_wire`.

        `on_request(lease, esme, pdu)` for what the SMSC asks; `on_change(slot, state, reason)`;
        `on_attempt(result)` of every attempt to bind; `on_room()` when a window has room again;
        `fail` ends the process.
        """
        self._account = account
        self._own_expires_s = _own_end(account)
        self._ways = ways
        self._backoff = BackoffConfig(min_s=config.reconnect_min_s, max_s=config.reconnect_max_s)
        self._drain_timeout_s = config.drain_timeout_s
        self._on_request = on_request
        self._on_change = on_change
        self._on_attempt = on_attempt
        self._on_room = on_room
        self._fail = fail
        self._leases: set[int] = set()
        self._keepers: dict[Slot, Keeper | Rest] = {}
        self._made_as: dict[Slot, object] = {}
        self._connecting: set[Slot] = set()
        self._credentials: dict[tuple[str, str], Credentials] = {}
        self._wires = wires
        self._make_wire = make_wire
        self._rotation: asyncio.Task[None] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.states: dict[Slot, tuple[str, str | None]] = {}
        self.is_resting = False

    @property
    def are_ready(self) -> bool:
        """Whether a lease is held, and one may be written to or all rest as they are told to."""
        return bool(self._leases and (self._wires or self.is_resting))

    @property
    def receiver_count(self) -> int:
        """How many receivers are up."""
        kept = list(self._keepers.items())
        return sum(slot.is_receiver and keeper.esme is not None for slot, keeper in kept)

    @property
    def wanted_count(self) -> int:
        """How many of both kinds should be up; what an operator has unbound should not."""
        return sum(isinstance(keeper, Keeper) for keeper in list(self._keepers.values()))

    @property
    def denied_count(self) -> int:
        """How many are down because the SMSC knows no such account, or another password."""
        return sum(
            state == "refused" and (why or "").removeprefix(REFUSED) in DENIALS
            for state, why in list(self.states.values())
        )

    @property
    def certificate_expires_s(self) -> float | None:
        """When the first certificate ends that binds depend on, in seconds since 1970 UTC.

        None where nothing is bound by TLS, or nothing is to be bound at all.
        """
        esmes = [keeper.esme for keeper in list(self._keepers.values())]
        return earliest_s(self._own_expires_s, esmes) if esmes else None

    def in_flight_count(self, slot: Slot) -> int:
        """Requests on a bind that are not answered yet."""
        keeper = self._keepers.get(slot)
        esme = None if keeper is None else keeper.esme
        return 0 if esme is None else len(esme.session.window.in_flight)

    def esme(self) -> Esme | None:
        """The submitting bind with most room; None while none has any."""
        up = [self._keepers[Slot(lease, is_receiver=False)].esme for lease in self._wires]
        best = max((esme for esme in up if esme), key=lambda esme: esme.room, default=None)
        return best if best is not None and best.room > 0 else None

    def hold(self, lease: int) -> None:
        """Keep what belongs to `lease` up from now on."""
        self._leases.add(lease)
        for slot in self._slots(lease):
            if slot not in self._keepers:
                self.states[slot] = ("unbound", None)
                self._keep(slot)

    def rest(self, *, wanted: bool) -> None:
        """Write nothing more and, when all that was written is answered, or was waited for as long
        as that may take, unbind; no longer `wanted`, bind again. The leases stay held."""
        if wanted is self.is_resting:
            return
        self.is_resting = wanted
        if wanted:
            self._wires.clear()
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle(), name="rest or wake binds")
            self._settling.add_done_callback(self._note_end)

    async def drain(self, leases: Collection[int]) -> None:
        """Write no more on what belongs to `leases`; until all on it is answered, or for as long
        as that may take. What is of other partitions is on it too."""
        self._leases.difference_update(leases)
        esmes = [keeper.esme for slot, keeper in self._keepers.items() if slot.lease in leases]
        for lease in leases:
            self._wires.pop(lease, None)
        await asyncio.gather(*(self._drain(esme) for esme in esmes if esme is not None))

    async def release(self, lease: int) -> None:
        """Unbind what belongs to `lease`; its unanswered requests are reported as unanswered."""
        self._leases.discard(lease)
        await self._let_go([slot for slot in self._keepers if slot.lease == lease])

    async def reload(self, account: ConnectorConfig, ways: Mapping[bool, Way]) -> None:
        """Bind as `account` says from now on: what is not bound at once, the others in turn."""
        self._account, self._ways = account, ways
        self._own_expires_s = _own_end(account)
        await self._let_go([slot for slot in self._keepers if slot not in self._slots(slot.lease)])
        for slot, keeper in self._keepers.items():
            if self._made_as[slot] == ways[slot.is_receiver].mark:
                keeper.configs = ways[slot.is_receiver].configs
            if keeper.esme is not None:
                keeper.esme.session.window.congestion.resize(account.window)
        for lease in self._leases:
            self.hold(lease)
        self._changed.set()
        if self._rotation is None or self._rotation.done():
            self._rotation = asyncio.create_task(self._rotate(), name="rotate binds")
            self._rotation.add_done_callback(self._note_end)

    async def release_all(self) -> None:
        """Release every lease."""
        for task in (self._rotation, self._settling):
            if task is not None:
                task.cancel()
        for lease in {slot.lease for slot in self._keepers}:
            await self.release(lease)

    # --- one bind -------------------------------------------------------------------------------

    def _slots(self, lease: int) -> Collection[Slot]:
        receiver = self._account.receiver
        has_receiver = receiver is not None and lease < receiver.binds
        roles = (False, True) if has_receiver else (False,)
        return [Slot(lease, is_receiver) for is_receiver in roles]

    def _keep(self, slot: Slot) -> None:
        way = self._ways[slot.is_receiver]
        account = (way.configs[0].system_id, way.configs[0].password)
        self._made_as[slot] = way.mark
        if self.is_resting:
            self._keepers[slot] = Rest(way.configs)
            self._tell(slot, DRAINED, None)
            return

        def note(state: KeeperState, why: str) -> None:
            if self._keepers.get(slot) is keeper:  # else the slot is given up, or held anew
                self._note(slot, state, why)

        keeper = self._keepers[slot] = Keeper(
            way.configs,
            on_request=lambda esme, pdu: self._on_request(slot.lease, esme, pdu),
            on_bound=lambda esme: self._take(slot, esme),
            on_change=note,
            fail=self._fail,
            credentials=self._credentials.setdefault(account, Credentials()),
            backoff=self._backoff,
        )
        keeper.start()

    async def _let_go(self, slots: Collection[Slot]) -> None:
        for slot in slots:
            keeper = self._keepers.pop(slot)
            self._write_no_more(slot)
            await keeper.stop()
            if slot not in self._keepers:  # else it is held again already
                self._tell(slot, "released", None)
                del self.states[slot], self._made_as[slot]
        self._changed.set()

    def _write_no_more(self, slot: Slot) -> None:
        if not slot.is_receiver:
            self._wires.pop(slot.lease, None)

    def _take(self, slot: Slot, esme: Esme) -> None:
        if not slot.is_receiver and slot.lease in self._leases and not self.is_resting:
            self._wires[slot.lease] = self._make_wire(esme)
            esme.on_room = self._on_room
            self._on_room()

    def _note(self, slot: Slot, state: KeeperState, why: str) -> None:
        if state is KeeperState.CONNECTING:
            self._connecting.add(slot)
        elif slot in self._connecting and state is not KeeperState.STOPPED:
            self._on_attempt(result_of(state, why))
        if state is not KeeperState.CONNECTING:
            self._connecting.discard(slot)
        if state is not KeeperState.BOUND:
            self._write_no_more(slot)
        if state in STATES:
            self._tell(slot, STATES[state], why or None)
        self._changed.set()

    def _tell(self, slot: Slot, state: str, reason: str | None) -> None:
        self.states[slot] = (state, reason)
        LOG.info("bind", **slot._asdict(), state=state, reason=reason)
        self._on_change(slot, state, reason)

    # --- one bind after another -----------------------------------------------------------------

    async def _rotate(self) -> None:
        """Make those anew that were made otherwise: what is down first, then one at a time."""
        while stale := [slot for slot in self._keepers if self._is_stale(slot)]:
            slot = min(stale, key=lambda slot: self._keepers[slot].esme is not None)
            await self._renew(slot)
            while self._is_awaited(slot):
                self._changed.clear()
                await self._changed.wait()

    def _is_stale(self, slot: Slot) -> bool:
        return self._made_as[slot] != self._ways[slot.is_receiver].mark

    def _is_awaited(self, slot: Slot) -> bool:
        keeper = self._keepers.get(slot)
        is_tried = isinstance(keeper, Keeper) and keeper.esme is None
        return is_tried and not self._is_stale(slot)

    async def _settle(self) -> None:
        """Have all rest, or be bound, as it is wanted by then; all at once."""
        while other := [slot for slot in self._keepers if not self._is_settled(slot)]:
            await asyncio.gather(*(self._renew(slot) for slot in other))

    def _is_settled(self, slot: Slot) -> bool:
        keeper = self._keepers[slot]
        is_ours = not slot.is_receiver and slot.lease in self._leases
        # A wish that was taken back at once has cut it off; maybe it is answering what it has.
        is_cut = is_ours and keeper.esme is not None and slot.lease not in self._wires
        return isinstance(keeper, Rest) is self.is_resting and not is_cut

    async def _renew(self, slot: Slot) -> None:
        keeper = self._keepers.get(slot)
        if keeper is None:  # released since it was chosen
            return
        self._write_no_more(slot)
        if keeper.esme is not None:
            await self._drain(keeper.esme)
        await keeper.stop()
        if self._keepers.get(slot) is keeper:  # else it was released meanwhile
            self._keep(slot)

    async def _drain(self, esme: Esme) -> None:
        """Until what was written is answered, or for as long as that may take."""
        drained = asyncio.Event()

        def look() -> None:
            if not esme.session.window.in_flight:
                drained.set()
            self._on_room()  # what it has refused may go by another

        esme.on_room = look
        look()
        waits = [asyncio.create_task(wait) for wait in (drained.wait(), esme.ended())]
        await asyncio.wait(
            waits, timeout=self._drain_timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        for wait in waits:
            wait.cancel()

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._fail(error)


def _own_end(account: ConnectorConfig) -> float | None:
    return None if account.tls is None else own_expires_s(account.tls.certificate_file)


def result_of(state: KeeperState, why: str) -> str:
    """What an attempt has come to: bound, failed, or the status by which it was refused."""
    if state is KeeperState.REFUSED:
        return why.removeprefix(REFUSED)
    return "bound" if state is KeeperState.BOUND else "failed"
