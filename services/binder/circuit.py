"""Stops a connector whose carrier refuses everything, and finds out when it no longer does; pure.

    CLOSED ──same refusal for `patience_s`, or one that says so──▶ OPEN ──`probe_s`──▶ one segment
       ▲                                                            ▲──refused again──────┤
       └────────────────────────────passed──────────────────────────────────────────────┘

Without it a wrong account or an empty purse burns a campaign: every segment is refused for good.
"""

PATIENCE_S = 120.0
PATIENCE_ANSWERS = 10  # a quiet hour with two refusals is no outage
PROBE_S = 30.0


class Circuit:
    """The state of one connector. Times are monotonic seconds."""

    def __init__(self, patience_s: float = PATIENCE_S, probe_s: float = PROBE_S) -> None:
        self.stopped_by: int | None = None  # the command_status, while open
        self._patience_s = patience_s
        self._probe_s = probe_s
        self._status = 0
        self._since = 0.0
        self._answers = 0
        self._probe_at = 0.0

    def passed(self) -> None:
        """An answer that was no refusal."""
        self._status = self._answers = 0
        self.stopped_by = None

    def refused(self, status: int, now: float, *, at_once: bool) -> None:
        """A refusal; `at_once` when its status says that no segment will pass."""
        if status != self._status:
            self._status, self._since, self._answers = status, now, 0
        self._answers += 1
        is_outage = self._answers >= PATIENCE_ANSWERS and now - self._since >= self._patience_s
        if at_once or is_outage or self.stopped_by is not None:
            self.stopped_by = status
            self._probe_at = now + self._probe_s

    def room(self, now: float) -> int | None:
        """How many segments may be written now; None is any number."""
        if self.stopped_by is None:
            return None
        return 1 if now >= self._probe_at else 0

    def probe(self, now: float) -> None:
        """One segment is on its way to see; the next one when that was silent."""
        self._probe_at = now + self._probe_s

    def wait_s(self, now: float) -> float:
        """Seconds until a segment may be written; 0 while closed."""
        return 0.0 if self.stopped_by is None else max(0.0, self._probe_at - now)
