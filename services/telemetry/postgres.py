"""The view in PostgreSQL, where one is configured.

A connection writes, another answers; one that is lost is made again, and what was to be written is
written as a whole once more.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import psycopg
import stamina

from services.telemetry.sql import SCHEMA
from services.telemetry.view import ViewError

PATIENCE_S = 60.0  # for a server that is away while there is something to write
CONNECTED: Final[Mapping[str, Any]] = {  # so that a server that vanishes is missed
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 30_000,  # ms that what was sent may lie unheard
    "keepalives_idle": 10,  # seconds of silence, after which it is asked
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
ANSWER_TIMEOUT_MS = 30_000
WRITER: Final = 5_077_911  # the lock under which tables are made, so that two make them once

Connection = psycopg.Connection[tuple[Any, ...]]


class Cursor:
    """A cursor that takes the SQL of SQLite."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()

    def execute(self, text: str, values: Sequence[Any] = ()) -> "Cursor":
        """Run a statement with its values."""
        self._cursor.execute(_spoken(text), _storable(values))
        return self

    def executemany(self, text: str, rows: Sequence[Sequence[Any]]) -> "Cursor":
        """Run a statement for each of `rows`."""
        self._cursor.executemany(_spoken(text), [_storable(row) for row in rows])
        return self

    def fetchall(self) -> list[tuple[Any, ...]]:
        """What was selected, or returned."""
        return self._cursor.fetchall()


class Postgres:
    """One database."""

    def __init__(self, url: str) -> None:
        """Make what is not there. Raises ViewError when it can't be."""
        self._url = url
        self._lock = threading.Lock()
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self.write(_make)

    def write(self, work: Callable[[Any], None]) -> None:
        """Do `work`, all of it or nothing; again, as long as the server is away."""
        try:
            for attempt in stamina.retry_context(
                on=psycopg.OperationalError, timeout=PATIENCE_S, attempts=None, wait_max=2.0
            ):
                with attempt:
                    self._write(work)
        except psycopg.Error as error:
            raise _unusable(error) from error

    def ask(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that `text` selects."""
        with self._lock:
            try:
                try:
                    return self._ask(text, values)
                except psycopg.OperationalError:  # the connection may be an old one
                    self._drop_reader()
                    return self._ask(text, values)
            except psycopg.Error as error:
                self._drop_reader()
                raise _unusable(error) from error

    def close(self) -> None:
        """Be done."""
        self._drop_writer()
        with self._lock:
            self._drop_reader()

    def _write(self, work: Callable[[Any], None]) -> None:
        if self._writer is None:
            self._writer = self._connected()
        try:
            with self._writer.transaction():
                work(Cursor(self._writer))
        except psycopg.OperationalError:
            self._drop_writer()
            raise

    def _ask(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._reader is None:
            self._reader = self._connected()
        return Cursor(self._reader).execute(text, values).fetchall()

    def _drop_writer(self) -> None:
        _close(self._writer)
        self._writer = None

    def _drop_reader(self) -> None:
        _close(self._reader)
        self._reader = None

    def _connected(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True, **CONNECTED)
        limit = str(ANSWER_TIMEOUT_MS)
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [limit])
        return connection


def _make(cursor: Cursor) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(?)", [WRITER])
    for text in SCHEMA:
        cursor.execute(text.replace("BLOB", "BYTEA"))


def _spoken(text: str) -> str:
    """Ours has no ? but for values."""
    return text.replace("?", "%s")


def _storable(values: Sequence[Any]) -> list[Any]:
    """PostgreSQL has no NUL in its texts."""
    return [value.replace("\0", "") if isinstance(value, str) else value for value in values]


def _close(connection: Connection | None) -> None:
    if connection is not None:
        with suppress(psycopg.Error):
            connection.close()


def _unusable(error: psycopg.Error) -> ViewError:
    """Of an address that can't be read nothing is said: it has the password."""
    known = isinstance(error, psycopg.OperationalError)
    why = str(error).strip().splitlines()[0] if known and str(error) else type(error).__name__
    return ViewError(
        f"the view in PostgreSQL can't be used ({why}); see that services.telemetry.view is right "
        "and the server answers"
    )
