"""How an account binds, over all of its connections: in no storm, and not at a shut door; pure."""

from collections import deque

from services.sandbox.examination.conformance import Tally
from smpp import statuses
from smpp.statuses import Disposition
from smpp.values import CommandStatus

BINDS_A_MINUTE = 20
MINUTE_S = 60.0
AGAIN_S = 1.0  # after a refusal for good
ACCOUNTS_KEPT = 1000
FOR_GOOD = (Disposition.REBIND, Disposition.STOP_CONNECTOR)


class BindPace:
    """Judges binds in the order in which they come."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._came_at: dict[str, deque[float]] = {}
        self._refused_at: dict[str, float] = {}

    def bind(self, system_id: str, status: CommandStatus, now: float) -> None:
        """A bind came at `now`, in seconds since 1970, and was answered with `status`."""
        told = f"bind of {system_id!r}, answered {status.name}"
        came_at = self._came_at.setdefault(system_id, deque(maxlen=BINDS_A_MINUTE + 1))
        came_at.append(now)
        is_storm = len(came_at) > BINDS_A_MINUTE and now - came_at[0] < MINUTE_S
        self._tally.judge("bind_calmly", not is_storm, now, told)
        refused_at = self._refused_at.pop(system_id, None)
        if refused_at is not None:
            self._tally.judge("refused_bind", now - refused_at >= AGAIN_S, now, told)
        if statuses.disposition(status) in FOR_GOOD:
            self._refused_at[system_id] = now
        if len(self._came_at) > ACCOUNTS_KEPT:
            oldest = next(iter(self._came_at))
            del self._came_at[oldest]
            self._refused_at.pop(oldest, None)
