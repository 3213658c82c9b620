"""How long to wait before the next bind: full jitter, and patience with a refused password.

Many binds lose a carrier at once and must not come back at once, so each waits anything up to a
bound that doubles with every failure in a row. A bind that came to be and was soon lost is a
failure too. Attempts are never closer than a second. Carriers lock an account that keeps on trying
a wrong password: after three refusals in a row the next try waits ten minutes.
"""

from dataclasses import dataclass
from random import Random

from smpp.errors import BindRefusedError, SmppError
from smpp.values import CommandStatus

WRONG_CREDENTIALS = (CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_RINVSYSID)
DOUBLINGS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffConfig:
    """Times in seconds. `credential_tries` refusals of the password, then `credential_rest_s`."""

    min_s: float = 1.0
    max_s: float = 60.0
    attempt_interval_s: float = 1.0
    stable_s: float = 10.0
    credential_tries: int = 3
    credential_rest_s: float = 600.0


class Backoff:
    """The failures in a row of one bind, and what they mean for the next attempt."""

    def __init__(self, config: BackoffConfig, random: Random) -> None:
        self._config = config
        self._random = random
        self.failures = 0
        self.refusals = 0  # of the password, in a row

    def refused(self, error: SmppError) -> float:
        """No bind came to be; the seconds to wait."""
        is_credential = isinstance(error, BindRefusedError) and error.status in WRONG_CREDENTIALS
        self.refusals = self.refusals + 1 if is_credential else 0
        if self.refusals >= self._config.credential_tries:
            self.refusals = 0
            return self._config.credential_rest_s
        return self._after_failure()

    def lost(self, bound_s: float) -> float:
        """A bind came to be and ended after so many seconds; the seconds to wait."""
        self.refusals = 0
        if bound_s < self._config.stable_s:
            return self._after_failure()
        self.failures = 0
        return self._jitter()

    def _after_failure(self) -> float:
        self.failures += 1
        return max(self._config.attempt_interval_s, self._jitter())

    def _jitter(self) -> float:
        bound = self._config.min_s * 2.0 ** min(self.failures, DOUBLINGS_MAX)
        return self._random.uniform(0, min(bound, self._config.max_s))
