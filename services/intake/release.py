"""How much of what waits for a connector may go on to the router; pure.

What is queued for the connector is filled up to half of what may be: the other half is for what
comes besides, and for what turns out to have more segments than it seemed. What has gone on is
queued only when the router has routed it, so for IN_FLIGHT_S it counts as if it were.
"""

from collections import deque
from collections.abc import Mapping

from pipeline.capacity import Filled
from pipeline.records import MtAdmitted

IN_FLIGHT_S = 5.0  # to the router, through it, and to the next answer of how much is queued
FILL_TO = 0.5  # of what may be queued
ROOM_EVERY_S = 0.5  # in lumps: record by record, each would be a transaction of the router's


class Release:
    """What one process lets go for one connector. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.share = 0.0
        """Of what waits for it, the part that comes to this process."""
        self._went: deque[tuple[float, int]] = deque()
        self._in_flight = 0
        self._room = 0.0
        self._look_at_s = float("-inf")

    def room(self, filled: Filled | None, now_s: float) -> float:
        """Segments that may go now; none while nobody knows how full the connector is."""
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + ROOM_EVERY_S
            self._room = self._missing(filled, now_s)
        return self._room

    def went(self, segments: int, now_s: float) -> None:
        """So many have gone."""
        self._went.append((now_s, segments))
        self._in_flight += segments
        self._room -= segments

    def _missing(self, filled: Filled | None, now_s: float) -> float:
        while self._went and self._went[0][0] <= now_s - IN_FLIGHT_S:
            self._in_flight -= self._went.popleft()[1]
        if filled is None:
            return 0.0
        return self.share * (filled.limit * FILL_TO - filled.queued) - self._in_flight


def is_over(record: MtAdmitted, validities_s: Mapping[str, int], now_ms: int) -> bool:
    """Whether its validity has ended, whatever the routes make of it; `validities_s` by tenant."""
    head, request = record.head, record.request
    validity_s = request.validity_s or validities_s.get(head.tenant, 0)
    return max(request.send_at_ms or 0, head.requested_ms) + validity_s * 1000 < now_ms
