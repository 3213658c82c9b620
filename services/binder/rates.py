"""Whose rate it is: an account's (`pacing`), each session's (`sessions`), or a group's (`groups`).

An account's and a group's partitions own equal parts of it, which a process pools; a session's
belongs to its bind.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from pipeline.config import Config
from pipeline.ids import ConnectorId
from services.binder.groups import Group
from services.binder.pacing import Pacer
from services.binder.sessions import Sessions


class Rate(Protocol):
    """What a connector may write, by time and bind. Times are monotonic seconds."""

    @property
    def rate_per_s(self) -> float:
        """The rate in force: what is ours, less where the SMSC takes less."""

    @property
    def owned_per_s(self) -> float:
        """What the contract gives us of it."""

    def own(self, share: float, now: float, binds: Collection[int], /) -> None:
        """`share` (0..1) of the account's partitions is ours from `now` on: those of `binds`."""

    def room(self, now: float, rooms: dict[int, int], /) -> int:
        """How many segments may be written now; may cut `rooms`, the room of each bind."""

    def spend(self, segments: int, bind: int, /) -> None:
        """So many of them were."""

    def wait_s(self, now: float, binds: Sequence[int], /) -> float:
        """Seconds until there is room on one of `binds`; asked while something waits for it."""

    def passed(self, bind: int, /) -> None:
        """An answer that was no complaint of the rate."""

    def throttled(self, bind: int, /) -> None:
        """An answer that was."""

    def hold(self, seconds: float, now: float, bind: int, /) -> None:
        """Write nothing for a while."""


class Rates:
    """The rates of all connectors in this process."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._groups: dict[str, Group] = {}

    def of(self, name: ConnectorId) -> Rate:
        """The rate of a connector; asked once of each."""
        own = self._config.connectors[name]
        headroom = self._config.profile(name).rate_headroom
        if own.rate_group is not None:
            return self._group(own.rate_group).join()
        if own.rate_scope == "session":
            return Sessions(own.rate_per_s / own.binds, headroom)
        return Pacer(own.rate_per_s, headroom)

    def _group(self, name: str) -> Group:
        if name not in self._groups:
            connectors = self._config.connectors.items()
            shared = {ConnectorId(n): own for n, own in connectors if own.rate_group == name}
            self._groups[name] = Group(
                self._config.rate_groups[name].rate_per_s,
                max(self._config.profile(connector).rate_headroom for connector in shared),
                sum(own.binds for own in shared.values()),
            )
        return self._groups[name]
