"""In what order the ways of a pool are tried: one row a strategy; pure.

The first that is up is taken. Weights are kept by hashing and not by counting, so that each replica
decides alike, a repeat goes the same way, and when one way is down the others share what was its
own by their weights (weighted rendezvous hashing).

By quality the best that is known goes first, but for a share of the messages, again by hashing:
they go elsewhere, or else nobody would ever know of the others. Ways of which nothing is known come
before all others there, and are never taken for the best: one without receipts would be for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from math import log
from typing import NamedTuple

from pipeline.ids import ConnectorId
from services.router.routes import Rule, Way

HASH_OCTETS = 8
ABOVE_ALL = 1 << 8 * HASH_OCTETS
DEAR = Decimal("Infinity")  # what has no price comes last


class Grade(NamedTuple):
    """How a way has done lately: of so many segments that ended so many were delivered."""

    ended: int
    delivered: int
    median_ms: int

    @property
    def share(self) -> float:
        """Of segments the part that arrives; by few of them, as if one more had and one had not."""
        return (self.delivered + 1) / (self.ended + 2)

    @property
    def rank(self) -> tuple[float, int]:
        """The better the less: by percent delivered, then by how fast."""
        return (-round(self.share, 2), self.median_ms)


GradeOf = Callable[[ConnectorId, str], Grade | None]
"""Of a connector, for recipients like this one."""
GradeTo = Callable[[str], Grade | None]
"""Of all connectors together, for recipients like this one."""


def ungraded(_connector: ConnectorId, _recipient: str) -> Grade | None:
    """Nothing is known."""
    return None


def ungraded_to(_recipient: str) -> Grade | None:
    """Nothing is known."""
    return None


class Asked(NamedTuple):
    """For what an order is asked."""

    message_id: str
    recipient: str
    grade_of: GradeOf = ungraded
    explore_share: float = 0.0


def _as_written(pool: Sequence[Way], asked: Asked) -> Sequence[Way]:
    return pool


def _weighted(pool: Sequence[Way], asked: Asked) -> Sequence[Way]:
    return _by_hash(pool, asked.message_id)


def _sticky(pool: Sequence[Way], asked: Asked) -> Sequence[Way]:
    return _by_hash(pool, asked.recipient)


def _cheapest(pool: Sequence[Way], asked: Asked) -> Sequence[Way]:
    def price(way: Way) -> Decimal:
        found = way.price_to(asked.recipient)
        return DEAR if found is None else found

    return sorted(pool, key=price)


def _best(pool: Sequence[Way], asked: Asked) -> Sequence[Way]:
    by_hash = _by_hash(pool, asked.message_id)
    graded = [(way, asked.grade_of(way.connector, asked.recipient)) for way in by_hash]
    unknown = [way for way, grade in graded if grade is None]
    ranked = sorted((g.rank, place) for place, (_, g) in enumerate(graded) if g is not None)
    known = [by_hash[place] for _, place in ranked]
    explores = _hash("explore", asked.message_id) < asked.explore_share * ABOVE_ALL
    others = unknown or [by_hash[place] for place in sorted(place for _, place in ranked[1:])]
    if not (known and explores and others):
        return [*known, *unknown]
    return [others[0], *(way for way in (*known, *unknown) if way is not others[0])]


STRATEGIES: Mapping[str, Callable[[Sequence[Way], Asked], Sequence[Way]]] = {
    "priority": _as_written,
    "weighted": _weighted,
    "sticky": _sticky,
    "cheapest": _cheapest,
    "quality": _best,
}
BY_WEIGHT = ("weighted", "sticky", "quality")
"""Those that ways without a weight have no part in."""


def ordered(
    rule: Rule, message_id: str, recipient: str, grade_of: GradeOf = ungraded
) -> Sequence[Way]:
    """The ways of a rule's pool, the one to take first; `grade_of` says how they have done."""
    if len(rule.pool) == 1:
        return rule.pool
    asked = Asked(message_id, recipient, grade_of, rule.explore_share)
    return STRATEGIES[rule.strategy](rule.pool, asked)


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
