"""Back-pressure towards Kafka: where enough waits, no more is taken; pure.

    fill of the fuller limit   below 1      1 to 2                         2 and more
    taken from Kafka           all          what is urgent, at most 0.5 s  nothing
                                            late (membership.HOLD_S)

So a one-time password passes a campaign that waits for its rate, however long. All is taken again
when half of the limit is left.
"""

from enum import IntEnum
from typing import Protocol

from services.binder.lanes import Lanes

GO_ON_AT = 0.5


class Tap(Protocol):
    """What lets records through."""

    def hold(self, *, everything: bool) -> None:
        """Hand over no more, but what is urgent, unless it is everything."""

    def go_on(self) -> None:
        """Hand over again."""


class Hold(IntEnum):
    """What is not taken."""

    NOTHING = 0
    ORDINARY = 1
    EVERYTHING = 2


class Pressure:
    """Of one connector; the limits are segments that wait, and segments set aside as paused."""

    def __init__(self, lanes: Lanes, tap: Tap, queue_max: int, paused_max: int) -> None:
        self._lanes = lanes
        self._tap = tap
        self._queue_max = queue_max
        self._paused_max = paused_max
        self._hold = Hold.NOTHING

    def press(self) -> None:
        """Look again at what waits."""
        fill = len(self._lanes) / self._queue_max
        fullest = max(fill, self._lanes.paused_count / self._paused_max)
        wanted = Hold(min(int(fullest), Hold.EVERYTHING))
        if wanted > self._hold:
            self._tap.hold(everything=wanted is Hold.EVERYTHING)
        elif self._hold and not wanted and fill <= GO_ON_AT:
            self._tap.go_on()
        else:
            return
        self._hold = wanted
