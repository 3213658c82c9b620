"""The timers of a session, SMPP 3.4 section 7.2: pure, told the time and asked what is due.

session_init ends when the session is bound. After that silence counts: `enquire_link_interval_s`
without an octet from the peer asks it for a sign of life, and none in `enquire_link_timeout_s` means
the link is lost. Any octet is a sign of life, but not half a PDU: a peer that stops in the middle
of one is lost too. Inactivity is about messages, not enquire_link. Infinite means never.
"""

from dataclasses import dataclass
from enum import Enum
from math import inf


class Due(Enum):
    """What a moment asks for."""

    NOTHING = "nothing"
    SEND_ENQUIRE_LINK = "send enquire_link"
    NOT_BOUND = "not bound in time"
    NOT_UNBOUND = "unbind not answered in time"
    LINK_SILENT = "enquire_link not answered in time"
    PDU_UNFINISHED = "half a PDU, then silence"
    INACTIVE = "no message for too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerConfig:
    """The times of a session, in seconds."""

    session_init_s: float = 10.0
    enquire_link_interval_s: float = 60.0
    enquire_link_timeout_s: float = 10.0
    inactivity_s: float = inf
    pdu_read_s: float = 10.0
    unbind_s: float = 5.0


class Timers:
    """When what is due, for one session."""

    __slots__ = ("_asked_at", "_config", "_deadlines")

    def __init__(self, config: TimerConfig, now: float) -> None:
        self._config = config
        self._asked_at = inf
        self._deadlines = dict.fromkeys(Due, inf)
        self._deadlines[Due.NOT_BOUND] = now + config.session_init_s
