"""What may change in a schema while records of the old one are about."""

from typing import Any

import pytest

from pipeline.compatibility import faults


def record(*fields: Any) -> dict[str, Any]:
    return {"type": "record", "name": "heliograph.R", "fields": list(fields)}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


INNER = {"type": "record", "name": "I", "fields": [field("x", "int")]}
WIDER = {"type": "record", "name": "I", "fields": [field("x", "int"), field("y", "int")]}
A = field("a", "int")

ROWS: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("the same", record(A), record(A), []),
    ("a field more", record(A), record(A, field("b", "int", default=0)), []),
    (
        "one without a default",
        record(A),
        record(A, field("b", "int")),
        ["R.b: older records lack it; give it a default"],
    ),
    ("a field less", record(A, field("b", INNER)), record(A), []),
    ("another order", record(A, field("b", "int")), record(field("b", "int"), A), []),
    ("a wider number", record(A), record(field("a", "long")), []),
    (
        "a narrower one",
        record(field("a", "long")),
        record(A),
        ["R.a: long was written, and int can be read"],
    ),
    ("times are numbers", record(field("a", {"type": "long"})), record(field("a", "long")), []),
    ("it may be absent now", record(A), record(field("a", ["null", "int"])), []),
    (
        "it may no longer be",
        record(field("a", ["null", "int"])),
        record(A),
        ["R.a: null was written, and int can be read"],
    ),
    (
        "one branch less",
        record(field("a", ["null", "string", INNER])),
        record(field("a", ["null", "string"])),
        ["R.a: I was written, and null, string can be read"],
    ),
    (
        "a part that asks for more",
        record(field("a", {"type": "array", "items": INNER})),
        record(field("a", {"type": "array", "items": WIDER})),
        ["R.a.items.y: older records lack it; give it a default"],
    ),
    (
        "the same part by name, where it stood before is gone",
        record(field("a", ["null", INNER]), field("b", "I")),
        record(field("b", WIDER)),
        ["R.b.y: older records lack it; give it a default"],
    ),
    (
        "another sort of map",
        record(field("a", {"type": "map", "values": "string"})),
        record(field("a", {"type": "map", "values": "int"})),
        ["R.a.values: string was written, and int can be read"],
    ),
    (
        "another name",
        record(A),
        {**record(A), "name": "S"},
        ["R: R was written, and S can be read"],
    ),
]


@pytest.mark.parametrize(
    ("before", "after", "told"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_stops_older_records_from_being_read_is_told(
    before: dict[str, Any], after: dict[str, Any], told: list[str]
) -> None:
    assert faults(before, after) == told
