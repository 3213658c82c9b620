"""How each bind is, told on `sms.connector.state`: for the router, and for whoever watches.

The rate is the one in force: what the process owns, less where the SMSC takes less. A connector
that has stopped says so whatever its binds are, for nothing goes over them. What is `ahead` of the
committed offset is in nobody's way: who counts what is queued takes it off.
"""

from collections.abc import Mapping

import structlog
from msgspec.structs import replace

from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.process import Process
from pipeline.records import ConnectorState
from services.binder.answers import Answers
from services.binder.binds import Binds, Slot
from services.binder.core import status_name
from services.binder.engine import Engine
from services.binder.leases import Leases
from services.binder.outbox import Outbox

LOG = structlog.get_logger()
CHANGE_MIN = 0.05  # of the rate told last: less is no news
AHEAD_MIN = 100  # records: fewer are no news


class States:
    """Tells of the leases of one connector in this process."""

    def __init__(
        self,
        name: ConnectorId,
        process: Process,
        binds: Binds,
        answers: Answers,
        engine: Engine,
        leases: Leases,
        outbox: Outbox,
        window: int,
    ) -> None:
        """`binds` has state and reason of each that is held, as it is at any time."""
        self.window = window  # of each bind, from now on
        self._name = name
        self._replica = process.replica
        self._binds = binds
        self._slots: Mapping[Slot, tuple[str, str | None]] = binds.states
        self._answers = answers
        self._engine = engine
        self._leases = leases
        self._outbox = outbox
        self._rate_told = 0.0
        self._stop_told: int | None = None
        self._ahead_told = 0

    def tell_all(self) -> None:
        """Every bind, so that a router knows we are not dead."""
        self._rate_told = self._engine.pacer.rate_per_s
        self._ahead_told = self._ahead
        for slot, (state, reason) in self._slots.items():
            self.tell(slot, state, reason)

    def tell_change(self) -> None:
        """Every bind if the rate in force is another one, or the connector stops or goes on.

        Or if what stood in the way of a commit no longer does: what is queued would seem less.
        """
        rate, stop = self._engine.pacer.rate_per_s, self._engine.circuit.stopped_by
        if stop != self._stop_told:
            self._stop_told = stop
            why = "it goes on" if stop is None else status_name(stop)
            LOG.warning("a connector stops or goes on", connector=self._name, reason=why)
        elif abs(
            rate - self._rate_told
        ) <= CHANGE_MIN * self._rate_told and self._ahead_told - self._ahead <= max(
            AHEAD_MIN, self._ahead_told // 2
        ):
            return
        self.tell_all()

    def tell(self, slot: Slot, state: str, reason: str | None) -> None:
        """One bind."""
        stop, pacer = self._engine.circuit.stopped_by, self._engine.pacer
        if stop is not None and state == "bound" and not slot.is_receiver:
            state, reason = "stopped", status_name(stop)
        leases = max(1, sum(1 for other in self._slots if not other.is_receiver))
        rate, contract = (0.0, 0.0) if slot.is_receiver else (pacer.rate_per_s, pacer.owned_per_s)
        record = ConnectorState(
            connector=self._name,
            partition=slot.lease,
            replica=self._replica,
            state=state,
            reason=reason,
            window_requests_max=self.window,
            rate_per_s=rate / leases,
            contract_per_s=contract / leases,
            at_ms=now_ms(),
            is_receiver=slot.is_receiver,
        )
        if not slot.is_receiver:
            paused = self._engine.lanes.paused_count // leases
            done_ahead = self._leases.done_ahead
            end_s = self._binds.certificate_expires_s
            record = replace(
                record,
                in_flight=self._binds.in_flight_count(slot),
                statuses=self._answers.statuses,
                certificate_expires_ms=None if end_s is None else int(end_s * 1000),
                ahead=done_ahead(slot.lease, priority=False) + paused,
                ahead_priority=done_ahead(slot.lease, priority=True),
            )
        self._outbox.state(record)

    @property
    def _ahead(self) -> int:
        """What is ahead of all leases."""
        done_ahead, partitions = self._leases.done_ahead, self._leases.partitions
        return self._engine.lanes.paused_count + sum(
            done_ahead(partition, priority=lane)
            for partition in partitions
            for lane in (True, False)
        )
