"""The partitions a process owns of one connector, what is done in them, and what to commit.

Partition p of the submit topic and its priority twin are the lease of bind p and of 1/P of the
account's rate.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.kafka.membership import Commit, Start
from services.binder.core import Position
from services.binder.offsets import OffsetTracker, doubtful_before
from services.binder.outputs import Known, Output

NOWHERE = -1

Key = tuple[bool, int]  # priority lane or not, partition


@dataclass(slots=True, eq=False)
class Lease:
    """One partition while it is ours; a later assignment of the same partition is another lease."""

    tracker: OffsetTracker
    known: Mapping[int, Known]  # outcomes beyond the committed offset, by offset
    doubtful_before: int = 0  # offsets whose record the last owner may have written to the wire
    committed: int = NOWHERE  # the offset that was last committed
    is_closing: bool = False
    idle: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, offset: int) -> None:
        """A record of this partition has been taken."""
        self.tracker.take(offset)
        self.idle.clear()

    def intend(self, offset: int, output_offset: int) -> None:
        """An intent is confirmed; see OffsetTracker.intend."""
        self.tracker.intend(offset, output_offset)

    def finish(self, offset: int, output_offset: int | None) -> None:
        """The outcome of a record is confirmed; see OffsetTracker.finish."""
        self.tracker.finish(offset, output_offset)
        self._settle()

    def drop(self, offset: int, *, is_doubtful: bool) -> None:
        """A record is left to the next owner."""
        if is_doubtful:
            self.doubtful_before = max(self.doubtful_before, offset + 1)
        self.tracker.drop(offset)
        self._settle()

    def metadata(self) -> str:
        """For a commit. A lease that is closed in order, nothing on the wire, says what is not."""
        is_left_in_order = self.is_closing and self.idle.is_set()
        return self.tracker.metadata(self.doubtful_before if is_left_in_order else None)

    def _settle(self) -> None:
        if self.tracker.unfinished_count == 0:
            self.idle.set()


class Leases:
    """The leases of one connector in this process."""

    def __init__(self, lanes: Mapping[str, bool]) -> None:
        """`lanes` says of each submit topic whether it is the priority one."""
        self._lanes = lanes
        self._topics = {is_priority: topic for topic, is_priority in lanes.items()}
        self._held: dict[Key, Lease] = {}

    def __len__(self) -> int:
        return len(self._held)

    def get(self, position: Position) -> Lease | None:
        """The lease a segment came by, while it is held."""
        return self._held.get((position.priority, position.partition))

    def key(self, topic: str, partition: int) -> Key:
        """The key of a partition of one of our submit topics."""
        return self._lanes[topic], partition

    @property
    def partitions(self) -> set[int]:
        """Numbers of the bind leases held."""
        return {partition for _, partition in self._held}

    def done_ahead(self, partition: int, *, priority: bool) -> int:
        """Records of a partition that are done and can't be committed yet."""
        lease = self._held.get((priority, partition))
        return 0 if lease is None else lease.tracker.done_ahead

    def open(self, starts: Sequence[Start], outputs: Mapping[tuple[str, int], object]) -> None:
        """These partitions are ours; `outputs` is what `outputs.read` found."""
        for start in starts:
            found = outputs[start.topic, start.partition]
            assert isinstance(found, Output)
            base = start.offset or 0
            places = {offset: known.output_offset for offset, known in found.outcomes.items()}
            doubtful = 0 if start.offset is None else doubtful_before(start.metadata)
            if doubtful is None:
                doubtful = start.end
            tracker = OffsetTracker(base, found.end, places)
            lease = Lease(tracker, found.outcomes, doubtful)
            lease.idle.set()
            self._held[self.key(start.topic, start.partition)] = lease

    def closing(self, partitions: Sequence[tuple[str, int]]) -> dict[Key, Lease]:
        """Mark these as closing; returns those that are held."""
        found = {}
        for topic, partition in partitions:
            key = self.key(topic, partition)
            if key in self._held:
                found[key] = self._held[key]
                found[key].is_closing = True
        return found

    def binds_of(self, closing: Iterable[Key]) -> set[int]:
        """The bind leases that are gone once `closing` are."""
        keys = set(closing)
        return {partition for _, partition in keys} - {p for _, p in self._held.keys() - keys}

    def close(self, closing: Iterable[Key]) -> None:
        """Forget these."""
        for key in closing:
            self._held.pop(key, None)

    def commits(self) -> list[Commit]:
        """What has become done since the last call."""
        found = []
        for key, lease in self._held.items():
            if lease.tracker.base != lease.committed:
                lease.committed = lease.tracker.base
                found.append(self.commit_of(key, lease))
        return found

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        """What was last said to be done of these was not heard."""
        for topic, partition in partitions:
            if (lease := self._held.get(self.key(topic, partition))) is not None:
                lease.committed = NOWHERE

    def all_commits(self) -> list[Commit]:
        """Up to where every partition is done."""
        return [self.commit_of(key, lease) for key, lease in self._held.items()]

    def commit_of(self, key: Key, lease: Lease) -> Commit:
        """Up to where a partition is done."""
        return Commit(self._topics[key[0]], key[1], lease.tracker.base, lease.metadata())
