"""What one SMSC answers, by status and by time, in plain integers."""

import time
from collections.abc import Callable

from pipeline.ids import ConnectorId
from pipeline.metrics import Counter, Metrics
from services.binder.core import Segment, status_name
from smpp.pdu import Pdu

BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
STATUSES_MAX = 64  # that have a counter of their own; an SMSC may write any of 4,294,967,296
OTHER, NONE = "other", "none"


class Answers:
    """Stands between the wires of a connector and who decides on their answers."""

    def __init__(
        self, name: ConnectorId, metrics: Metrics, then: Callable[[object, Pdu | None], None]
    ) -> None:
        """`then(segment, response or None)` is called for each."""
        self._name = name
        self._metrics = metrics
        self._then = then
        self._by_status: dict[int | None, Counter] = {}
        self._names: dict[str, Counter] = {}
        self.times = metrics.histogram("sms.binder.answer.duration", BOUNDS_S, connector=name)
        for status in (0, None):  # silence too has its place, whatever an SMSC makes up
            self._of(status)

    def take(self, segment: object, answer: Pdu | None) -> None:
        """One answer; None when none came."""
        status = None if answer is None else answer.command_status
        (self._by_status.get(status) or self._of(status)).value += 1
        if answer is not None and isinstance(segment, Segment) and segment.written_ms is not None:
            self.times.note(max(0.0, time.time() - segment.written_ms / 1000))
        self._then(segment, answer)

    @property
    def statuses(self) -> dict[str, int]:
        """How many there were of each since the process began."""
        return {name: counter.value for name, counter in self._names.items() if counter.value}

    def _of(self, status: int | None) -> Counter:
        """The counter of a status that had none."""
        name = NONE if status is None else status_name(status)
        if name not in self._names and len(self._names) >= STATUSES_MAX:
            name = OTHER
        found = self._metrics.counter("sms.binder.statuses", connector=self._name, status=name)
        self._names[name] = found
        if name != OTHER:  # those that are other ones are without end
            self._by_status[status] = found
        return found
