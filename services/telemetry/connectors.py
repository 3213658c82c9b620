"""How each connector is, over all its binds and binders, from what they say; pure.

A binder says of each lease how it is every 3 s; one that is silent for STALE_MS is as good as dead.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipeline.capacity import STALE_MS, is_throttled
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState, Stop
from pipeline.stops import CANCEL, DRAIN, PAUSE

SILENT = "silent"  # no binder says anything of it
BOUND, STOPPED, DRAINED = "bound", "stopped", "drained"
RANKS = STOPPED, DRAINED, BOUND, "refused", "unbound", "released"  # the first there is, is told
DONE: Mapping[str, str] = {PAUSE: "paused", CANCEL: "cancelled", DRAIN: "drained"}
Lease = tuple[int, bool]  # its partition, and whether it only receives


class Standing(NamedTuple):
    """One connector as its binders say."""

    state: str
    stop: str | None
    binds: int
    receivers: int
    in_flight: int
    window: int
    rate_per_s: float
    contract_per_s: float  # 0 when nobody says
    statuses: dict[str, int]
    certificate_expires_ms: int | None

    @property
    def is_throttled(self) -> bool:
        """Whether the SMSC takes much less than it should."""
        return is_throttled(self.rate_per_s, self.contract_per_s)

    @property
    def is_hindered(self) -> bool:
        """Whether what waits for it waits for its carrier."""
        return self.state != BOUND or self.is_throttled


class Connectors:
    """The newest word about each lease, and what operators have stopped.

    Both may be put on other threads than the one that looks.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[Lease, ConnectorState]] = {}
        self._stops: Mapping[str, Stop] = {}  # whole and never changed: others read it

    def hear(self, state: ConnectorState) -> None:
        """What a binder says of one lease."""
        leases = self._said.setdefault(state.connector, {})
        leases[state.partition, state.is_receiver] = state

    def put_stop(self, name: str, stop: Stop | None) -> None:
        """A row of sms.control.stop is this one now, or is no more."""
        others = {other: row for other, row in self._stops.items() if other != name}
        self._stops = others if stop is None else {**others, name: stop}

    def standing(self, name: ConnectorId, now_ms: int) -> Standing:
        """How one is now."""
        leases = list(self._said.get(name, {}).values())
        said = [one for one in leases if one.at_ms >= now_ms - STALE_MS]
        submitting = [one for one in said if not one.is_receiver]
        bound = [one for one in submitting if one.state in (BOUND, STOPPED)]
        state, reason = _worst(submitting)
        ends = [one.certificate_expires_ms for one in said if one.certificate_expires_ms]
        return Standing(
            state=state,
            stop=self._stopped(name) or (reason if state in (STOPPED, DRAINED) else None),
            binds=len(bound),
            receivers=sum(one.is_receiver and one.state == BOUND for one in said),
            in_flight=sum(one.in_flight for one in bound),
            window=sum(one.window_requests_max for one in bound),
            rate_per_s=sum(one.rate_per_s for one in submitting),
            contract_per_s=sum(one.contract_per_s for one in submitting),
            statuses=_statuses(said),
            certificate_expires_ms=min(ends, default=None),
        )

    def _stopped(self, name: ConnectorId) -> str | None:
        """What an operator has said about the whole of it."""
        for stop in self._stops.values():
            is_whole = stop.tenant is None and stop.campaign is None
            if is_whole and stop.connector in (None, name):
                return f"{DONE.get(stop.action, stop.action)} by an operator"
        return None


def _worst(said: Iterable[ConnectorState]) -> tuple[str, str | None]:
    found = {one.state: one.reason for one in said}
    state = next((rank for rank in RANKS if rank in found), None)
    return (SILENT, None) if state is None else (state, found[state])


def _statuses(said: Iterable[ConnectorState]) -> dict[str, int]:
    """Answers since each process began. A process counts for all its leases at once, and what it
    said of one may be older than what it said of another."""
    by_replica: dict[str, Counter[str]] = {}
    for one in said:
        by_replica[one.replica] = by_replica.get(one.replica, Counter()) | Counter(one.statuses)
    total: Counter[str] = Counter()
    for counts in by_replica.values():
        total += counts
    return dict(total.most_common())
