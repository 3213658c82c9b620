"""The view in PostgreSQL: a server that goes and comes back, two who open it, what none says."""

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pipeline.config import Config
from pipeline.errors import ConfigError
from services.telemetry import postgres as module
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import Heard
from services.telemetry.postgres import Postgres
from services.telemetry.store import Store, opened
from services.telemetry.view import ViewError
from tests.builders import REQUESTED_MS, mt_event
from tests.services.telemetry.conftest import emptied
from tests.services.telemetry.postgresql import Server


def heard(message_id: str, offset: int) -> Heard:
    event = mt_event(message_id, recipient="46701234567")
    return Heard("sms.mt.event", 0, offset, REQUESTED_MS, event)


@pytest.fixture
def view(postgres: Server) -> Iterator[Store]:
    one = Store(Postgres(emptied(postgres)), TelemetryConfig())
    yield one
    one.close()


def test_it_is_opened_by_its_address(
    postgres: Server, view: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIEW", postgres.url)
    view.apply([heard("m1", 0)])
    other = opened(Config(), TelemetryConfig(view="${VIEW}"))  # type: ignore[arg-type]
    assert other.find_id("m1") == view.find_id("m1") is not None
    other.close()


def test_two_may_open_it_at_once(postgres: Server) -> None:
    url, failures = emptied(postgres), []

    def open_it() -> None:
        try:
            Postgres(url).close()
        except ViewError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []


def test_a_server_that_is_killed_and_comes_back_has_every_batch_once(
    postgres: Server, view: Store
) -> None:
    view.apply([heard("m1", 0)])
    assert view.find_id("m1") is not None
    postgres.kill()
    with pytest.raises(ViewError, match="see that services"):
        view.find_id("m1")
    back = threading.Timer(1, postgres.start)
    back.start()
    view.apply([heard("m2", 1)])  # waits for it
    back.join(30)
    assert [head.message_id for head in view.find_number("46701234567", 9)] == ["m2", "m1"]
    assert view.begin("sms.mt.event", 0) == 2


def test_connections_that_were_cut_are_made_again(postgres: Server, view: Store) -> None:
    view.apply([heard("m1", 0)])
    assert view.find_id("m1") is not None
    with psycopg.connect(postgres.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
    assert view.find_id("m1") is not None
    assert len(view.apply([heard("m2", 1)])) == 1


def test_a_nul_is_no_end_of_it(view: Store) -> None:
    view.apply([heard("m\0x", 0)])
    assert view.find_id("m\0x") is not None


@pytest.mark.parametrize("url", ["postgresql://me:canary@%zz", "postgresql://me:canary@[::1"])
def test_an_address_that_is_none_shows_no_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("VIEW", url)
    with pytest.raises(ConfigError, match="can't be used") as told:
        opened(Config(), TelemetryConfig(view="${VIEW}"))  # type: ignore[arg-type]
    assert "canary" not in str(told.value)


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.5)
    with pytest.raises(ViewError, match="Connection refused"):
        Postgres("postgresql://me:canary@127.0.0.1:1/x")


def test_a_server_that_vanishes_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def connect(_: str, **options: Any) -> None:
        asked.append(options)
        raise psycopg.ProgrammingError

    monkeypatch.setattr(psycopg, "connect", connect)
    with pytest.raises(ViewError):
        Postgres("postgresql:///x")
    [options] = asked
    assert options["tcp_user_timeout"] == 30_000
    assert options["keepalives_idle"] + 3 * options["keepalives_interval"] < 30
