"""How much of what waits for a connector may go on to the router; pure.

What is queued for the connector is filled up to half of what may be: the other half is for what
comes besides, and for what turns out to have more segments than it seemed. What has gone on is
queued only when the router has routed it, so for IN_FLIGHT_S it counts as if it were.

Two kinds go on though nothing is missing, slowly, for a router may only put them back. What waits
for a connector that is down, while another could take some: at the rate it had, and each record not
before it has waited for DECIDED_S. And what waits for a connector that nobody has configured.
"""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.capacity import Filled
from pipeline.records import MtAdmitted

IN_FLIGHT_S = 5.0  # to the router, through it, and to the next answer of how much is queued
FILL_TO = 0.5  # of what may be queued
ROOM_EVERY_S = 0.5  # in lumps: record by record, each would be a transaction of the router's
DECIDED_S = 60.0  # so long what the router has decided stands, where it may decide the same again
STRAYS = 160  # segments within IN_FLIGHT_S, for a connector that nobody has configured


class Goal(NamedTuple):
    """What may be on its way for one connector, from all processes."""

    segments: float
    waited_s: float = 0.0  # only records that have waited so long may be


def goal(filled: Filled | None, detour_per_s: float, *, is_configured: bool) -> Goal:
    """By how full the connector is; `detour_per_s` may go on from it whatever that is.

    None while nobody knows how full it is.
    """
    if not is_configured:
        return Goal(STRAYS)
    if filled is None:
        return Goal(0.0)
    missing = filled.limit * FILL_TO - filled.queued
    if missing <= 0 < detour_per_s:
        return Goal(detour_per_s * IN_FLIGHT_S, DECIDED_S)
    return Goal(missing)


class Release:
    """What one process lets go for one connector. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.share = 0.0
        """Of what waits for it, the part that comes to this process."""
        self._went: deque[tuple[float, int]] = deque()
        self._in_flight = 0
        self._room = 0.0
        self._look_at_s = float("-inf")

    def room(self, segments: float, now_s: float) -> float:
        """Segments that may go now, where so many may be on their way from all processes."""
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + ROOM_EVERY_S
            while self._went and self._went[0][0] <= now_s - IN_FLIGHT_S:
                self._in_flight -= self._went.popleft()[1]
            self._room = self.share * segments - self._in_flight
        return self._room

    def went(self, segments: int, now_s: float) -> None:
        """So many have gone."""
        self._went.append((now_s, segments))
        self._in_flight += segments
        self._room -= segments


def is_over(record: MtAdmitted, validities_s: Mapping[str, int], now_ms: int) -> bool:
    """Whether its validity has ended, whatever the routes make of it; `validities_s` by tenant."""
    head, request = record.head, record.request
    validity_s = request.validity_s or validities_s.get(head.tenant, 0)
    return max(request.send_at_ms or 0, head.requested_ms) + validity_s * 1000 < now_ms
