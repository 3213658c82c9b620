"""The view in a file: SQLite, for one machine.

One connection writes, on the thread that reads Kafka. Whoever asks opens one of its own: what is
being written stops no question, and a question stops no write.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from services.telemetry.sql import SCHEMA
from services.telemetry.view import ViewError

PATIENCE_S = 5.0  # for a file that another process has locked
ONLY_OURS: Final = 0o600
SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # of a crash of the machine the offsets know as little as we
    "PRAGMA cache_size = -65536",  # 64 MiB
)


class Sqlite:
    """One file."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it. Raises ViewError when it can't be."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, ONLY_OURS))
            self._connection = _connected(f"{path.absolute().as_uri()}?mode=rw")
            for text in (*SETTINGS, *SCHEMA):
                self._connection.execute(text)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def write(self, work: Callable[[sqlite3.Cursor], None]) -> None:
        """Do `work`, all of it or nothing."""
        with closing(self._connection.cursor()) as cursor:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                work(cursor)
                cursor.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    cursor.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise self._unusable(error) from error
                raise

    def ask(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows that `text` selects."""
        try:
            with closing(_connected(f"{self._path.absolute().as_uri()}?mode=ro")) as connection:
                return connection.execute(text, values).fetchall()
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        """Write no more."""
        self._connection.close()

    def _unusable(self, error: Exception) -> ViewError:
        return ViewError(
            f"the view {self._path} can't be used ({error}); make room or mend its rights, or "
            "delete it: it is made anew from the topics"
        )


def _connected(address: str) -> sqlite3.Connection:
    return sqlite3.connect(
        address, uri=True, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
    )
