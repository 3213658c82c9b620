"""The timers of a session, SMPP 3.4 section 7.2: pure, told the time and asked what is due.

Until the session is bound only `session_init_s` runs. After that silence counts: no octet from the
peer for `enquire_link_interval_s` asks it for a sign of life, and none for another
`enquire_link_timeout_s` means the link is lost. Any octet is a sign of life, but a peer that stops
in the middle of a PDU is lost as well. Inactivity counts messages only. Infinite means never.
"""

from dataclasses import astuple, dataclass
from math import inf

from smpp.state import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerConfig:
    """The times of a session, in seconds."""

    session_init_s: float = 10.0
    enquire_link_interval_s: float = 60.0
    enquire_link_timeout_s: float = 10.0
    inactivity_s: float = inf
    pdu_read_s: float = 10.0
    unbind_s: float = 5.0

    @property
    def shortest_s(self) -> float:
        """The shortest of them."""
        return min(float(seconds) for seconds in astuple(self))


class Timers:
    """When what is due, for one session; every attribute is a moment in the caller's seconds."""

    __slots__ = (
        "_config",
        "_inactive_at",
        "_is_bound",
        "_not_bound_at",
        "_not_unbound_at",
        "_silent_at",
        "_unfinished_at",
        "enquire_at",
    )

    def __init__(self, config: TimerConfig, now: float) -> None:
        self._config = config
        self._is_bound = False
        self._not_bound_at = now + config.session_init_s
        self._not_unbound_at = inf
        self._silent_at = inf
        self._unfinished_at = inf
        self._inactive_at = inf
        self.enquire_at = inf

    @property
    def deadline(self) -> float:
        """When to look again."""
        return min(
            self.enquire_at,
            self._silent_at,
            self._unfinished_at,
            self._inactive_at,
            self._not_bound_at,
            self._not_unbound_at,
        )

    def bound(self, now: float) -> None:
        """The bind succeeded."""
        self._is_bound = True
        self._not_bound_at = inf
        self.heard(now, is_partial=False)
        self.spoke(now)

    def unbinding(self, now: float) -> None:
        """We asked to unbind; only the answer to that is awaited now."""
        self._is_bound = False
        self.enquire_at = self._silent_at = self._inactive_at = inf
        self._not_unbound_at = now + self._config.unbind_s

    def heard(self, now: float, *, is_partial: bool) -> None:
        """Octets came; `is_partial` when they end in the middle of a PDU."""
        self._unfinished_at = now + self._config.pdu_read_s if is_partial else inf
        if self._is_bound:
            self.enquire_at = now + self._config.enquire_link_interval_s
            self._silent_at = inf

    def spoke(self, now: float) -> None:
        """A message went either way."""
        if self._is_bound:
            self._inactive_at = now + self._config.inactivity_s

    def asked(self, now: float) -> None:
        """An enquire_link was sent."""
        self.enquire_at = inf
        self._silent_at = now + self._config.enquire_link_timeout_s

    def expired(self, now: float) -> Why | None:
        """What ends the session now, if anything does."""
        if now < self.deadline:
            return None
        moments = {
            Why.NOT_BOUND: self._not_bound_at,
            Why.NOT_UNBOUND: self._not_unbound_at,
            Why.LINK_SILENT: self._silent_at,
            Why.PDU_UNFINISHED: self._unfinished_at,
            Why.INACTIVE: self._inactive_at,
        }
        return next((why for why, moment in moments.items() if moment <= now), None)
