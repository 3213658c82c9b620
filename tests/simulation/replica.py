"""A stateful service in memory: a core on its input topic, as pipeline.stream runs it.

What it decides stands in Kafka with its commit or not at all. A crash forgets what was decided
since the last one, the state and what the core kept beside it, and reads the records again, later.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from pipeline.effects import Effect, KeyEntries
from pipeline.records import Record
from tests.entries import MemoryEntries

SHARED = ""  # where the entries of the partition are kept


class Core(Protocol):
    """What a service decides by."""

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """As pipeline.stream.Core."""


class Row(NamedTuple):
    """A record in a topic, under its key, and when it was appended."""

    key: str
    record: Record
    at_ms: int


class Replica:
    """One process after the other, on the one partition of a topic."""

    def __init__(self, make: Callable[[], Core]) -> None:
        self.topic: list[Row] = []
        self.decided_ms: list[int] = []  # of each record of the topic, as far as it is committed
        self._make = make
        self._core = make()
        self._states: dict[str, MemoryEntries] = {}
        self._before: dict[str, dict[str, tuple[bytes, int]]] = {}  # of what was touched since
        self._effects: list[Effect] = []
        self._pending_ms: list[int] = []

    @property
    def has_more(self) -> bool:
        """Whether anything is left to read."""
        return len(self.decided_ms) + len(self._pending_ms) < len(self.topic)

    def read(self, now_ms: int) -> None:
        """Decide about the next record."""
        row = self.topic[len(self.decided_ms) + len(self._pending_ms)]
        state = self._entries(row.key, now_ms)
        state.shared = self._entries(SHARED, now_ms)
        self._effects += self._core.decide(state, row.record, now_ms)
        self._pending_ms.append(now_ms)

    def commit(self) -> list[Effect]:
        """What is in Kafka now."""
        done, self._effects = self._effects, []
        self.decided_ms += self._pending_ms
        self._before, self._pending_ms = {}, []
        return done

    def crash(self) -> None:
        """Begin again after the last commit."""
        for key, octets in self._before.items():
            self._states[key].octets = octets
        self._before, self._pending_ms, self._effects = {}, [], []
        self._core = self._make()

    def _entries(self, key: str, now_ms: int) -> MemoryEntries:
        """The state of a key, which is remembered as it was committed."""
        entries = self._states.setdefault(key, MemoryEntries())
        entries.key, entries.now_ms = key, now_ms
        self._before.setdefault(key, dict(entries.octets))
        return entries
