"""How far messages have come, counted by what each has moved from and to; pure.

A message stands in exactly one state, so what is shown adds up: requested is what was delivered,
failed, expired, is unknown or was only to be submitted, and what is open. It goes on after a
restart from what the view counts, and leaves off what the view forgets, so nothing drifts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import Flag, auto

from services.telemetry.heard import FORGOTTEN, Moved
from services.telemetry.snapshot import Funnel
from services.telemetry.view import Count


class Stage(Flag):
    """What a message of some state has behind it. ROUTED is told of those that an SMSC has, may
    have or is to get; of what ended otherwise nobody can tell by its state."""

    NONE = 0
    OPEN = auto()
    ROUTED = auto()
    SUBMITTED = auto()
    DELIVERED = auto()
    FAILED = auto()
    UNKNOWN = auto()
    EXPIRED = auto()


AT_SMSC = Stage.ROUTED | Stage.SUBMITTED
STAGES: Mapping[str, Stage] = {
    "scheduled": Stage.OPEN,
    "waiting": Stage.OPEN,
    "routed": Stage.OPEN | Stage.ROUTED,
    "sending": Stage.OPEN | Stage.ROUTED,
    "accepted": Stage.OPEN | AT_SMSC,
    "partial": Stage.OPEN | AT_SMSC,
    "submitted": AT_SMSC,
    "delivered": AT_SMSC | Stage.DELIVERED,
    "undeliverable": AT_SMSC | Stage.FAILED,
    "unknown": AT_SMSC | Stage.UNKNOWN,
    "rejected": Stage.FAILED,
    "cancelled": Stage.FAILED,
    "expired": Stage.EXPIRED,
}
ENDS = tuple(state for state, stage in STAGES.items() if Stage.OPEN not in stage)
UNSENT = frozenset({None, "scheduled", "waiting", "routed", "sending"})


class States:
    """How many messages are in which state, those of test tenants apart."""

    def __init__(self, counts: Iterable[Count] = ()) -> None:
        """`counts` is where to go on from."""
        self._messages: Counter[tuple[str, bool]] = Counter()
        for count in counts:
            self._messages[count.state, count.test] += count.messages

    def move(self, moved: Moved) -> None:
        """One has come into another state."""
        if moved.before not in (None, FORGOTTEN):
            self._messages[moved.before, moved.test] -= 1
        if moved.after != FORGOTTEN:
            self._messages[moved.after, moved.test] += 1

    def funnel(self, *, test: bool = False) -> Funnel:
        """As it stands."""
        own = {state: n for (state, is_test), n in self._messages.items() if is_test == test}

        def at(stage: Stage) -> int:
            return sum(n for state, n in own.items() if stage in STAGES.get(state, Stage.OPEN))

        return Funnel(
            requested=sum(own.values()),
            routed=at(Stage.ROUTED),
            submitted=at(Stage.SUBMITTED),
            delivered=at(Stage.DELIVERED),
            failed=at(Stage.FAILED),
            unknown=at(Stage.UNKNOWN),
            expired=at(Stage.EXPIRED),
            open=at(Stage.OPEN),
        )
