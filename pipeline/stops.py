"""What was stopped, looked at before every step: rows of two topics; pure.

A row of `sms.control.stop` names what it is about by tenant, campaign and connector (a field left
out means any) and says `pause` or `cancel`. It holds until it is deleted. A row of
`sms.control.cancel` names one message; it holds as long as anything of that can wait.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from pipeline.ids import ConnectorId, MessageId
from pipeline.records import Cancel, Stop

CANCEL, PAUSE, DRAIN = "cancel", "pause", "drain"
COMMAND = "command"  # what cancels a single message
CANCELS_LIFE_MS = 7 * 86_400_000  # the longest validity
CANCELS_MAX = 500_000  # some 100 MB; beyond it the eldest are forgotten


class Named(Protocol):
    """What a row may be about: a message, or one of its segments."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def campaign(self) -> str | None:
        """What it is part of."""


class Message(Named, Protocol):
    """What can be cancelled: a message, or one of its segments."""

    @property
    def message_id(self) -> MessageId:
        """Which."""

    @property
    def requested_ms(self) -> int:
        """When Kafka had the request."""


class _Tenant(NamedTuple):
    """All of what a tenant asks for, as a row may name it."""

    tenant: str
    campaign: None = None


class Cancels:
    """The single messages that are cancelled; one for all connectors of a process."""

    def __init__(self, on_full: Callable[[], object] = lambda: None) -> None:
        """`on_full` is called when the first is forgotten that something may still wait of."""
        self.rows: dict[str, int] = {}  # when it was said; the eldest first
        self._on_full = on_full
        self._is_full = False

    def put(self, message_id: str, row: Cancel | None) -> None:
        """This one is."""
        self.rows.pop(message_id, None)
        if row is None:
            return
        self.rows[message_id] = row.at_ms
        while self.rows:
            eldest, at_ms = next(iter(self.rows.items()))
            is_young = at_ms >= row.at_ms - CANCELS_LIFE_MS
            if is_young and len(self.rows) <= CANCELS_MAX:
                return
            del self.rows[eldest]
            if is_young and not self._is_full:
                self._is_full = True
                self._on_full()


class Stops:
    """The rows that concern one connector or, without one, whatever will take which way.

    `put` may be called on another thread: what others iterate over is never changed.
    """

    def __init__(
        self, connector: ConnectorId | None = None, cancels: Cancels | None = None
    ) -> None:
        self._connector = connector
        self._cancelled = (cancels or Cancels()).rows
        self._rows: dict[str, Mapping[str, Stop]] = {CANCEL: {}, PAUSE: {}, DRAIN: {}}

    def put(self, name: str, stop: Stop | None) -> None:
        """The row `name` is this one now, or is no more; an action not known here stops nothing."""
        for action, rows in self._rows.items():
            self._rows[action] = {other: row for other, row in rows.items() if other != name}
        if stop is None or stop.action not in self._rows:  # it may be for others, or of a newer one
            return
        if stop.connector in (None, self._connector):
            self._rows[stop.action] = {**self._rows[stop.action], name: stop}

    def pauses(self, what: Named) -> bool:
        """Whether it must wait for now."""
        rows = self._rows[PAUSE]
        return bool(rows) and _first(rows, what) is not None

    def pauses_all_of(self, tenant: str) -> bool:
        """Whether whatever a tenant asks for must wait for now."""
        return self.pauses(_Tenant(tenant))

    @property
    def drains(self) -> bool:
        """Whether the connector's binds must rest: a row that names it, and nothing else, says so.

        Of other connectors it says nothing, though messages may go on by them.
        """
        return any(
            row.connector == self._connector and row.tenant is None and row.campaign is None
            for row in self._rows[DRAIN].values()
        )

    def cancels(self, what: Message) -> str | None:
        """The name of the row that cancels it, None when none does."""
        said_ms = self._cancelled.get(what.message_id) if self._cancelled else None
        if said_ms is not None and what.requested_ms <= said_ms:  # not a later one of that id
            return COMMAND
        rows = self._rows[CANCEL]
        return _first(rows, what) if rows else None


def _first(rows: Mapping[str, Stop], what: Named) -> str | None:
    for name, stop in rows.items():
        if stop.tenant in (None, what.tenant) and stop.campaign in (None, what.campaign):
            return name
    return None
