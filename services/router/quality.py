"""How connectors do lately, by the country of their recipients, from `sms.quality`."""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.countries import country_of
from pipeline.ids import ConnectorId, Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import ConnectorQuality
from services.router.strategies import Grade

STALE_MS = 15 * 60_000  # what ended longer ago says nothing of now


class Where(NamedTuple):
    """What a grade is of."""

    connector: ConnectorId
    country: str


class Quality:
    """The last window of every tracker, added up; `put` may be called on another thread."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._windows: dict[Where, dict[str, ConnectorQuality]] = {}

    def put(self, _name: str, window: ConnectorQuality | None) -> None:
        """A tracker has closed a window; rows are never deleted, they grow stale."""
        if window is None:
            return
        where = Where(window.connector, window.country)
        before = self._windows.get(where, {})
        self._windows[where] = {**before, window.replica: window}

    def grade_of(self, connector: ConnectorId, recipient: str) -> Grade | None:
        """How it has done to the recipient's country; None where nobody knows of lately."""
        country = country_of(Msisdn(recipient))
        if country is None:
            return None
        oldest = self._clock() - STALE_MS
        windows = self._windows.get(Where(connector, country), {}).values()
        return graded([window for window in windows if window.end_ms >= oldest])


def graded(windows: list[ConnectorQuality]) -> Grade | None:
    """What several windows say together; None where no segment has ended.

    Medians can't be added up: for that of all stands the mean of theirs, by what each delivered.
    """
    delivered = sum(window.delivered for window in windows)
    ended = delivered + sum(window.failed for window in windows)
    if ended == 0:
        return None
    summed_ms = sum((window.latency_median_ms or 0) * window.delivered for window in windows)
    return Grade(ended, delivered, summed_ms // max(1, delivered))
