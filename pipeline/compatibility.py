"""Whether what was written with one schema can be read with another (Avro 1.12, "Schema
Resolution"), for the types that our schemas have; pure.

Checked without data: fastavro says so only of records that happen to have what is wrong.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Any  # as parsed from JSON: a name, a list of branches, or a mapping

PROMOTED = {  # what is written: what else may read it
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
INNER = {"array": "items", "map": "values"}


def faults(writer: Schema, reader: Schema) -> list[str]:
    """Why records of `writer` can't be read with `reader`, a sentence each; none when they can."""
    return list(_faults(_Part(writer, _named(writer)), _Part(reader, _named(reader)), ""))


class _Part:
    """A part of a schema, whose names are known."""

    def __init__(self, schema: Schema, named: Mapping[str, Schema]) -> None:
        while isinstance(schema, Mapping) and not isinstance(schema["type"], str):
            schema = schema["type"]
        if isinstance(schema, str):
            schema = named.get(_last(schema), {"type": schema})
        self._named = named
        self.schema = schema
        self.sort = "union" if isinstance(schema, list) else str(schema["type"])
        self.name = _last(schema["name"]) if self.sort == "record" else self.sort

    def part(self, schema: Schema) -> "_Part":
        """A part of it."""
        return _Part(schema, self._named)

    def branches(self) -> list["_Part"]:
        """What it may be: itself, where it is no union."""
        return [self.part(branch) for branch in self.schema] if self.sort == "union" else [self]


def _faults(writer: _Part, reader: _Part, where: str) -> Iterator[str]:
    choices = reader.branches()
    for branch in writer.branches():
        choice = next((choice for choice in choices if _reads(branch, choice)), None)
        if choice is None:
            readable = ", ".join(choice.name for choice in choices)
            place = where or branch.name
            yield f"{place}: {branch.name} was written, and {readable} can be read"
        elif branch.sort == "record":
            yield from _field_faults(branch, choice, where or branch.name)
        elif branch.sort in INNER:
            inner = INNER[branch.sort]
            written, read = branch.part(branch.schema[inner]), choice.part(choice.schema[inner])
            yield from _faults(written, read, f"{where}.{inner}")


def _reads(writer: _Part, reader: _Part) -> bool:
    return writer.name == reader.name or reader.name in PROMOTED.get(writer.name, ())


def _field_faults(writer: _Part, reader: _Part, where: str) -> Iterator[str]:
    written = {field["name"]: field["type"] for field in writer.schema["fields"]}
    for field in reader.schema["fields"]:
        place = f"{where}.{field['name']}"
        if field["name"] in written:
            own = writer.part(written[field["name"]])
            yield from _faults(own, reader.part(field["type"]), place)
        elif "default" not in field:
            yield f"{place}: older records lack it; give it a default"


def _named(schema: Schema) -> dict[str, Schema]:
    """Every record in it by name, wherever it is written out."""
    if isinstance(schema, list):
        return {name: one for branch in schema for name, one in _named(branch).items()}
    if not isinstance(schema, Mapping):
        return {}
    own = {_last(schema["name"]): schema} if schema.get("type") == "record" else {}
    inner = [schema.get(key, []) for key in ("type", "items", "values")]
    return own | _named([*inner, *(field["type"] for field in schema.get("fields", ()))])


def _last(name: str) -> str:
    return name.rpartition(".")[2]
