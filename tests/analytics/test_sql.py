"""The SQL of infra/analytics says what `heliograph report` says, on ClickHouse itself."""

import random
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("chdb", reason="no ClickHouse here: make analytics installs it")

from heliograph.reporting import COLUMNS, Fold, Window, tables
from pipeline.codec import whole_schema
from tests.analytics.clickhouse import ANALYTICS, LOADED, ClickHouse, statements
from tests.analytics.lives import BEGIN_MS, DAY_MS, lives

ZONES = {"slow": "Europe/Stockholm", "fast": "America/New_York"}  # none of `plain`
WINDOWS = {
    "all": Window(BEGIN_MS - DAY_MS, BEGIN_MS + 9 * DAY_MS),
    "middle": Window(BEGIN_MS + DAY_MS, BEGIN_MS + 4 * DAY_MS + 12_345_678),
    "nothing": Window(BEGIN_MS - 9 * DAY_MS, BEGIN_MS - 8 * DAY_MS),
}
EVENTS = lives(400, seed=8)


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    own = ClickHouse(tmp_path_factory.mktemp("analytics"), ZONES)
    shuffled = EVENTS + EVENTS[::7]  # the Kafka engine is at least once
    random.Random(1).shuffle(shuffled)
    own.take(shuffled)
    yield own
    own.close()


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", COLUMNS)
def test_a_query_says_what_the_report_says(clickhouse: ClickHouse, name: str, window: str) -> None:
    fold = Fold(WINDOWS[window])
    for event in EVENTS:
        fold.note(event)
    expected = tables(fold, {name: ZoneInfo(zone) for name, zone in ZONES.items()})[name]
    assert clickhouse.rows(name, WINDOWS[window]) == expected
    assert bool(expected) is (window != "nothing")


def test_there_is_a_query_for_every_table_and_none_besides() -> None:
    names = {path.stem for path in ANALYTICS.glob("*.sql")} - set(LOADED)
    assert names == COLUMNS.keys()
    for name in names:
        assert len(statements(name)) == 1


def test_the_queue_has_every_column_of_the_schema_but_what_callers_keep_for_themselves(
    clickhouse: ClickHouse,
) -> None:
    fields = {field["name"] for field in whole_schema("MtEvent")["fields"]}
    assert fields - clickhouse.columns("events_queue").keys() == {"caller_data"}
    assert clickhouse.columns("events_queue").keys() <= fields
