"""The state of one key in memory: what `pipeline.stream` gives a core, without Kafka."""

from functools import cached_property
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class MemoryEntries:
    """Entries as octets, as the real store keeps them; life spans end by `now_ms`."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.key = ""
        self.partition = 0
        self.trace: str | None = None
        self.octets: dict[str, tuple[bytes, int]] = {}

    @cached_property
    def shared(self) -> "MemoryEntries":
        """Those of the partition, which one test may give to several keys."""
        return MemoryEntries()

    def get(self, name: str, kind: type[T]) -> T | None:
        octets, dies_ms = self.octets.get(name, (b"", 0))
        return msgspec.msgpack.decode(octets, type=kind) if dies_ms > self.now_ms else None

    def put(self, name: str, entry: msgspec.Struct, ttl_s: int) -> None:
        self.octets[name] = (msgspec.msgpack.encode(entry), self.now_ms + ttl_s * 1000)

    def drop(self, name: str) -> None:
        self.octets.pop(name, None)
