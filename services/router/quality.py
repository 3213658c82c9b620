"""How connectors do lately, by the country of their recipients, from `sms.quality`."""

from collections.abc import Callable, Iterable, Mapping

from pipeline.countries import country_of
from pipeline.ids import ConnectorId, Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import ConnectorQuality
from services.router.strategies import Grade

STALE_MS = 15 * 60_000  # what ended longer ago says nothing of now


Windows = Mapping[str, ConnectorQuality]  # by tracker


class Quality:
    """The last window of every tracker, added up; `put` may be called on another thread."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._clock = clock
        self._windows: dict[str, Mapping[ConnectorId, Windows]] = {}  # by country

    def put(self, _name: str, window: ConnectorQuality | None) -> None:
        """A tracker has closed a window; rows are never deleted, they grow stale."""
        if window is None or window.tenant is not None:
            return  # of one tenant: that of all counts it too
        there = self._windows.get(window.country, {})
        own = {**there.get(window.connector, {}), window.replica: window}
        self._windows[window.country] = {**there, window.connector: own}

    def grade_of(self, connector: ConnectorId, recipient: str) -> Grade | None:
        """How it has done to the recipient's country; None where nobody knows of lately."""
        return self._graded(self._to(recipient).get(connector, {}).values())

    def grade_to(self, recipient: str) -> Grade | None:
        """How all have done to the recipient's country; None where nobody knows of lately."""
        found = self._to(recipient).values()
        return self._graded(window for windows in found for window in windows.values())

    def _to(self, recipient: str) -> Mapping[ConnectorId, Windows]:
        country = country_of(Msisdn(recipient))
        return {} if country is None else self._windows.get(country, {})

    def _graded(self, windows: Iterable[ConnectorQuality]) -> Grade | None:
        oldest = self._clock() - STALE_MS
        return graded([window for window in windows if window.end_ms >= oldest])


def graded(windows: list[ConnectorQuality]) -> Grade | None:
    """What several windows say together; None where no segment has ended.

    Medians can't be added up: for that of all stands the mean of theirs, by what each delivered; a
    window that knows none (no receipt was to say that something was delivered) says nothing of it.
    """
    delivered = sum(window.delivered for window in windows)
    ended = delivered + sum(window.failed for window in windows)
    if ended == 0:
        return None
    timed = [(w.latency_median_ms, w.delivered) for w in windows if w.latency_median_ms is not None]
    summed_ms = sum(median_ms * share for median_ms, share in timed)
    return Grade(ended, delivered, summed_ms // max(1, sum(share for _, share in timed)))
