"""What was released stays readable, and a schema that is another is released or told of."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_many

from heliograph import releasing
from pipeline import codec as codecs
from pipeline import released
from pipeline.codec import KIND_BY_NAME, Codec, header_of, parsed
from pipeline.errors import HeliographError
from pipeline.records import Stop
from pipeline.released import Released

RELEASED = released.releases()
STOP = Stop(action="pause", campaign="spring", at_ms=7)
EXAMPLES = Path(__file__).parents[2] / "schemas/examples"


def test_every_schema_is_released_as_it_is() -> None:
    left = list(releasing.unreleased(RELEASED))
    assert left == [], "run `heliograph schemas release` (--again while the newest is not out)"


def test_what_is_out_can_be_read_by_todays_readers() -> None:
    assert releasing.faults(RELEASED) == []


@pytest.mark.parametrize("one", RELEASED, ids=lambda one: f"{one.release}/{one.record}")
def test_records_of_a_released_schema_are_read_by_their_fingerprint(one: Released) -> None:
    kind, schema = KIND_BY_NAME[one.record], parsed(one.schema)
    for datum in generate_many(schema, 20):
        octets = BytesIO(header_of(schema))
        octets.seek(0, 2)
        fastavro.schemaless_writer(octets, schema, datum)
        assert isinstance(Codec().decode(octets.getvalue(), kind), kind)


def older_stop() -> dict[str, Any]:
    """Stop as it might have been: without campaign, with a field that is gone."""
    schema = json.loads(json.dumps(released.newest(RELEASED)["Stop"]))
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "campaign"]
    schema["fields"].append({"name": "gone", "type": "int", "default": 0})
    return dict(schema)


def test_a_record_of_an_older_release_is_read_and_an_unknown_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = older_stop()
    octets = BytesIO()
    octets.write(header_of(parsed(schema)))
    fastavro.schemaless_writer(octets, parsed(schema), {"action": "pause", "at_ms": 7, "gone": 3})
    with pytest.raises(HeliographError, match="no schema is known as c301"):
        Codec().decode(octets.getvalue(), Stop)
    released.write(tmp_path, 1, {"Stop": schema})
    found = released.releases(tmp_path)
    monkeypatch.setattr(released, "releases", lambda: found)
    codecs.older.cache_clear()
    read = Codec().decode(octets.getvalue(), Stop)
    codecs.older.cache_clear()
    assert read == Stop(action="pause", at_ms=7)


def test_a_release_holds_what_is_another_and_is_frozen_again_until_it_is_out(
    tmp_path: Path,
) -> None:
    released.write(tmp_path, 1, released.newest(RELEASED) | {"Stop": older_stop()})
    assert releasing.release(again=False, folder=tmp_path) == "release 2: Stop"
    assert releasing.release(again=True, folder=tmp_path) == "release 2: Stop"
    assert [one.release for one in released.releases(tmp_path) if one.record == "Stop"] == [1, 2]
    with pytest.raises(HeliographError, match="nothing is another than in release 2"):
        releasing.release(again=False, folder=tmp_path)


def test_the_first_release_may_be_frozen_again_and_holds_all(tmp_path: Path) -> None:
    released.write(tmp_path, 1, {"Stop": older_stop(), "Gone": older_stop()})
    releasing.release(again=True, folder=tmp_path)
    assert set(released.newest(released.releases(tmp_path))) == set(KIND_BY_NAME)


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        (
            "Stop",
            lambda schema: schema["fields"].append({"name": "at_ms", "type": "string"}),
            "release 1, Stop.at_ms: string was written, and long can be read",
        ),
        ("Bygone", lambda _: None, "release 1, Bygone: is no record any more"),
    ],
)
def test_nothing_is_released_that_leaves_older_records_unreadable(
    tmp_path: Path, name: str, change: Any, told: str
) -> None:
    schema = older_stop()
    schema["fields"] = [field for field in schema["fields"] if field["name"] != "at_ms"]
    change(schema)
    released.write(tmp_path, 1, {name: schema})
    with pytest.raises(HeliographError, match=told):
        releasing.release(again=False, folder=tmp_path)
