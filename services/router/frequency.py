"""How often one recipient hears from a tenant: a sliding window in the recipient's own state; pure.

A limit keeps the times of the messages it has counted, as many as it allows, so that it holds in
any window there is and not only in those that begin at a full hour.
"""

from collections.abc import Iterable

import msgspec

from pipeline.effects import Entries
from pipeline.limits import RecipientLimitConfig

SLACK_S = 3600  # entries live by the time of records, which the router may be behind


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When the latest messages went that a limit counts, ms since 1970 UTC, oldest first."""

    at_ms: tuple[int, ...]


class Frequency:
    """The limits of one tenant for each recipient."""

    def __init__(self, tenant: str, limits: Iterable[RecipientLimitConfig]) -> None:
        self._rows = [
            (f"sent|{tenant}|{limit.class_ or ''}|{limit.per_s}", limit) for limit in limits
        ]

    def full(
        self, state: Entries, class_: str, now_ms: int
    ) -> tuple[RecipientLimitConfig, int] | None:
        """The first limit that allows no message now, and from when on it does."""
        for name, limit in self._rows:
            sent = state.get(name, Sent) if limit.class_ in (None, class_) else None
            if sent is not None and len(sent.at_ms) >= limit.messages:
                again_ms = sent.at_ms[-limit.messages] + limit.per_s * 1000
                if again_ms > now_ms:
                    return limit, again_ms
        return None

    def note(self, state: Entries, class_: str, now_ms: int) -> None:
        """A message goes now."""
        for name, limit in self._rows:
            if limit.class_ in (None, class_):
                sent = state.get(name, Sent)
                at_ms = (*(sent.at_ms if sent else ()), now_ms)[-limit.messages :]
                state.put(name, Sent(at_ms), limit.per_s + SLACK_S)
