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
    """What happened when, for one session, and so what is due when, in the caller's seconds."""

    __slots__ = (
        "_asked_at",
        "_config",
        "_half_read_at",
        "_heard_at",
        "_is_bound",
        "_not_bound_at",
        "_not_unbound_at",
        "_spoke_at",
    )

    def __init__(self, config: TimerConfig, now: float) -> None:
        self._config = config
        self._is_bound = False
        self._not_bound_at = now + config.session_init_s
        self._not_unbound_at = inf
        self._heard_at = now  # the peer's last octet
        self._half_read_at = inf  # it, when it was in the middle of a PDU
        self._asked_at = inf  # our enquire_link since
        self._spoke_at = now  # the peer's last message

    @property
    def enquire_at(self) -> float:
        """When to ask for a sign of life."""
        is_due = self._is_bound and self._asked_at == inf
        return self._heard_at + self._config.enquire_link_interval_s if is_due else inf

    @property
    def deadline(self) -> float:
        """When to look again."""
        return min(self.enquire_at, *self._ends().values())

    def bound(self, now: float) -> None:
        """The bind succeeded."""
        self._is_bound = True
        self._not_bound_at = inf
        self._heard_at = self._spoke_at = now

    def unbinding(self, now: float) -> None:
        """We asked to unbind; only the answer to that is awaited now."""
        self._is_bound = False
        self._asked_at = inf
        self._not_unbound_at = now + self._config.unbind_s

    def heard(self, now: float, *, is_partial: bool) -> None:
        """Octets came; `is_partial` when they end in the middle of a PDU."""
        self._heard_at = now
        self._half_read_at = now if is_partial else inf
        self._asked_at = inf

    def spoke(self, now: float) -> None:
        """Messages came."""
        self._spoke_at = now

    def asked(self, now: float) -> None:
        """An enquire_link was sent."""
        self._asked_at = now

    def expired(self, now: float) -> Why | None:
        """What ends the session now, if anything does."""
        return next((why for why, moment in self._ends().items() if moment <= now), None)

    def _ends(self) -> dict[Why, float]:
        config = self._config
        return {
            Why.NOT_BOUND: self._not_bound_at,
            Why.NOT_UNBOUND: self._not_unbound_at,
            Why.LINK_SILENT: self._asked_at + config.enquire_link_timeout_s,
            Why.PDU_UNFINISHED: self._half_read_at + config.pdu_read_s,
            Why.INACTIVE: self._spoke_at + config.inactivity_s if self._is_bound else inf,
        }
