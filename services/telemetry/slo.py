"""The promise: what is due reaches an SMSC, or an end, within PROMISE_S; pure.

Every second a cut moves on. What became due between the last cut and this one, and is still not
sent, is late: so each message is late once, and an outage shows while it lasts. What is first heard
of when the cut has passed it, as after an outage of intake or router, and what has reached its end
before the cut comes to it, is late by its own times. Good is all that has reached an SMSC or an end
and was not late: all of those, less the late ones that are no more among the unsent.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable

from services.telemetry.funnel import UNSENT
from services.telemetry.heard import Moved
from services.telemetry.view import Unsent

PROMISE_S = 30
PROMISE_MS = PROMISE_S * 1000
GOOD, LATE, CARRIER = "good", "late", "carrier"
RESULTS = GOOD, LATE, CARRIER


class Slo:
    """Judges by cuts; test tenants are promised nothing."""

    def __init__(self) -> None:
        self.results: Counter[tuple[str, str]] = Counter()  # by lane and result
        self.cut_ms: int | None = None  # up to where all is judged
        self._reached: Counter[str] = Counter()  # by lane
        self._late: Counter[str] = Counter()  # and those before the first cut
        self._unjudged: deque[tuple[str, str | None]] = deque()  # late ones: lane and connector

    def move(self, moved: Moved) -> None:
        """One has come into another state; may come on another thread than `judge`."""
        if moved.test:
            return
        is_end = moved.before in UNSENT and moved.after not in UNSENT
        if moved.due_ms is not None and moved.at_ms > moved.due_ms + PROMISE_MS:
            is_passed = self.cut_ms is not None and moved.due_ms <= self.cut_ms
            if moved.before is None if is_passed else is_end:  # or else the cut tells of it
                self._unjudged.append((moved.lane, moved.connector))
        if is_end:
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
        found: Counter[tuple[str, str | None]] = Counter()
        if self.cut_ms is None:  # what is late already is none of ours
            self._late = _by_lane(late(0, cut_ms))
            self.cut_ms = cut_ms
        elif cut_ms > self.cut_ms:
            for one in late(self.cut_ms, cut_ms):
                if not one.test:
                    found[one.lane, one.connector] += one.messages
            self.cut_ms = cut_ms
        while self._unjudged:
            found[self._unjudged.popleft()] += 1
        for (lane, connector), messages in found.items():
            self.results[lane, CARRIER if is_carriers(connector) else LATE] += messages
            self._late[lane] += messages
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
