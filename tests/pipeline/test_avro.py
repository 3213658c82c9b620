"""The compiled encoding against fastavro's: the same octets, and the same records back."""

from io import BytesIO
from typing import Any

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.avro import Compiler, large, rest, varint
from pipeline.codec import KIND_BY_NAME, PARTS, schema_of
from pipeline.records import MtAdmitted, MtSubmit, MtSubmitted, Record

LONGS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 20_000), st.integers(0, 2**41))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": LONGS,
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=300),
    "string": st.text(st.characters(codec="utf-8"), max_size=200),
}


def written(record: Record) -> bytes:
    """By fastavro."""
    out = BytesIO()
    fields = msgspec.to_builtins(record, builtin_types=(bytes,))
    fastavro.schemaless_writer(out, schema_of(type(record)), fields)
    return out.getvalue()


def values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What fastavro may be given for a schema, as builtins."""
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    if isinstance(schema, str):
        return VALUES[schema] if schema in VALUES else values(named[schema], named)
    sort = schema["type"]
    if sort == "array":
        return st.lists(values(schema["items"], named), max_size=3)
    if sort == "map":
        keys = VALUES["string"]
        return st.dictionaries(keys, values(schema["values"], named), max_size=3)
    if sort != "record":
        return values(sort, named)
    named[schema["name"]] = schema
    return st.fixed_dictionaries({f["name"]: values(f["type"], named) for f in schema["fields"]})


def records(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Any record of a kind."""
    shapes = values(schema_of(kind), {})
    return shapes.map(lambda fields: msgspec.convert(fields, kind, builtin_types=(bytes,)))


@pytest.mark.parametrize("kind", KIND_BY_NAME.values(), ids=KIND_BY_NAME)
@given(data=st.data())
def test_octets_are_fastavros_and_come_back_as_the_record(
    kind: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(kind))
    compiler = Compiler(PARTS)
    octets = compiler.writer(schema_of(kind), b"head")(record)
    assert octets == b"head" + written(record)
    assert Compiler(PARTS).reader(schema_of(kind))(octets, 4) == (record, len(octets))


@given(LONGS)
def test_a_number_has_one_writing(number: int) -> None:
    octets = varint(number)
    assert large(number) == octets
    unsigned, end = rest(octets[0], octets, 1) if octets[0] > 127 else (octets[0], 1)
    assert (unsigned >> 1 ^ -(unsigned & 1), end) == (number, len(octets))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_of_more_than_64_bits_is_refused(number: int) -> None:
    with pytest.raises(OverflowError, match="64 bits"):
        large(number)


@pytest.mark.parametrize("kind", [MtSubmit, MtSubmitted, MtAdmitted])
@given(octets=st.binary(max_size=300))
def test_octets_that_are_no_record_are_told_at_once(kind: type[Record], octets: bytes) -> None:
    read = Compiler(PARTS).reader(schema_of(kind))
    try:
        record, end = read(octets, 0)
    except (ValueError, IndexError):  # UnicodeDecodeError is a ValueError
        return
    if end == len(octets):  # by chance it is one, perhaps with a number written longer than need be
        assert isinstance(record, kind)


def test_blocks_that_say_their_octets_are_read_too() -> None:
    schema = {
        "type": "record",
        "name": "MtSubmit",
        "fields": [{"name": "tlvs", "type": {"type": "array", "items": "int"}}],
    }
    read = Compiler({"MtSubmit": Numbers}).reader(schema)
    assert read(b"\x03\x04\x02\x04\x00", 0) == (Numbers(tlvs=(1, 2)), 5)


class Numbers(msgspec.Struct):
    """A record of one array."""

    tlvs: tuple[int, ...]
