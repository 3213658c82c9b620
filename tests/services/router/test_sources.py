"""Routes of a topic: the newest whole one to begin with, then each that comes."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.codec import Codec
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import RoutesVersion
from services.router.routes import Known
from services.router.sources import LOOK_BACK, FileSource, TopicSource
from tests.services.router.builders import CONFIG, FAST

KNOWN = Known({FAST})
TEXT = "version: {version}\nrules: [{{name: all, prefix: '', connectors: [{connector}]}}]"


def row(version: str, connector: str = "fast") -> RoutesVersion:
    text = TEXT.format(version=version, connector=connector)
    return RoutesVersion(version=version, text=text, by="anna", at_ms=1)


@pytest.fixture
def source() -> TopicSource:
    return TopicSource(Process(CONFIG, "router-0", Metrics("router", "router-0"), Codec()))


def put(source: TopicSource, *rows: RoutesVersion) -> None:
    for one in rows:
        source.put(one.version, one)


def test_without_any_it_waits_and_says_so_once(source: TopicSource) -> None:
    with capture_logs() as log:
        assert (source.first(KNOWN), source.first(KNOWN)) == (None, None)
    (line,) = log
    assert line["event"] == (
        "there are no routes yet, this router waits: heliograph routes publish FILE"
    )
    put(source, row("1"))
    found = source.first(KNOWN)
    assert found is not None
    assert found.version == "1"


def test_it_begins_with_the_newest_whole_one_and_says_what_is_wrong_with_others(
    source: TopicSource,
) -> None:
    put(source, row("1"), row("2"), row("3", "fats"))
    with capture_logs() as log:
        found = source.first(KNOWN)
    assert found is not None
    assert found.version == "2"
    assert log[0]["faults"] == [
        "sms.control.routes 3:2:46: rule 'all': there is no connector 'fats'"
    ]
    read = source.news()  # it is tried again, and once more when another connector is configured
    assert read is not None
    assert read(Known({FAST, ConnectorId("fats")})).version == "3"
    assert source.news() is None


def test_each_that_comes_is_news_once_whole_or_not(source: TopicSource) -> None:
    put(source, row("1"))
    source.first(KNOWN)
    assert source.news() is None
    put(source, row("2", "fats"))
    read = source.news()
    assert read is not None
    with pytest.raises(ConfigError, match="no connector 'fats'"):
        read(KNOWN)
    assert source.news() is None
    put(source, row("1"))
    read = source.news()
    assert read is not None
    assert read(KNOWN).version == "1"


def test_what_is_deleted_leaves_the_one_before_it(source: TopicSource) -> None:
    put(source, row("1"), row("2"))
    source.first(KNOWN)
    source.put("2", None)
    read = source.news()
    assert read is not None
    assert read(KNOWN).version == "1"
    source.put("1", None)
    assert source.news() is None


def test_it_holds_no_more_than_it_looks_back(source: TopicSource) -> None:
    put(source, row("0"), *(row(str(n), "fats") for n in range(1, LOOK_BACK + 1)))
    assert source.first(KNOWN) is None


def test_the_first_file_must_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("version: 1", encoding="utf-8")
    with pytest.raises(ConfigError):
        FileSource(path).first(KNOWN)
