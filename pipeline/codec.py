"""Records to octets and back: the one door to Avro.

Two framings, told apart by the first octets (architecture, item 16):

    C3 01 | CRC-64-AVRO of the schema, 8 octets little-endian | body     single object, no registry
    00    | schema id, 4 octets big-endian                    | body     Confluent, with a registry

Requests may also be JSON (first octet `{`), checked by the same record. Schemas are read without
their logical types, so that times stay plain milliseconds and no time is spent on datetimes.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Protocol, TypeVar

import fastavro
import msgspec
from fastavro.schema import fingerprint, to_parsing_canonical_form

from pipeline import records, topics
from pipeline.errors import MisshapenError, UnreadableError
from pipeline.records import MtRequest, Record

R = TypeVar("R", bound=Record)

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"
NAMESPACE = "heliograph"


class Registry(Protocol):
    """What the codec needs of a schema registry."""

    def id_of(self, topic: str, kind: type[Record]) -> int:
        """Id under which the schema of `kind` is registered for `topic`."""

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The schema with that id; raises UnreadableError when there is none."""


class Codec:
    """Encodes in one framing, decodes both; with a registry it writes the Confluent framing."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry
        self._writers: dict[tuple[str, type[Record]], Callable[[Record], bytes]] = {}
        self._readers: dict[tuple[bytes, type[Record]], Callable[[BytesIO], Any]] = {}
        self._by_fingerprint = {single_object_header(kind): kind for kind in KIND_BY_NAME.values()}

    def encode(self, record: Record, topic: str) -> bytes:
        """The framed octets of `record` as a value of `topic`."""
        key = (topic, type(record))
        writer = self._writers.get(key)
        if writer is None:
            writer = self._writers[key] = _writer(type(record), self._header(*key))
        return writer(record)

    def decode(self, octets: bytes | None, *kinds: type[R]) -> R:
        """The record in `octets`, one of `kinds`; raises UnreadableError for everything else."""
        if not octets:
            raise UnreadableError("empty", "the value is empty")
        if octets.startswith(SINGLE_OBJECT):
            header = octets[:10]
            kind = self._by_fingerprint.get(header)
            schema = schema_of(kind) if kind else None
        elif octets.startswith(CONFLUENT) and self._registry and len(octets) > 5:
            header = octets[:5]
            schema = self._registry.schema_of(int.from_bytes(header[1:], "big"))
            kind = KIND_BY_NAME.get(str(schema.get("name", "")).removeprefix(f"{NAMESPACE}."))
        else:
            raise UnreadableError("unknown_framing", f"no framing starts with {octets[:2].hex()}")
        if kind is None or schema is None:
            raise UnreadableError("unknown_schema", f"no schema is known as {header.hex()}")
        if not issubclass(kind, kinds):
            raise UnreadableError("unexpected_record", f"a {kind.__name__} has no place here")
        return _read(octets, len(header), schema, kind)

    def decode_request(self, octets: bytes | None) -> MtRequest:
        """A request in any of the three forms.

        Raises UnreadableError, and MisshapenError for JSON that is no request.
        """
        if octets and octets.lstrip()[:1] == b"{":
            return _request_from_json(octets)
        return self.decode(octets, MtRequest)

    def _header(self, topic: str, kind: type[Record]) -> bytes:
        if self._registry is None:
            return single_object_header(kind)
        return CONFLUENT + self._registry.id_of(topic, kind).to_bytes(4, "big")


def whole_schema(name: str) -> dict[str, Any]:
    """The schema `schemas/<name>.avsc` with the schemas it names written out, each once."""
    seen: set[str] = set()

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(branch) for branch in part]
        if isinstance(part, str) and part.startswith(f"{NAMESPACE}.") and part not in seen:
            seen.add(part)
            path = files("schemas").joinpath(f"{part.removeprefix(f'{NAMESPACE}.')}.avsc")
            return whole(msgspec.json.decode(path.read_bytes()))
        if isinstance(part, dict):
            return {
                key: whole(value) if key in ("type", "items", "fields") else value
                for key, value in part.items()
            }
        return part

    schema = whole(f"{NAMESPACE}.{name}")
    assert isinstance(schema, dict)
    return schema


@cache
def schema_of(kind: type[Record]) -> dict[str, Any]:
    """The schema of a record, parsed for reading and writing."""
    parsed = fastavro.parse_schema(plain(whole_schema(kind.__name__)))
    assert isinstance(parsed, dict)
    return parsed


@cache
def single_object_header(kind: type[Record]) -> bytes:
    """The ten octets before the body of a single object of this kind."""
    canonical = to_parsing_canonical_form(schema_of(kind))
    return SINGLE_OBJECT + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))


def plain(schema: Any) -> Any:
    """`schema` without its logical types."""
    if isinstance(schema, dict):
        return {name: plain(part) for name, part in schema.items() if name != "logicalType"}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


def _writer(kind: type[Record], header: bytes) -> Callable[[Record], bytes]:
    schema = schema_of(kind)
    to_builtins, write = msgspec.to_builtins, fastavro.schemaless_writer

    def encode(record: Record) -> bytes:
        out = BytesIO()
        out.write(header)
        write(out, schema, to_builtins(record, builtin_types=(bytes,)))
        return out.getvalue()

    return encode


def _read(octets: bytes, start: int, schema: dict[str, Any], kind: type[R]) -> R:
    source = BytesIO(octets)
    source.seek(start)
    try:
        fields = fastavro.schemaless_reader(source, schema, schema_of(kind))
        record = msgspec.convert(fields, kind, builtin_types=(bytes,))
    except Exception as error:  # fastavro names no errors of its own: broken octets raise anything
        detail = f"not a whole {kind.__name__}: {type(error).__name__}"
        raise UnreadableError("broken_body", detail) from error
    if source.tell() != len(octets):
        raise UnreadableError("trailing_octets", f"octets follow the {kind.__name__}")
    return record


def _request_from_json(octets: bytes) -> MtRequest:
    try:
        fields = msgspec.json.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError("not_json", f"starts like JSON, but {error}") from error
    try:
        return msgspec.convert(fields, MtRequest)
    except msgspec.ValidationError as error:
        message_id = fields.get("message_id")
        known = message_id if isinstance(message_id, str) else None
        raise MisshapenError(str(error), known) from error


KIND_BY_NAME: dict[str, type[Record]] = {
    name: getattr(records, name) for name in topics.record_names()
}
