"""Routes that travel whole: what is published is what a router reads, and who may be told what."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.records import RoutesVersion
from services.router.publications import (
    OCTETS_MAX,
    Draft,
    Rows,
    newest_whole,
    publication,
    routes_of,
    shelved,
)
from services.router.routes import Known
from services.router.routes_file import load_routes
from tests.services.router.builders import FAST, SLOW

KNOWN = Known({FAST, SLOW})
TEXT = """\
version: "1"
rules:
  - {name: mobiles, prefixes_file: mobiles.txt, connectors: [fast]}
  - {name: rest, prefix: "", connectors: [slow]}
"""
FILES = {"mobiles.txt": "4670\n4673 # Tele2\n"}


def published(text: str, rows: Rows = (), files: dict[str, str] = FILES) -> RoutesVersion:
    def beside(name: str) -> str:
        if name not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[name]

    return publication(Draft("r.yaml", text, beside), KNOWN, rows, by="anna", at_ms=1)


def faults(text: str, rows: Rows = (), files: dict[str, str] = FILES) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        published(text, rows, files)
    return caught.value.faults


def test_what_is_published_is_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "mobiles.txt").write_text(FILES["mobiles.txt"], encoding="utf-8")
    (tmp_path / "r.yaml").write_text(TEXT, encoding="utf-8")
    row = published(TEXT)
    assert (row.version, row.files, row.by) == ("1", FILES, "anna")
    assert row.changes == ("+ mobiles", "+ rest")
    assert routes_of(row, KNOWN).rules == load_routes(tmp_path / "r.yaml", KNOWN).rules


@pytest.mark.parametrize(
    ("text", "files", "fault"),
    [
        (TEXT.replace("slow", "slwo"), FILES, "r.yaml:4:43: rule 'rest': there is no connector"),
        (TEXT, {}, "r.yaml:3:36: rule 'mobiles': mobiles.txt can't be read: No such file"),
        (TEXT, {"mobiles.txt": "4670\nx"}, "r.yaml:3:36: rule 'mobiles': mobiles.txt, line 2: 'x'"),
        ("rules: [", FILES, "r.yaml:1:9: is not YAML"),
        (TEXT + "#" * OCTETS_MAX, FILES, "r.yaml: has 8,388,"),
    ],
)
def test_what_is_broken_is_refused_with_line_and_column(
    text: str, files: dict[str, str], fault: str
) -> None:
    assert faults(text, (), files)[0].startswith(fault)


def test_a_name_stands_for_one_content_for_ever() -> None:
    rows = shelved((), "1", published(TEXT))
    other = TEXT.replace("slow", "fast")
    wanted = "r.yaml: version 1 is published with other content; write another version"
    assert faults(other, rows) == (wanted,)
    assert faults(TEXT, rows, {"mobiles.txt": "4672"}) == (wanted,)


def test_going_back_is_publishing_an_older_one() -> None:
    one = published(TEXT)
    two = published(TEXT.replace('"1"', '"2"').replace("slow", "fast"), (one,))
    assert two.changes == ("~ rest: pool",)
    again = published(TEXT, (one, two))
    rows = shelved(shelved(shelved((), "1", one), "2", two), "1", again)
    assert [row.version for row in rows] == ["2", "1"]
    assert again.changes == ("~ rest: pool",)


def test_a_version_without_a_file_it_refers_to_is_broken() -> None:
    row = RoutesVersion(version="1", text=TEXT, by="anna", at_ms=1)
    with pytest.raises(ConfigError) as caught:
        routes_of(row, KNOWN)
    assert caught.value.faults == (
        "sms.control.routes 1:3:36: rule 'mobiles': mobiles.txt can't be read:"
        " it was not published with the routes",
    )


def test_the_newest_one_without_a_fault_is_found_and_the_faults_behind_it() -> None:
    one = published(TEXT)
    two = RoutesVersion(version="2", text="rules: []", by="anna", at_ms=1)
    found, told = newest_whole((one, two), KNOWN)
    assert found is not None
    assert (found.version, len(told)) == ("1", 2)
    assert newest_whole((two,), KNOWN)[0] is None
    assert newest_whole((), KNOWN) == (None, [])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_the_shelf_is_the_topic_after_compaction(told: list[tuple[str, bool]]) -> None:
    rows: Rows = ()
    for at_ms, (name, is_there) in enumerate(told):
        row = RoutesVersion(version=name, text="", by="anna", at_ms=at_ms)
        rows = shelved(rows, name, row if is_there else None)
    last = {name: at_ms for at_ms, (name, _) in enumerate(told)}
    assert [row.at_ms for row in rows] == sorted(at for at in last.values() if told[at][1])
