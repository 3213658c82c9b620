"""How long to wait before the next bind: full jitter, and patience where there is no place yet.

Many binds lose a carrier at once and must not come back at once, so each waits anything up to a
bound that doubles with every failure in a row. A bind that came to be and was soon lost is a
failure too. Attempts are never closer than a second. An SMSC that has not noticed the end of an old
session refuses a new one: it is given five seconds at least, up to the limit. How often a refused
password may be tried is `smpp.credentials`' affair.
"""

from dataclasses import dataclass
from random import Random

from smpp.errors import BindRefusedError, SmppError
from smpp.values import CommandStatus

NO_PLACE = (CommandStatus.ESME_RALYBND, CommandStatus.ESME_RBINDFAIL)
DOUBLINGS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffConfig:
    """Times in seconds; `no_place_s` at least after a refusal that an old session may explain."""

    min_s: float = 1.0
    max_s: float = 60.0
    attempt_interval_s: float = 1.0
    stable_s: float = 10.0
    no_place_s: float = 5.0


class Backoff:
    """The failures in a row of one bind, and what they mean for the next attempt."""

    def __init__(self, config: BackoffConfig, random: Random) -> None:
        self._config = config
        self._random = random
        self.failures = 0

    def refused(self, error: SmppError) -> float:
        """No bind came to be; the seconds to wait."""
        if isinstance(error, BindRefusedError) and error.status in NO_PLACE:
            return self._after_failure(min(self._config.no_place_s, self._config.max_s))
        return self._after_failure()

    def lost(self, bound_s: float) -> float:
        """A bind came to be and ended after so many seconds; the seconds to wait."""
        if bound_s < self._config.stable_s:
            return self._after_failure()
        self.failures = 0
        return self._jitter()

    def _after_failure(self, least_s: float = 0.0) -> float:
        self.failures += 1
        return max(self._config.attempt_interval_s, least_s, self._jitter(least_s))

    def _jitter(self, least_s: float = 0.0) -> float:
        bound = max(self._config.min_s, least_s) * 2.0 ** min(self.failures, DOUBLINGS_MAX)
        return self._random.uniform(0, min(bound, self._config.max_s))
