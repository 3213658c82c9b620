"""Where the search view is kept, and what is kept how long.

A batch is one transaction with the offsets it was read up to. They win over those of the group, so
that whatever has been lost with a view is read again, and what was read again changes nothing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline import topics
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.records import MtEvent
from pipeline.secret import LITERAL
from services.telemetry import sql
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import FORGOTTEN, Heard, Moved
from services.telemetry.rows import Row, grown, head_of, row_of
from services.telemetry.sqlite import Sqlite
from services.telemetry.view import Count, Found, Head, Unsent, View, ViewError, moved

POSTGRES: Final = ("postgresql://", "postgres://")  # as libpq takes them
FILE: Final = Path("telemetry") / "view.sqlite"
NO_FILE: Final = f"is neither a file nor {POSTGRES[0]}..."
OLD_AT_ONCE = 1000  # so that forgetting holds up nobody
DAY_MS = 86_400_000
BEGINNING = 0
EVER: Final = 2**62


class Database(Protocol):
    """What keeps rows: SQL with ? for values."""

    def write(self, work: Callable[[Any], None]) -> None:
        """Do `work` with a cursor in a transaction, all of it or nothing, perhaps more than
        once."""

    def ask(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that `text` selects; on any thread."""

    def close(self) -> None:
        """Be done."""


def opened(config: Config, own: TelemetryConfig) -> View:
    """The view that is configured. Raises ConfigError when it can't be had."""
    where = "" if own.view is None else own.view.get_secret_value()
    try:
        if not where.startswith(POSTGRES):
            if "://" in where:  # a file of that name would have the password in it
                raise ConfigError([f"services.telemetry.view: {NO_FILE}"])
            return Store(Sqlite(Path(where) if where else config.state_dir / FILE), own)
        if own.view is not None and own.view.literal and not config.dev:
            raise ConfigError([f"services.telemetry.view: {LITERAL}"])
        return Store(_postgres(where), own)
    except ViewError as error:
        raise ConfigError([f"services.telemetry.view: {error}"]) from error


def _postgres(url: str) -> Database:
    try:
        from services.telemetry.postgres import Postgres  # an extra, not everybody has it
    except ImportError as error:
        why = "PostgreSQL needs the extra `postgres`; install heliograph[postgres]"
        raise ConfigError([f"services.telemetry.view: {why}"]) from error
    return Postgres(url)


class Store:
    """The view in a database."""

    def __init__(self, database: Database, own: TelemetryConfig) -> None:
        self._database = database
        self._life_ms = own.view_days * DAY_MS
        self._messages_max = own.view_messages_max
        self._messages: int = database.ask(sql.COUNT, ())[0][0]

    def begin(self, topic: str, partition: int) -> int | None:
        """Where it has come to with events; of other topics it keeps nothing."""
        if topic != topics.MT_EVENT:
            return None
        known = self._database.ask(sql.GET_OFFSET, (topic, partition))
        return int(known[0][0]) if known else BEGINNING

    def apply(self, batch: Sequence[Heard]) -> Sequence[Moved]:
        """Take a batch."""
        told = [one for one in batch if isinstance(one.record, MtEvent)]
        if not told:
            return ()
        changes: list[Moved] = []
        messages = self._messages

        def work(cursor: Any) -> None:
            nonlocal changes, messages
            before = _known(cursor, told)
            after, changes = _grown(before, told)
            cursor.executemany(sql.PUT, [row.values() for row in after])
            cursor.executemany(sql.PUT_OFFSET, _next_offsets(told))
            new = sum(row.life.head.message_id not in before for row in after)
            messages = self._messages + new
            forgotten = self._forget(cursor, messages, max(one.at_ms for one in told))
            messages -= len(forgotten)
            changes += forgotten

        self._database.write(work)
        self._messages = messages
        return changes

    def find_id(self, message_id: str) -> Found | None:
        """One message."""
        found = self._database.ask(sql.GET, (message_id,))
        if not found:
            return None
        row = row_of(found[0])
        return Found(row.life.head, row.events)

    def find_number(self, number: str, limit: int) -> Sequence[Head]:
        """The newest messages to a number, the newest first."""
        return [head_of(values) for values in self._database.ask(sql.BY_NUMBER, (number, limit))]

    def unsent(self, now_ms: int) -> Sequence[Unsent]:
        """What is due at `now_ms` and not sent, a row a kind."""
        return self.late(-EVER, now_ms)

    def late(self, after_ms: int, until_ms: int) -> Sequence[Unsent]:
        """Of what is not sent, that which was due after the one and not after the other."""
        found = self._database.ask(sql.UNSENT, (until_ms, after_ms, until_ms))
        return [
            Unsent(connector, lane, bool(test), messages, oldest_due_ms, float(share))
            for connector, lane, test, messages, oldest_due_ms, share in found
        ]

    def counts(self) -> Sequence[Count]:
        """How many are in which state."""
        return [
            Count(state, connector, class_, country, lane, bool(test), messages)
            for state, connector, class_, country, lane, test, messages in self._database.ask(
                sql.COUNTS, ()
            )
        ]

    def close(self) -> None:
        """Be done."""
        self._database.close()

    def _forget(self, cursor: Any, messages: int, now_ms: int) -> list[Moved]:
        """Delete some of what is too old or too much, what has ended first; tells what goes."""
        gone: list[Any] = []
        excess = min(messages - self._messages_max, OLD_AT_ONCE)
        for before_ms, most in ((now_ms - self._life_ms, OLD_AT_ONCE), (EVER, excess)):
            for forget in sql.FORGET:
                if len(gone) < most:
                    gone += cursor.execute(forget, (before_ms, most - len(gone))).fetchall()
        return [
            Moved(state, FORGOTTEN, connector, class_, country, lane, bool(test), None, now_ms)
            for state, connector, class_, country, lane, test in gone
        ]


def _known(cursor: Any, told: Sequence[Heard]) -> dict[str, Row]:
    ids = sorted({one.record.message_id for one in told if isinstance(one.record, MtEvent)})
    found = cursor.execute(f"{sql.GET_MANY} ({', '.join('?' * len(ids))})", ids).fetchall()
    return {row.life.head.message_id: row for row in map(row_of, found)}


def _grown(before: dict[str, Row], told: Sequence[Heard]) -> tuple[list[Row], list[Moved]]:
    """The rows that have changed, and how."""
    after: dict[str, Row] = {}
    changes = []
    for one in told:
        event = one.record
        assert isinstance(event, MtEvent)  # `apply` has looked
        row = after.get(event.message_id) or before.get(event.message_id)
        newer = grown(row, one.offset, event)
        if newer is row:
            continue
        after[event.message_id] = newer
        change = moved(None if row is None else row.life, event, newer.life)
        if change is not None:
            changes.append(change)
    return list(after.values()), changes


def _next_offsets(told: Sequence[Heard]) -> list[tuple[str, int, int]]:
    newest = {(one.topic, one.partition): one.offset + 1 for one in told}
    return [(*place, offset) for place, offset in newest.items()]
