"""Records to octets and back: the one door to Avro (`avro.py` has the body).

Two framings, told apart by the first octets (architecture, item 16):

    C3 01 | CRC-64-AVRO of the schema, 8 octets little-endian | body     single object, no registry
    00    | schema id, 4 octets big-endian                    | body     Confluent, with a registry

The fingerprint is one of today's schemas or of any that was released (`released.py`).

Requests may also be JSON (first octet `{`), checked by the same record, or CloudEvents. Schemas are
read without their logical types, so that times stay plain milliseconds and no time is spent on
datetimes.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import fastavro
import msgspec
from fastavro.schema import fingerprint, to_parsing_canonical_form

from pipeline import cloudevents, records, released, topics
from pipeline.avro import Compiler
from pipeline.effects import Headers
from pipeline.errors import MisshapenError, UnreadableError
from pipeline.ids import MessageId
from pipeline.records import Command, MtRequest, Record

R = TypeVar("R", bound=Record)

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"
NAMESPACE = "heliograph"
NOBODY = (None, None)


class Registry(Protocol):
    """What the codec needs of a schema registry."""

    def id_of(self, topic: str, kind: type[Record]) -> int:
        """Id under which the schema of `kind` is registered for `topic`."""

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        """The schema with that id; raises UnreadableError when there is none."""


class Reader(NamedTuple):
    """How to read what is written with one schema."""

    kind: type[Record]
    read: Callable[[bytes, int], tuple[Any, int]]  # the record that begins there, and its end


class Codec:
    """Encodes in one framing, decodes both; with a registry it writes the Confluent framing."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry
        self._writers: dict[tuple[str, type[Record]], Callable[[Record], bytes]] = {}
        self._readers: dict[bytes, Reader] = {}
        self._by_fingerprint = {single_object_header(kind): kind for kind in KIND_BY_NAME.values()}

    def encode(self, record: Record, topic: str) -> bytes:
        """The framed octets of `record` as a value of `topic`."""
        key = (topic, type(record))
        writer = self._writers.get(key)
        if writer is None:
            compiler = Compiler(PARTS)
            writer = compiler.writer(schema_of(key[1]), self._header(*key))
            self._writers[key] = writer
        return writer(record)

    def decode(self, octets: bytes | None, *kinds: type[R]) -> R:
        """The record in `octets`, one of `kinds`; raises UnreadableError for everything else."""
        if not octets:
            raise UnreadableError("empty", "the value is empty")
        header = octets[:10] if octets.startswith(SINGLE_OBJECT) else octets[:5]
        reader = self._readers.get(header)
        if reader is None:
            reader = self._readers[header] = self._reader(header)
        kind = reader.kind
        if kind not in kinds:
            raise UnreadableError("unexpected_record", f"a {kind.__name__} has no place here")
        try:
            record, end = reader.read(octets, len(header))
        except Exception as error:  # broken octets raise anything
            detail = f"not a whole {kind.__name__}: {type(error).__name__}"
            raise UnreadableError("broken_body", detail) from error
        if end != len(octets):
            reason = "trailing_octets" if end < len(octets) else "broken_body"
            raise UnreadableError(reason, f"a {kind.__name__} of {end} octets in {len(octets)}")
        return cast(R, record)

    def decode_request(self, octets: bytes | None, headers: Headers | None = None) -> MtRequest:
        """A request in any form: JSON, Avro in both framings, CloudEvents in both modes.

        Raises UnreadableError, and MisshapenError for JSON that is no request.
        """
        return _named(self._request(octets), cloudevents.id_in(headers))

    def decode_command(self, octets: bytes | None) -> Command:
        """A command as JSON or Avro; raises UnreadableError for everything else."""
        if not octets or octets.lstrip()[:1] != b"{":
            return self.decode(octets, Command)
        try:
            return msgspec.convert(_fields(octets), Command)
        except msgspec.ValidationError as error:
            raise UnreadableError("misshapen", str(error)) from error

    def _request(self, octets: bytes | None) -> MtRequest:
        if not octets or octets.lstrip()[:1] != b"{":
            return self.decode(octets, MtRequest)
        fields = _fields(octets)
        if not cloudevents.is_event(fields):
            return _request_from(fields)
        event = cloudevents.event_of(fields)
        data = event.data
        if isinstance(data, bytes) and data[:1] == b"{":
            data = _fields(data)
        if isinstance(data, bytes):
            return _named(self.decode(data, MtRequest), event.id)
        return _named(_request_from(data, event.id), event.id)

    def _reader(self, header: bytes) -> Reader:
        """How to read what begins with `header`; there are as many as there are schemas."""
        if header.startswith(SINGLE_OBJECT):
            kind = self._by_fingerprint.get(header)
            kind, schema = (kind, schema_of(kind)) if kind else older().get(header, NOBODY)
        elif header.startswith(CONFLUENT) and self._registry and len(header) == 5:
            schema = self._registry.schema_of(int.from_bytes(header[1:], "big"))
            kind = KIND_BY_NAME.get(str(schema.get("name", "")).removeprefix(f"{NAMESPACE}."))
        else:
            raise UnreadableError("unknown_framing", f"no framing starts with {header[:2].hex()}")
        if kind is None or schema is None:
            raise UnreadableError("unknown_schema", f"no schema is known as {header.hex()}")
        return Reader(
            kind, _own_reader(kind) if schema == schema_of(kind) else _reader(kind, schema)
        )

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
    return parsed(whole_schema(kind.__name__))


