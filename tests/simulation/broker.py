"""Kafka, as far as the binder leans on it: logs, commits with metadata, and who owns what."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Protocol

from pipeline.records import MtSubmit, MtSubmitted
from tests.simulation.clock import Clock

Key = tuple[bool, int]  # priority lane or not, partition
SESSION_S = 6.0


class Member(Protocol):
    """A process of the group."""

    def assigned(self, keys: list[Key]) -> None:
        """These are yours."""

    def revoke(self, keys: list[Key], then: Callable[[], None]) -> None:
        """Finish with these, commit, and call `then`."""

    def lost(self, keys: list[Key]) -> None:
        """These are somebody else's already."""


@dataclass
class Broker:
    """One connector's topics and its group. Writes of one process arrive in order."""

    clock: Clock
    dice: Random
    partitions: int
    submits: dict[Key, list[MtSubmit]] = field(default_factory=lambda: defaultdict(list))
    outputs: dict[int, list[MtSubmitted]] = field(default_factory=lambda: defaultdict(list))
    commits: dict[Key, tuple[int, str]] = field(default_factory=dict)
    owners: dict[Key, Member] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    moving: set[Key] = field(default_factory=set)

    def keys(self) -> list[Key]:
        """Every partition of both lanes."""
        return [(lane, p) for p in range(self.partitions) for lane in (True, False)]

    def commit(self, member: Member, key: Key, offset: int, metadata: str) -> bool:
        """A commit of a member; refused when the group does not know it any more."""
        if member not in self.members:
            return False
        before = self.commits.get(key, (0, ""))[0]
        assert offset >= before or self.owners.get(key) is not member, "a commit went back"
        self.commits[key] = (offset, metadata)
        return True

    def join(self, member: Member) -> None:
        """A process comes: partitions are shared anew."""
        self.members.append(member)
        self.clock.later(0.1, self.share)

    def leave(self, member: Member) -> None:
        """A process has left, having given everything back."""
        if member in self.members:
            self.members.remove(member)
        self._drop_owner(member)
        self.clock.later(0.1, self.share)

    def throw_out(self, member: Member) -> None:
        """Its session is over: it is not asked."""
        if member in self.members:
            self.leave(member)

    def share(self) -> None:
        """Give every partition, with its twin, to the member whose turn it is."""
        members = self.members
        if not members:
            return
        wanted = {key: members[key[1] * len(members) // self.partitions] for key in self.keys()}
        leaving: dict[int, list[Key]] = defaultdict(list)
        for key, member in wanted.items():
            owner = self.owners.get(key)
            if owner is None:
                self._give(key, member)
            elif owner is not member and key not in self.moving:
                leaving[members.index(owner)].append(key)
                self.moving.add(key)
        for index, keys in leaving.items():
            members[index].revoke(keys, partial(self._free, members[index], keys))

    def _give(self, key: Key, member: Member) -> None:
        twins = [twin for twin in self.keys() if twin[1] == key[1] and twin not in self.owners]
        for twin in twins:
            self.owners[twin] = member
        if twins:
            member.assigned(twins)

    def _free(self, member: Member, keys: list[Key]) -> None:
        self.moving -= set(keys)
        for key in keys:
            if self.owners.get(key) is member:
                del self.owners[key]
        self.share()

    def _drop_owner(self, member: Member) -> None:
        for key in [key for key, owner in self.owners.items() if owner is member]:
            del self.owners[key]
            self.moving.discard(key)
