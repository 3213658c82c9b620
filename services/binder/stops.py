"""What an operator has stopped: rows of `sms.control.stop`, looked at before every write; pure.

A row names what it is about by tenant, campaign and connector (a field left out means any) and says
`pause` or `cancel`. It holds until it is deleted.
"""

from collections.abc import Mapping

from pipeline.ids import ConnectorId
from pipeline.records import MtSubmit, Stop

CANCEL, PAUSE = "cancel", "pause"


class Stops:
    """The rows that concern one connector."""

    def __init__(self, connector: ConnectorId) -> None:
        self._connector = connector
        self._rows: dict[str, dict[str, Stop]] = {CANCEL: {}, PAUSE: {}}

    def put(self, name: str, stop: Stop | None) -> None:
        """The row `name` is this one now, or is no more."""
        for rows in self._rows.values():
            rows.pop(name, None)
        if stop is not None and stop.connector in (None, self._connector):
            self._rows[stop.action][name] = stop

    def pauses(self, submit: MtSubmit) -> bool:
        """Whether it may not be written for now."""
        rows = self._rows[PAUSE]
        return bool(rows) and _first(rows, submit) is not None

    def cancels(self, submit: MtSubmit) -> str | None:
        """The name of the row that cancels it, None when none does."""
        rows = self._rows[CANCEL]
        return _first(rows, submit) if rows else None


def _first(rows: Mapping[str, Stop], submit: MtSubmit) -> str | None:
    for name, stop in rows.items():
        if stop.tenant in (None, submit.tenant) and stop.campaign in (None, submit.campaign):
            return name
    return None
