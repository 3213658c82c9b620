"""The records of a topic as anybody may see them: decoded, filtered, masked."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple, Self

import msgspec

from heliograph.saying import plain
from pipeline import masking, topics
from pipeline.burials import read
from pipeline.codec import KIND_BY_NAME, Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, MisshapenError, UnreadableError
from pipeline.kafka.clients import Origin, now_ms, origin_of
from pipeline.kafka.groups import partition_counts
from pipeline.kafka.lag import Place
from pipeline.kafka.partitions import starts_of
from pipeline.kafka.reader import follow as followed
from pipeline.kafka.reader import offsets_at, read_to_end
from pipeline.process import catalog, make_codec

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
ALL = "all"
LIKE_MAX = 8
BY_MESSAGE = "message_id"  # the key of these topics
DELETED = "deleted"
HEADS = ("head", "request")  # where a field is looked for that a record has not
_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
Document = dict[str, Any]


class Seen(NamedTuple):
    """A record as it was read."""

    origin: Origin
    key: bytes
    octets: bytes | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a topic: fields with their values, and from how long ago; None for all there is."""

    fields: Sequence[tuple[str, str]] = ()
    message_id: str | None = None
    since_s: int | None = None

    @classmethod
    def of(cls, where: Iterable[str], message_id: str | None, since: str) -> Self:
        """As it is written on a command line; raises HeliographError."""
        fields = []
        for written in where:
            field, equals, value = written.partition("=")
            if not equals or not field:
                raise HeliographError(f"--where {written}: write FIELD=VALUE, as in state=rejected")
            fields.append((field, value))
        if message_id is not None:
            fields.append((BY_MESSAGE, message_id))
        span = _SPAN.fullmatch(since)
        if span is None and since != ALL:
            raise HeliographError(f"--since {since}: write 30s, 10m, 2h, 7d, or all")
        return cls(fields, message_id, int(span[1]) * UNITS_S[span[2]] if span else None)

    def takes(self, document: Mapping[str, Any]) -> bool:
        """Whether a record has all that is wanted, as msgspec makes it of builtins."""
        return all(_written(_at(document, field)) == value for field, value in self.fields)


def tailed(
    config: Config, topic: str, wanted: Wanted, *, follow: bool, is_masked: bool
) -> Iterator[Document]:
    """Place, time, kind and value of each record that is wanted; raises HeliographError."""
    codec = make_codec(config)
    for seen in _seen(config, topic, wanted, follow=follow):
        kind, value = decoded(codec, seen)
        if wanted.takes(value):
            yield document(seen, kind, value, is_masked=is_masked)


def document(seen: Seen, kind: str | None, value: Document, *, is_masked: bool) -> Document:
    """A record with its place; the key of anything may be a number."""
    origin, key = seen.origin, seen.key.decode(errors="replace")
    return {
        "topic": origin.topic,
        "partition": origin.partition,
        "offset": origin.offset,
        "at_ms": origin.at_ms,
        "key": masking.sentence(key) if is_masked else key,
        "record": kind,
        "value": masking.masked(value) if is_masked and kind else value,
    }


def lines_of(shown: Document) -> Iterator[str]:
    """One line for people."""
    at = datetime.fromtimestamp(shown["at_ms"] / 1000, UTC).isoformat(timespec="milliseconds")
    value = {name: own for name, own in shown["value"].items() if own is not None}
    yield plain(  # a key may have lines of its own
        f"{at}  {shown['partition']}/{shown['offset']}  {shown['key']}  "
        f"{shown['record'] or 'unreadable'} {json.dumps(value, ensure_ascii=False)}"
    )


def decoded(codec: Codec, seen: Seen) -> tuple[str | None, Document]:
    """Name of the record and its fields; None and why, where nobody can read it."""
    origin, octets = seen.origin, seen.octets
    if octets is None:
        return DELETED, {}
    try:
        topic = origin.topic.removesuffix(topics.DEAD)
        record = read(codec, topic, octets, origin.headers, KIND_BY_NAME.values())
    except MisshapenError as error:
        return None, {"reason": "misshapen", "octets": len(octets), "detail": _shape(error)}
    except UnreadableError as error:
        return None, {"reason": error.reason, "octets": len(octets)}
    return type(record).__name__, msgspec.to_builtins(record, str_keys=True)


def _shape(error: MisshapenError) -> str:
    """Which field does not fit; what stands in it may be anything."""
    place = re.search(r"at `(\$[\w.\[\]]*)`", error.detail)
    return place[1] if place else "another shape"


def _seen(config: Config, topic: str, wanted: Wanted, *, follow: bool) -> Iterator[Seen]:
    kafka, known = config.kafka, catalog(config)
    if topic not in partition_counts(kafka):
        like = ", ".join(sorted(own.name for own in known if topic[:8] in own.name)[:LIKE_MAX])
        raise HeliographError(f"there is no topic {topic!r}; {like or 'see schemas/topics.yaml'}")
    since_ms = None if wanted.since_s is None else now_ms() - wanted.since_s * 1000
    is_keyed = any(own.name == topic and own.key == BY_MESSAGE for own in known)
    starts: Mapping[Place, int] | None = None
    if wanted.message_id is not None and is_keyed and not follow:
        starts = starts_of(kafka, topic, wanted.message_id, since_ms)
    elif since_ms is not None:
        starts = offsets_at(kafka, topic, since_ms)
    messages = (
        chain.from_iterable(followed(kafka, [topic], lambda: False, starts))
        if follow
        else read_to_end(kafka, [topic], starts=starts)
    )
    for message in messages:
        yield Seen(origin_of(message), message.key() or b"", message.value())


def _at(document: Mapping[str, Any], field: str) -> Any:
    """What stands at a path of names; of one name, in the record or its head."""
    found: Any = document
    for name in field.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if found is None and "." not in field:
        inner = (document.get(name) for name in HEADS)
        heads = (own for own in inner if isinstance(own, Mapping))
        found = next((own[field] for own in heads if own.get(field) is not None), None)
    return found


def _written(value: Any) -> str:
    """As somebody writes it on a command line."""
    return value if isinstance(value, str) else json.dumps(value)
