"""Every record equals its schema field by field; the golden examples survive a round trip."""

from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import msgspec
import pytest

from pipeline import records, topics
from pipeline.codec import KIND_BY_NAME, Codec, whole_schema
from pipeline.ids import ConnectorId
from pipeline.topics import Lanes

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "schemas/examples").glob("*/*.json"))
AVRO = {str: "string", int: "int", bool: "boolean", bytes: "bytes", float: "double"}
LANES = {ConnectorId("fast"): Lanes(binds=2, generation=1)}
CATALOG = {t.name: t for t in topics.catalog(LANES, keywords=["VOTE"])}


def schemas_in(part: Any) -> dict[str, Any]:
    """Every record schema in `part`, by name."""
    if isinstance(part, list):
        return {name: s for branch in part for name, s in schemas_in(branch).items()}
    if isinstance(part, dict) and "fields" in part:
        return {part["name"]: part} | schemas_in([f["type"] for f in part["fields"]])
    if isinstance(part, dict):
        return schemas_in(part.get("items", part["type"]))
    return {}


SCHEMAS = schemas_in([whole_schema(name) for name in KIND_BY_NAME])


def avro_of(annotation: Any) -> Any:
    """What a Python annotation is in Avro, ints as `int`."""
    supertype = getattr(annotation, "__supertype__", annotation)
    if supertype in AVRO:
        return AVRO[supertype]
    if get_origin(annotation) is tuple:
        return ("array", avro_of(get_args(annotation)[0]))
    if get_origin(annotation) is dict:
        return ("map", avro_of(get_args(annotation)[1]))
    if isinstance(annotation, UnionType) or get_origin(annotation) is not None:
        branches = [avro_of(a) for a in get_args(annotation) if a is not NoneType]
        return {"null", *branches} if NoneType in get_args(annotation) else set(branches)
    return annotation.__name__


def plain_type(part: Any) -> Any:
    """What an Avro type is, in the same terms; long counts as int."""
    if isinstance(part, list):
        return {plain_type(branch) for branch in part}
    if isinstance(part, dict) and part["type"] == "array":
        return ("array", plain_type(part["items"]))
    if isinstance(part, dict) and part["type"] == "map":
        return ("map", plain_type(part["values"]))
    if isinstance(part, dict):
        return part["name"] if "fields" in part else plain_type(part["type"])
    return {"long": "int"}.get(part, part.removeprefix("heliograph."))


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_record_has_the_fields_types_and_defaults_of_its_schema(name: str) -> None:
    kind = getattr(records, name)
    hints = msgspec.structs.fields(kind)
    fields = SCHEMAS[name]["fields"]
    assert [f.encode_name for f in hints] == [f["name"] for f in fields]
    for hint, field in zip(hints, fields, strict=True):
        assert avro_of(hint.type) == plain_type(field["type"]), field["name"]
        if field.get("default") == {}:
            assert hint.default_factory is dict, field["name"]
        elif "default" in field:
            default = () if field["default"] == [] else field["default"]
            assert hint.default == default, field["name"]
        else:
            assert hint.default is msgspec.NODEFAULT, field["name"]


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_field_says_what_it_means_unless_its_name_does(name: str) -> None:
    said = [f for f in SCHEMAS[name]["fields"] if f.get("doc")]
    assert SCHEMAS[name]["doc"]
    assert len(said) * 2 >= len(SCHEMAS[name]["fields"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_an_example_is_a_record_of_its_topic_and_survives_avro(path: Path) -> None:
    name, topic = path.stem.split(".")[0], path.parent.name
    assert name in CATALOG[topic].records
    record = msgspec.json.decode(path.read_bytes(), type=KIND_BY_NAME[name])
    codec = Codec()
    assert codec.decode(codec.encode(record, topic), KIND_BY_NAME[name]) == record


def test_every_topic_with_records_has_an_example_of_each() -> None:
    lanes = {"priority", "bulk"}
    wanted = {
        (topic.name, record)
        for topic in CATALOG.values()
        for record in topic.records
        if not (lanes & set(topic.name.split("."))) and not topic.name.startswith("sms.timer.")
    }
    known_by_others = {("sms.tracker.in", r) for r in ("MtSubmitted", "Dlr", "Wake")}
    there = {(p.parent.name, p.stem.split(".")[0]) for p in EXAMPLES}
    assert wanted - there == known_by_others


def test_what_outsiders_read_holds_one_record_only() -> None:
    assert [t.name for t in CATALOG.values() if t.public and len(t.records) != 1] == []


def test_enough_octets_are_never_lost_to_a_narrow_int() -> None:
    longs = {"submit_offset"} | {f for s in SCHEMAS.values() for f in _names_ending(s, "_ms")}
    for schema in SCHEMAS.values():
        for field in schema["fields"]:
            if field["name"] in longs:
                assert "long" in str(field["type"]), (schema["name"], field["name"])


def _names_ending(schema: dict[str, Any], ending: str) -> list[str]:
    return [f["name"] for f in schema["fields"] if f["name"].endswith(ending)]
