"""Which way of a pool is taken by what is known of each: a table, the best first; pure."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.capacity import Capacity
from pipeline.ids import ConnectorId

URGENT = "priority"


class Load(NamedTuple):
    """What is known of one connector, for one message."""

    is_up: bool
    is_throttled: bool = False
    wait_s: float = 0.0
    """Until it would be sent; 0 where nobody knows."""
    is_full: bool = False
    """It is bulk, and has to wait for room there."""


PREFERENCES: tuple[Callable[[Load, float], bool], ...] = (  # of a message with so many seconds left
    lambda load, left_s: _serves(load, left_s) and not load.is_full and not load.is_throttled,
    lambda load, left_s: _serves(load, left_s) and not load.is_full,
    lambda load, left_s: _serves(load, left_s),
    lambda load, _left_s: load.is_up,
)


def loads(
    is_up: Callable[[ConnectorId], bool],
    capacity: Capacity,
    lane: str,
    has_room: Callable[[ConnectorId], bool],
) -> Callable[[ConnectorId], Load]:
    """What is known of a connector, for a message of a lane."""
    return lambda name: Load(
        is_up(name),
        capacity.is_throttled(name),
        capacity.wait_s(name, is_urgent=lane == URGENT),
        not has_room(name),
    )


def taken(
    pool: Sequence[ConnectorId], load_of: Callable[[ConnectorId], Load], left_s: float
) -> tuple[ConnectorId, Load]:
    """The first way by the first preference that any has, else the first: what is down may come
    back."""
    loads = [(name, load_of(name)) for name in pool]
    for holds in PREFERENCES:
        for name, load in loads:
            if holds(load, left_s):
                return name, load
    return loads[0]


def _serves(load: Load, left_s: float) -> bool:
    return load.is_up and load.wait_s <= left_s
