"""A view for tests that need none; one that knows something is made of it."""

from collections.abc import Sequence

from services.telemetry.heard import Heard, Moved
from services.telemetry.view import Count, Found, Head, Unsent


class Nothing:
    """A view that keeps nothing."""

    def begin(self, topic: str, partition: int) -> int | None:
        """It wants none."""
        return None

    def apply(self, batch: Sequence[Heard]) -> Sequence[Moved]:
        """It forgets them."""
        return ()

    def find_id(self, message_id: str) -> Found | None:
        """It knows none."""
        return None

    def find_number(self, number: str, limit: int) -> Sequence[Head]:
        """It knows none."""
        return ()

    def unsent(self, now_ms: int) -> Sequence[Unsent]:
        """It knows none."""
        return ()

    def late(self, after_ms: int, until_ms: int) -> Sequence[Unsent]:
        """It knows none."""
        return ()

    def counts(self) -> Sequence[Count]:
        """It knows none."""
        return ()

    def close(self) -> None:
        """Nothing is open."""
