"""What telemetry hears and tells on: records as they come, and what they change."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from pipeline.records import Record


class Heard(NamedTuple):
    """An MtEvent, Dlr or Mo, from where, and when Kafka had it."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    record: Record


FORGOTTEN: Final = "forgotten"


class Moved(NamedTuple):
    """A message that has come into another state. `before` is None of one that begins. FORGOTTEN
    is what the view no longer has: the state after it lets go of one, and the state before where
    something is still heard of that one.
    """

    before: str | None
    after: str
    connector: str | None
    class_: str
    country: str | None
    lane: str
    test: bool
    due_ms: int | None  # from when on it should be sent; None while that is put off
    at_ms: int  # when it came to that


class Listener(Protocol):
    """Who hears all that is read, on the thread that reads: nothing there may wait."""

    def heard(self, batch: Sequence[Heard], moved: Sequence[Moved]) -> None:
        """Take what has come, and what the view says it has changed; each record once or again."""
