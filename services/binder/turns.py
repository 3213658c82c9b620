"""Who waits aside though there is room: what a connector asks for beyond lanes and rate; pure.

`OneByOne` keeps strict order: of a recipient's segments one is on its way, the next follows its
outcome. `budgets.Budgets` gives each sender a rate. An engine without either asks nothing.
"""

from typing import Protocol

from pipeline.connectors import ConnectorConfig
from services.binder.budgets import Budgets
from services.binder.core import Segment
from services.binder.lanes import Lanes


class Turns(Protocol):
    """Told of every step of a segment. Times are monotonic seconds."""

    def holds_back(self, segment: Segment, now: float) -> bool:
        """Whether the head of the lanes must wait; then it does so already, aside."""

    def intended(self, segment: Segment) -> None:
        """Its intent is on the way to Kafka: it will be written before others like it."""

    def written(self, segment: Segment) -> None:
        """It was written."""

    def stepped_aside(self, segment: Segment) -> None:
        """It waits for something else: those like it need not wait for it."""

    def ended(self, segment: Segment) -> None:
        """It has its outcome, or was left to the next owner."""


class OneByOne:
    """Strict order per recipient."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def holds_back(self, segment: Segment, now: float) -> bool:
        """See Turns; the lanes know who is behind."""
        return False

    def intended(self, segment: Segment) -> None:
        """See Turns."""
        self._lanes.go(segment)

    def written(self, segment: Segment) -> None:
        """See Turns."""
        self._lanes.go(segment)

    def stepped_aside(self, segment: Segment) -> None:
        """See Turns; those to its recipient do."""

    def ended(self, segment: Segment) -> None:
        """See Turns."""
        self._lanes.passed(segment)


def turns_of(connector: ConnectorConfig, lanes: Lanes, headroom: float) -> Turns | None:
    """What a connector asks for, None when that is nothing; `headroom` as for its rate."""
    if connector.strict_order:
        return OneByOne(lanes)
    if connector.sender_rate_per_s is not None or connector.sender_rates:
        return Budgets(lanes, connector.sender_rate_per_s, connector.sender_rates, headroom)
    return None
