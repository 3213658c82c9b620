"""In what order the ways of a pool are tried: one row a strategy; pure.

The first that is up is taken. Weights are kept by hashing and not by counting, so that each replica
decides alike, a repeat goes the same way, and when one way is down the others share what was its
own by their weights (weighted rendezvous hashing).
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from math import log

from services.router.routes import Rule, Way

HASH_OCTETS = 8
ABOVE_ALL = 1 << 8 * HASH_OCTETS


def _as_written(pool: Sequence[Way], message_id: str, recipient: str) -> Sequence[Way]:
    return pool


def _weighted(pool: Sequence[Way], message_id: str, recipient: str) -> Sequence[Way]:
    return _by_hash(pool, message_id)


def _sticky(pool: Sequence[Way], message_id: str, recipient: str) -> Sequence[Way]:
    return _by_hash(pool, recipient)


def _cheapest(pool: Sequence[Way], message_id: str, recipient: str) -> Sequence[Way]:
    return sorted(pool, key=lambda way: (way.price is None, way.price))


STRATEGIES: Mapping[str, Callable[[Sequence[Way], str, str], Sequence[Way]]] = {
    "priority": _as_written,
    "weighted": _weighted,
    "sticky": _sticky,
    "cheapest": _cheapest,
}


def ordered(rule: Rule, message_id: str, recipient: str) -> Sequence[Way]:
    """The ways of a rule's pool, the one to take first."""
    if len(rule.pool) == 1:
        return rule.pool
    return STRATEGIES[rule.strategy](rule.pool, message_id, recipient)


def chosen(names: Sequence[str], recipient: str) -> str:
    """One of several names, the same one for a recipient as long as it is there."""
    return min(names, key=lambda name: _hash(name, recipient))


def _by_hash(pool: Sequence[Way], what: str) -> Sequence[Way]:
    def score(way: Way) -> float:
        return -log((_hash(way.connector, what) + 0.5) / ABOVE_ALL) / way.weight

    return sorted((way for way in pool if way.weight), key=score)


def _hash(name: str, what: str) -> int:
    octets = blake2b(f"{name}|{what}".encode(), digest_size=HASH_OCTETS).digest()
    return int.from_bytes(octets, "big")
