"""Whose rate it is: an account's (`pacing`), each session's (`sessions`), or a group's (`groups`).

An account's and a group's partitions own equal parts of it, which a process pools; a session's
belongs to its bind.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from pipeline.config import Config
from pipeline.connectors import ConnectorConfig
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


class Contract(NamedTuple):
    """What decides the rate of one connector: another one is another rate, its bucket empty."""

    scope: str  # account, session, or the name of a group
    rate_per_s: float
    headroom: float
    partitions: int


def contract_of(config: Config, name: ConnectorId, account: ConnectorConfig) -> Contract:
    """That of a connector; `account` is its generation's."""
    group = account.rate_group
    if group is None:
        headroom = config.profile(name).rate_headroom
        return Contract(account.rate_scope, account.rate_per_s, headroom, account.binds)
    shared = {n: own for n, own in config.connectors.items() if own.rate_group == group}
    return Contract(
        group,
        config.rate_groups[group].rate_per_s,
        max(config.profile(ConnectorId(other)).rate_headroom for other in shared),
        sum(own.binds for own in shared.values()),
    )


class Rates:
    """The rates of all connectors in this process."""

    def __init__(self) -> None:
        self._groups: dict[Contract, Group] = {}

    def of(self, contract: Contract) -> Rate:
        """The rate by a contract; asked once by each connector."""
        if contract.scope == "session":
            return Sessions(contract.rate_per_s / contract.partitions, contract.headroom)
        if contract.scope == "account":
            return Pacer(contract.rate_per_s, contract.headroom)
        if contract not in self._groups:
            self._groups = (
                {  # of a group's former contracts none is left
                    other: group
                    for other, group in self._groups.items()
                    if other.scope != contract.scope
                }
                | {contract: Group(*contract[1:])}
            )
        return self._groups[contract].join()
