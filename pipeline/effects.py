"""What a core wants done, and the state it decides upon: the two sides of every stateful core.

A core is a pure function of (state, record, now); it returns effects and never acts. The shell
(`pipeline.stream`) publishes them in the same Kafka transaction that moves the input offset and
the state, so all of it happens once or not at all.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from pipeline.records import Record

Headers = list[tuple[str, str | bytes | None]]
"""Record headers, as confluent_kafka takes and gives them."""

T = TypeVar("T", bound=msgspec.Struct)


class Trace(NamedTuple):
    """A sampled trace: the traceparent of what comes before in it, or came before it long ago."""

    traceparent: str
    is_past: bool = False


AS_IT_CAME = Trace("")
"""Stands for the trace of the record being decided."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Write `record` to `topic` under `key`; it is of that trace, or of none."""

    topic: str
    key: str
    record: Record
    trace: Trace | None = AS_IT_CAME


@dataclass(frozen=True, slots=True)
class PublishLater:
    """Write `record` to `topic` under `key` at `due_ms` (since 1970 UTC), by the scheduler."""

    due_ms: int
    topic: str
    key: str
    record: Record


Effect = Publish | PublishLater


class Entries(Protocol):
    """The state of one key: named entries, each a msgspec struct, each with a life span."""

    def get(self, name: str, kind: type[T]) -> T | None:
        """The entry, or None when there is none or its life is over."""

    def put(self, name: str, entry: msgspec.Struct, ttl_s: int) -> None:
        """Set the entry; it is gone `ttl_s` seconds after the record being decided was appended."""

    def drop(self, name: str) -> None:
        """Remove the entry, if there is one."""


class KeyEntries(Entries, Protocol):
    """The state of one key and, for what is counted over many keys, that of its partition."""

    @property
    def key(self) -> str:
        """The key: that of the record being decided."""

    @property
    def partition(self) -> int:
        """The partition of the input topic that the key is in."""

    @property
    def trace(self) -> str | None:
        """The traceparent that goes on from the record being decided, if it is sampled."""

    @property
    def shared(self) -> Entries:
        """Entries of the whole partition: whichever key's record is being decided, the same."""
