"""The promise: what is due reaches an SMSC, or an end, within PROMISE_S; pure.

Every second a cut moves on. What became due between the last cut and this one, and is still not
sent, is late: so each message is late once, and an outage shows while it lasts. Good is all that
has reached an SMSC or an end and was not late: all of those, less the late ones that are no more
among the unsent.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from services.telemetry.funnel import UNSENT
from services.telemetry.heard import Moved
from services.telemetry.view import Unsent

PROMISE_S = 30
GOOD, LATE, CARRIER = "good", "late", "carrier"
RESULTS = GOOD, LATE, CARRIER


class Slo:
    """Judges by cuts; test tenants are promised nothing."""

    def __init__(self) -> None:
        self.results: Counter[tuple[str, str]] = Counter()  # by lane and result
        self.cut_ms: int | None = None  # up to where all is judged
        self._reached: Counter[str] = Counter()  # by lane
        self._late: Counter[str] = Counter()  # and those before the first cut

    def move(self, moved: Moved) -> None:
        """One has come into another state."""
        if not moved.test and moved.before in UNSENT and moved.after not in UNSENT:
            self._reached[moved.lane] += 1

    def judge(
        self,
        cut_ms: int,
        late: Callable[[int, int], Iterable[Unsent]],
        is_carriers: Callable[[str | None], bool],
    ) -> None:
        """Move the cut to `cut_ms`, if that is later.

        `late` tells what of the unsent was due after the one and not after the other;
        `is_carriers` whether the carrier of a connector is to blame for what is late now.
        """
        reached = dict(self._reached)  # first, or what reaches meanwhile would be good too soon
        if self.cut_ms is None:
            self.cut_ms = cut_ms
            self._late = _by_lane(late(0, cut_ms))
            return
        if cut_ms > self.cut_ms:
            for one in late(self.cut_ms, cut_ms):
                if not one.test:
                    result = CARRIER if is_carriers(one.connector) else LATE
                    self.results[one.lane, result] += one.messages
                    self._late[one.lane] += one.messages
            self.cut_ms = cut_ms
        still = _by_lane(late(0, self.cut_ms))
        for lane, count in reached.items():
            good = count - (self._late[lane] - still[lane])
            self.results[lane, GOOD] = max(self.results[lane, GOOD], good)


def _by_lane(found: Iterable[Unsent]) -> Counter[str]:
    lanes: Counter[str] = Counter()
    for one in found:
        if not one.test:
            lanes[one.lane] += one.messages
    return lanes