def parsed(schema: dict[str, Any]) -> dict[str, Any]:
    """A whole schema as fastavro reads and writes with it, without its logical types."""
    found = fastavro.parse_schema(plain(schema))
    assert isinstance(found, dict)
    return found


@cache
def single_object_header(kind: type[Record]) -> bytes:
    """The ten octets before the body of a single object of this kind."""
    return header_of(schema_of(kind))


def header_of(schema: dict[str, Any]) -> bytes:
    """The ten octets before the body of a single object that is written with a plain schema."""
    canonical = to_parsing_canonical_form(schema)
    return SINGLE_OBJECT + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))


@cache
def older() -> dict[bytes, tuple[type[Record], dict[str, Any]]]:
    """Kind and schema of what a released version may have written, by header."""
    return {
        header_of(parsed(one.schema)): (KIND_BY_NAME[one.record], parsed(one.schema))
        for one in released.releases()
        if one.record in KIND_BY_NAME
    }


def plain(schema: Any) -> Any:
    """`schema` without its logical types."""
    if isinstance(schema, dict):
        return {name: plain(part) for name, part in schema.items() if name != "logicalType"}
    return [plain(part) for part in schema] if isinstance(schema, list) else schema


@cache
def _own_reader(kind: type[Record]) -> Callable[[bytes, int], tuple[Any, int]]:
    return Compiler(PARTS).reader(schema_of(kind))


def _reader(kind: type[Record], schema: dict[str, Any]) -> Callable[[bytes, int], tuple[Any, int]]:
    """For what was written with another version of the schema."""

    def read(octets: bytes, start: int) -> tuple[Any, int]:
        source = BytesIO(octets)
        source.seek(start)
        read = fastavro.schemaless_reader(source, schema, schema_of(kind))
        return msgspec.convert(read, kind, builtin_types=(bytes,)), source.tell()

    return read


def _fields(octets: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(octets, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableError("not_json", f"starts like JSON, but {error}") from error


def _request_from(fields: dict[str, Any], event_id: str | None = None) -> MtRequest:
    try:
        return msgspec.convert(fields, MtRequest)
    except msgspec.ValidationError as error:
        message_id = fields.get("message_id", event_id)
        known = message_id if isinstance(message_id, str) else None
        raise MisshapenError(str(error), known) from error


def _named(request: MtRequest, event_id: str | None) -> MtRequest:
    """The request; one without a message_id has that of the event it came in."""
    if event_id is None or request.message_id is not None:
        return request
    return msgspec.structs.replace(request, message_id=MessageId(event_id))


KIND_BY_NAME: dict[str, type[Record]] = {
    name: getattr(records, name) for name in topics.record_names()
}
PARTS: dict[str, type[Record]] = {
    name: kind for name, kind in vars(records).items() if isinstance(kind, type)
}
