"""The SQL of infra/analytics says what `heliograph report` says, on ClickHouse itself."""

import random
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import msgspec
import pytest

pytest.importorskip("chdb", reason="no ClickHouse here: make analytics installs it")

from heliograph.reporting import COLUMNS, Fold, Window, tables
from pipeline.codec import whole_schema
from pipeline.ids import MessageId
from tests.analytics.clickhouse import ANALYTICS, LOADED, ClickHouse, statements
from tests.analytics.lives import BEGIN_MS, DAY_MS, lives
from tests.heliograph.test_reporting import FATES, accepted, routed

ZONES = {"slow": "Europe/Stockholm", "fast": "America/New_York"}  # none of `plain`
WINDOWS = {
    "all": Window(BEGIN_MS - DAY_MS, BEGIN_MS + 9 * DAY_MS),
    "middle": Window(BEGIN_MS + DAY_MS, BEGIN_MS + 4 * DAY_MS + 12_345_678),
    "nothing": Window(BEGIN_MS - 9 * DAY_MS, BEGIN_MS - 8 * DAY_MS),
}
EVENTS = lives(400, seed=8)
MIDDLE_MS = WINDOWS["middle"].begin_ms
EVENTS += [  # of the rows of the report's own test, and a way that was chosen long before
    msgspec.structs.replace(
        event,
        message_id=MessageId(f"row {number}"),
        event_id=f"{number}/{event.event_id}",
        submitted_ms=event.submitted_ms and event.submitted_ms + DAY_MS,
        at_ms=max(event.at_ms, event.submitted_ms or 0) + DAY_MS,
    )
    for number, (_, events, _) in enumerate(FATES)
    for event in events
]
EVENTS += [
    routed("0.7", message_id="late", at_ms=MIDDLE_MS - 3 * DAY_MS),
    accepted(message_id="late", submitted_ms=MIDDLE_MS + 1, at_ms=MIDDLE_MS + 40),
]


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    own = ClickHouse(tmp_path_factory.mktemp("analytics"), ZONES)
    own.take(random.Random(1).sample(EVENTS, k=len(EVENTS)))
    own.take(EVENTS[::7])  # the Kafka engine is at least once
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
