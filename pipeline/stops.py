"""What an operator has stopped: rows of `sms.control.stop`, looked at before every step; pure.

A row names what it is about by tenant, campaign and connector (a field left out means any) and says
`pause` or `cancel`. It holds until it is deleted.
"""

from collections.abc import Mapping
from typing import Protocol

from pipeline.ids import ConnectorId
from pipeline.records import Stop

CANCEL, PAUSE = "cancel", "pause"


class Named(Protocol):
    """What a row may be about: a message, or one of its segments."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def campaign(self) -> str | None:
        """What it is part of."""


class Stops:
    """The rows that concern one connector or, without one, whatever will take which way.

    `put` may be called on another thread: what others iterate over is never changed.
    """

    def __init__(self, connector: ConnectorId | None = None) -> None:
        self._connector = connector
        self._rows: dict[str, Mapping[str, Stop]] = {CANCEL: {}, PAUSE: {}}

    def put(self, name: str, stop: Stop | None) -> None:
        """The row `name` is this one now, or is no more."""
        for action, rows in self._rows.items():
            self._rows[action] = {other: row for other, row in rows.items() if other != name}
        if stop is not None and stop.connector in (None, self._connector):
            self._rows[stop.action] = {**self._rows[stop.action], name: stop}

    def pauses(self, what: Named) -> bool:
        """Whether it must wait for now."""
        rows = self._rows[PAUSE]
        return bool(rows) and _first(rows, what) is not None

    def cancels(self, what: Named) -> str | None:
        """The name of the row that cancels it, None when none does."""
        rows = self._rows[CANCEL]
        return _first(rows, what) if rows else None


def _first(rows: Mapping[str, Stop], what: Named) -> str | None:
    for name, stop in rows.items():
        if stop.tenant in (None, what.tenant) and stop.campaign in (None, what.campaign):
            return name
    return None
