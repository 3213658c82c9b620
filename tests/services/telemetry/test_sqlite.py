"""The view in a file: whose it is, what a killed writer leaves, who else has it."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from services.telemetry import sqlite
from services.telemetry.config import TelemetryConfig
from services.telemetry.heard import Heard
from services.telemetry.sqlite import Sqlite
from services.telemetry.store import Store
from services.telemetry.view import ViewError
from tests.builders import REQUESTED_MS, mt_event

EVENTS = "sms.mt.event"
BATCH = 20
WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from services.telemetry.config import TelemetryConfig
    from services.telemetry.sqlite import Sqlite
    from services.telemetry.store import Store
    from tests.services.telemetry.test_sqlite import batch

    view = Store(Sqlite(Path(sys.argv[1])), TelemetryConfig())
    for number in range(10_000):
        view.apply(batch(number))
        print(number, flush=True)
    """
)


def batch(number: int) -> list[Heard]:
    """Each message is routed in one batch and delivered in the next."""
    begun = [mt_event(f"m{number}-{place}") for place in range(BATCH // 2)]
    done = [
        mt_event(f"m{number - 1}-{place}", event="receipt", state="delivered", terminal=True)
        for place in range(BATCH // 2 if number else 0)
    ]
    first = BATCH * number
    return [
        Heard(EVENTS, 0, first + place, REQUESTED_MS + first, event)
        for place, event in enumerate([*done, *begun])
    ]


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    with closing(Sqlite(tmp_path / "own" / "view.sqlite")) as database:
        Store(database, TelemetryConfig()).apply(batch(0))
        for path in (tmp_path / "own").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert len(list((tmp_path / "own").iterdir())) == 3  # the log and its index as well


def test_one_that_is_killed_goes_on_without_a_gap_and_without_a_repetition(tmp_path: Path) -> None:
    path = tmp_path / "view.sqlite"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        while (line := writer.stdout.readline().strip()) != "30":
            assert line, "it ended by itself"
        os.kill(writer.pid, signal.SIGKILL)
        committed = [line, *writer.stdout.read().split()][-1]
    with closing(Sqlite(path)) as database:
        view = Store(database, TelemetryConfig())
        begin = view.begin(EVENTS, 0)
        assert begin is not None
        done = _batches_before(begin)
        assert done in (int(committed) + 1, int(committed) + 2)  # the last may not have been told
        assert sum(count.messages for count in view.counts()) == done * BATCH // 2
        for number in (max(0, done - 2), done):  # what had been read, and what had not
            view.apply(batch(number))
        found = {count.state: count.messages for count in view.counts()}
        assert found["delivered"] == (done if done > 0 else 0) * BATCH // 2
        story = view.find_id(f"m{done - 2}-0")
        assert story is not None
        assert [event.event for event in story.events] == ["routed", "receipt"]


def _batches_before(offset: int) -> int:
    return -(-offset // BATCH)


def test_a_file_that_another_holds_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE_S", 0.1)
    path = tmp_path / "view.sqlite"
    with closing(Sqlite(path)) as database, closing(sqlite3.connect(path)) as other:
        view = Store(database, TelemetryConfig())
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ViewError, match=r"view\.sqlite can't be used \(database is locked\)"):
            view.apply(batch(0))
        assert view.find_id("m0-0") is None  # asking is still possible
        other.rollback()
        assert len(view.apply(batch(0))) == BATCH // 2


def test_no_question_writes(tmp_path: Path) -> None:
    with (
        closing(Sqlite(tmp_path / "view.sqlite")) as database,
        pytest.raises(ViewError, match="readonly"),
    ):
        database.ask("DELETE FROM heliograph_messages", ())


def test_a_place_where_no_file_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ViewError, match="make room or mend its rights"):
        Sqlite(tmp_path / "file" / "view.sqlite")
    with pytest.raises(ViewError, match="make room or mend its rights"):
        Sqlite(tmp_path)
