"""A view in each of the databases it may be kept in."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.telemetry import sql
from services.telemetry.postgres import Postgres
from services.telemetry.sqlite import Sqlite
from services.telemetry.store import Database
from tests.services.telemetry.postgresql import Server, server


@pytest.fixture(scope="module")
def postgres() -> Iterator[Server]:
    """A server for a module."""
    with server() as one:
        yield one


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty one."""
    if request.param == "sqlite":
        one: Database = Sqlite(tmp_path / "view.sqlite")
    else:
        one = Postgres(emptied(request.getfixturevalue("postgres")))
    yield one
    one.close()


def emptied(one: Server) -> str:
    """The address of a server that keeps no view."""
    with psycopg.connect(one.url, autocommit=True) as connection:
        for table in (sql.MESSAGES, sql.OFFSETS):
            connection.execute(f"DROP TABLE IF EXISTS {table}")
    return one.url
