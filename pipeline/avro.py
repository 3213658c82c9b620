"""Avro's binary encoding (specification 1.12, "Binary encoding") of our own records, compiled.

A schema is turned once into two Python functions without a loop or a look-up by field, as
`dataclasses` makes an `__init__`. Of what a binder did for a segment, fastavro was two fifths; this
is a third of that (docs/adr/0006). It knows the types that our schemas have, and one version of
each: what was written with another version of a schema is fastavro's to read.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import fields

Schema = Any  # as parsed from JSON: a name, a list of branches, or a mapping
DOUBLE = struct.Struct("<d")
SMALL_END = 8192  # numbers below are written from a table
VARINT_OCTETS_MAX = 10

WRITE_COUNT = ["add(SMALL[n] if 0 <= n < 8192 else large(n))"]
WRITES = {  # how the value {0} is written
    "null": [],
    "boolean": [r"add(b'\1' if {0} else b'\0')"],
    "int": ["n = {0}", *WRITE_COUNT],
    "double": ["add(pack({0}))"],
    "bytes": ["s = {0}", "n = len(s)", *WRITE_COUNT, "add(s)"],
    "string": ["s = {0}.encode()", "n = len(s)", *WRITE_COUNT, "add(s)"],
}
READ_COUNT = ["n = octets[at]", "at += 1", "if n > 127: n, at = rest(n, octets, at)"]
READ_END = [*READ_COUNT, "if n & 1: raise ValueError('a length below zero')", "end = at + (n >> 1)"]
READS = {  # how {0} is read; beyond the end nothing is found, which the length shows at last
    "null": ["{0} = None"],
    "boolean": ["{0} = octets[at] == 1", "at += 1"],
    "int": [*READ_COUNT, "{0} = n >> 1 ^ -(n & 1)"],
    "double": ["{0} = unpack(octets, at)[0]", "at += 8"],
    "bytes": [*READ_END, "{0} = octets[at:end]", "at = end"],
    "string": [*READ_END, "{0} = octets[at:end].decode()", "at = end"],
}
SORTS = {"long": "int"}  # what is written alike
IS = {  # whether {0} is of a branch
    "null": "{0} is None",
    "string": "type({0}) is str",
    "bytes": "type({0}) is bytes",
    "record": "type({0}) is {1}",
}


class Compiler:
    """Makes the functions for the records of some kinds."""

    def __init__(self, kinds: Mapping[str, type[Struct]]) -> None:
        """`kinds` has the records by their schemas' names, those that are part of others too."""
        self._kinds = kinds
        self._named: dict[str, Schema] = {}  # a schema is written out where it is named first

    def writer(self, schema: Schema, header: bytes) -> Callable[[Any], bytes]:
        """What writes a record of `schema` after `header`."""
        lines = ["out = [HEADER]", "add = out.append"]
        lines += self._writes(schema, "record")
        lines += ["return b''.join(out)"]
        names = {"HEADER": header, "SMALL": SMALL, "large": large, "pack": DOUBLE.pack}
        return self._made("made(record)", lines, names)

    def reader(self, schema: Schema) -> Callable[[bytes, int], tuple[Any, int]]:
        """What reads a record of `schema` from octets at an index; and says where it ends.

        Octets that are no such record: ValueError, IndexError, struct.error, or an end beyond them.
        """
        lines = [*self._reads(schema, "_"), "return _, at"]
        return self._made("made(octets, at)", lines, {"rest": rest, "unpack": DOUBLE.unpack_from})

    def _made(self, head: str, lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
        source = "\n".join([f"def {head}:", *_inner(lines)])
        scope = {**self._kinds, **names}
        exec(source, scope)  # noqa: S102 - of nothing but our own schemas
        made: Callable[..., Any] = scope["made"]
        return made

    def _writes(self, schema: Schema, value: str) -> list[str]:
        if isinstance(schema, list):
            return self._writes_union(schema, value)
        schema, sort = self._whole(schema)
        if sort == "record":
            return [
                line
                for name, kind in self._fields(schema)
                for line in self._writes(kind, f"{value}.{name}")
            ]
        if sort == "array":
            return _block(value, f"for item in {value}:", self._writes(schema["items"], "item"))
        if sort == "map":
            entry = [*_filled(WRITES["string"], "key"), *self._writes(schema["values"], "item")]
            return _block(value, f"for key, item in {value}.items():", entry)
        return _filled(WRITES[sort], value)

    def _writes_union(self, branches: list[Schema], value: str) -> list[str]:
        name = value.replace(".", "_")
        lines = [f"{name} = {value}"]
        for number, branch in enumerate(branches):
            is_last = number == len(branches) - 1  # what else could it be?
            test = "else:" if is_last else f"{'el' * bool(number)}if {self._is(branch, name)}:"
            lines += [test, *_inner([f"add(SMALL[{number}])", *self._writes(branch, name)])]
        return lines

    def _is(self, branch: Schema, value: str) -> str:
        schema, sort = self._whole(branch)
        return IS[sort].format(value, _name(schema) if sort == "record" else "")

    def _reads(self, schema: Schema, target: str) -> list[str]:
        if isinstance(schema, list):
            return self._reads_union(schema, target)
        schema, sort = self._whole(schema)
        if sort == "record":
            return self._reads_record(schema, target)
        if sort == "array":
            item = f"{target}_item"
            items = [*self._reads(schema["items"], item), f"{target}.append({item})"]
            return [f"{target} = []", *_blocks(items), f"{target} = tuple({target})"]
        if sort == "map":
            item = f"{target}_item"
            entry = [*_filled(READS["string"], "key"), *self._reads(schema["values"], item)]
            return [f"{target} = {{}}", *_blocks([*entry, f"{target}[key] = {item}"])]
        return _filled(READS[sort], target)

    def _reads_record(self, schema: Schema, target: str) -> list[str]:
        lines, given = [], []
        for name, kind in self._fields(schema):
            lines += self._reads(kind, f"{target}_{name}")
            given.append(f"{name}={target}_{name}")
        return [*lines, f"{target} = {_name(schema)}({', '.join(given)})"]

    def _reads_union(self, branches: list[Schema], target: str) -> list[str]:
        lines = ["n = octets[at]", "at += 1"]
        for number, branch in enumerate(branches):
            lines.append(f"{'el' * bool(number)}if n == {2 * number}:")
            lines += _inner(self._reads(branch, target))
        return [*lines, "else: raise ValueError('no such branch')"]

    def _whole(self, schema: Schema) -> tuple[Schema, str]:
        """The schema written out, and its sort: of the tables, or `record`, `array` or `map`."""
        if isinstance(schema, str):
            schema = self._named.get(_last(schema), {"type": schema})
        sort = schema["type"]
        if not isinstance(sort, str):
            return self._whole(sort)
        if sort == "record":
            self._named[_name(schema)] = schema
        return schema, SORTS.get(sort, sort)

    def _fields(self, schema: Schema) -> Iterator[tuple[str, Schema]]:
        """The attribute and the type of every field."""
        attributes = {own.encode_name: own.name for own in fields(self._kinds[_name(schema)])}
        return ((attributes[field["name"]], field["type"]) for field in schema["fields"])


def varint(number: int) -> bytes:
    """A number of 64 bits: zigzag, seven bits an octet; OverflowError for a longer one."""
    if not -(2**63) <= number < 2**63:
        raise OverflowError(f"{number} has more than 64 bits")
    return _unsigned((number << 1) ^ (number >> 63))


def large(number: int) -> bytes:
    """`varint` of a number that is not small; moments of one time share all but 13 bits."""
    if SMALL_END <= number < 2**63:
        return LOW[number % SMALL_END] + _unsigned(number // SMALL_END)
    return varint(number)


def rest(number: int, octets: bytes, at: int) -> tuple[int, int]:
    """The unsigned number of which `number` is the first octet, and the index behind it."""
    number &= 0x7F
    for shift in range(7, 7 * VARINT_OCTETS_MAX, 7):
        octet = octets[at]
        at += 1
        number |= (octet & 0x7F) << shift
        if octet < 0x80:
            return number, at
    raise ValueError(f"a number of more than {VARINT_OCTETS_MAX} octets")


@lru_cache(maxsize=4096)
def _unsigned(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


SMALL = tuple(varint(number) for number in range(SMALL_END))
LOW = tuple(bytes((n << 1 & 0x7F | 0x80, n >> 6 | 0x80)) for n in range(SMALL_END))


def _name(schema: Schema) -> str:
    return _last(schema["name"])


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _block(value: str, head: str, entry: list[str]) -> list[str]:
    """All entries in one block, and the end: a count of none."""
    block = [f"n = len({value})", *WRITE_COUNT, head, *_inner(entry)]
    return [f"if {value}:", *_inner(block), *_filled(WRITES["boolean"], "False")]


def _blocks(entry: list[str]) -> list[str]:
    """Blocks of entries up to the end."""
    block = [
        *_filled(READS["int"], "count"),
        "if not count: break",
        "if count < 0:",  # then the block's octets are counted too
        *_inner(_filled(READS["int"], "_")),
        "for _ in range(abs(count)):",
        *_inner(entry),
    ]
    return ["while True:", *_inner(block)]


def _inner(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _filled(lines: list[str], value: str) -> list[str]:
    return [line.format(value) for line in lines]
