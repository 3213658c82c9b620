"""A message as a row: its life in columns, its story as the records that were read.

A story is kept as Avro, as it was in Kafka, so that what one release has written the next can read.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import astuple

from pipeline import topics
from pipeline.codec import Codec
from pipeline.records import MtEvent
from services.telemetry.view import Head, Life, lived, told

EVENTS_MAX = 2048  # of one message; of more only what they make of it is kept
CODEC = Codec()  # without a registry: a story can be read where there is none
HEADS: Final = Head.__struct_fields__
FLAGS: Final = ("terminal", "test")  # which SQLite has as numbers


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event of a story: its place, what it is known by, the record."""

    offset: int
    event_id: str
    octets: bytes

    def event(self) -> MtEvent:
        """The record."""
        return CODEC.decode(self.octets, MtEvent)


class Row(NamedTuple):
    """One message, its lines in their order."""

    life: Life
    story: tuple[Line, ...]

    @property
    def events(self) -> list[MtEvent]:
        """The story as records."""
        return [line.event() for line in self.story]

    def values(self) -> tuple[Any, ...]:
        """In the order of the columns."""
        head, is_put_off = self.life
        return (*astuple(head), is_put_off, self.life.is_unsent, _STORIES.encode(self.story))


def grown(row: Row | None, offset: int, event: MtEvent) -> Row:
    """`row` with one more event; as it was if it has it."""
    line = Line(offset, event.event_id, CODEC.encode(event, topics.MT_EVENT))
    if row is None:
        return Row(told(None, event), (line,))
    if any(known.event_id == event.event_id for known in row.story):
        return row
    if len(row.story) == EVENTS_MAX:
        return Row(told(row.life, event), row.story)
    if offset > row.story[-1].offset:
        return Row(told(row.life, event), (*row.story, line))
    lines = sorted((*row.story, line), key=lambda known: known.offset)
    return Row(lived(known.event() for known in lines), tuple(lines))


def row_of(values: Sequence[Any]) -> Row:
    """The row of what GET selects."""
    *head, is_put_off, story = values
    return Row(Life(head_of(head), bool(is_put_off)), _READ.decode(story))


def head_of(values: Sequence[Any]) -> Head:
    """The head of what BY_NUMBER selects."""
    known = dict(zip(HEADS, values, strict=True))
    return Head(**known | {name: bool(known[name]) for name in FLAGS})


_STORIES: Final = msgspec.msgpack.Encoder()
_READ: Final = msgspec.msgpack.Decoder(tuple[Line, ...])
