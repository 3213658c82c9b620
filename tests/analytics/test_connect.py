"""The sinks of infra/connect name what is there: topics, fields, tables, fitting converters."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline import topics
from pipeline.codec import whole_schema

INFRA = Path(__file__).parents[2] / "infra"
CONNECT = sorted((INFRA / "connect").glob("*.json"))
TABLES = set(
    re.findall(
        r"^CREATE TABLE (\w+)",
        "".join(path.read_text(encoding="utf-8") for path in (INFRA / "analytics").glob("*.sql")),
        re.MULTILINE,
    )
)
KNOWN = {topic.name: topic for topic in topics.catalog({})}


def settings(path: Path) -> dict[str, str]:
    """As `PUT /connectors/<name>/config` takes them: names and texts."""
    whole: Any = json.loads(path.read_text(encoding="utf-8"))
    assert whole.keys() == {"name", "config"}
    assert all(isinstance(value, str) for value in whole["config"].values())
    return dict(whole["config"])


def test_there_is_a_sink_for_each_way_that_the_page_tells_of() -> None:
    assert [path.stem for path in CONNECT] == ["clickhouse", "s3"]


@pytest.mark.parametrize("path", CONNECT, ids=lambda path: path.stem)
def test_a_sink_reads_topics_that_outsiders_may_read_as_they_are_written(path: Path) -> None:
    own = settings(path)
    read = own["topics"].split(",")
    assert all(KNOWN[name].public for name in read)
    assert own["consumer.override.isolation.level"] == "read_committed"
    assert own["value.converter"] == "io.confluent.connect.avro.AvroConverter"
    assert own["value.converter.schema.registry.url"].startswith("http")
    assert int(own["tasks.max"]) <= min(KNOWN[name].partitions for name in read)


def test_clickhouse_is_given_a_table_for_each_topic() -> None:
    own = settings(INFRA / "connect" / "clickhouse.json")
    pairs = dict(pair.split("=") for pair in own["topic2TableMap"].split(","))
    assert pairs.keys() == set(own["topics"].split(","))
    assert set(pairs.values()) <= TABLES


def test_files_are_cut_by_a_time_that_every_record_has() -> None:
    own = settings(INFRA / "connect" / "s3.json")
    assert own["timestamp.extractor"] == "RecordField"
    for name in own["topics"].split(","):
        (record,) = KNOWN[name].records
        fields = {field["name"]: field["type"] for field in whole_schema(record)["fields"]}
        assert fields[own["timestamp.field"]] == {
            "type": "long",
            "logicalType": "timestamp-millis",
        }
