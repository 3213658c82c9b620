"""What carriers say they took, segment by segment, against what was told as accepted; pure.

A carrier's claim and an acceptance are one when connector and SMSC's id agree, and our own name of
the segment where the carrier has it; where it has not, the nearest in time that is no further away
than clocks may be. So a claim takes no acceptance of an id that was used again. What was written
near the end of a day or of the window is of the one in which we wrote it, whatever the carrier's
clock says.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from heliograph.reporting import CLOCKS_MS, Fold, Row, day_of

COLUMNS = ("connector", "day", "ours", "theirs", "lost_answers", "only_ours", "only_theirs")

Own = tuple[str, int]  # message_id and segment


class Claim(NamedTuple):
    """One segment a carrier says it took on an account, which one of `connectors` submits to.

    `own` is our name of it, where the carrier knows it, as a sandbox does.
    """

    connectors: tuple[str, ...]
    smsc_message_id: str
    at_ms: float
    own: Own | None = None


class Told(NamedTuple):
    """An acceptance: when it was written, and of which segment."""

    at_ms: int
    own: Own


class Reconciliation(NamedTuple):
    """Rows of COLUMNS: theirs are ours but for `only_ours`, and `lost_answers` and `only_theirs`.

    Of lost answers we know the segment, but had no answer for this write of it.
    """

    rows: list[Row]

    @property
    def is_equal(self) -> bool:
        """Whether every segment that one side has is known to the other."""
        return not any(only_ours or only_theirs for *_, only_ours, only_theirs in self.rows)


def reconcile(
    fold: Fold, claims: Iterable[Claim], zones: Mapping[str, ZoneInfo], connectors: Iterable[str]
) -> Reconciliation:
    """All that was noted of `connectors` against all their carriers' claims."""
    known, written = _told(fold, frozenset(connectors))
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def count(connector: str, at_ms: float, *columns: str) -> None:
        if fold.window.has(int(at_ms)):
            day = day_of(int(at_ms), zones.get(connector))
            counts[connector, day].update(columns)

    for claim in _named_first(claims):
        found = _taken(known, claim)
        if found is not None:
            count(*found, "ours", "theirs")
        else:
            is_ours = any((name, claim.own) in written for name in claim.connectors)
            why = "lost_answers" if is_ours else "only_theirs"
            count(claim.connectors[0], claim.at_ms, "theirs", why)
    for (connector, _), told in known.items():
        for one in told:
            count(connector, one.at_ms, "ours", "only_ours")
    rows = list[Row]()
    for key, of in sorted(counts.items()):
        rows.append((*key, *(of[column] for column in COLUMNS[2:])))
    return Reconciliation(rows)


def _named_first(claims: Iterable[Claim]) -> Iterator[Claim]:
    """The claims; those without our name of it get what no other is sure of."""
    unnamed = list[Claim]()
    for claim in claims:
        if claim.own is None:
            unnamed.append(claim)
        else:
            yield claim
    yield from unnamed


def _told(
    fold: Fold, connectors: frozenset[str]
) -> tuple[dict[tuple[str, str], list[Told]], set[tuple[str, Own | None]]]:
    """What we had by each id, by connector; and the segments each was given."""
    known: defaultdict[tuple[str, str], list[Told]] = defaultdict(list)
    written: set[tuple[str, Own | None]] = set()
    for message_id, number, way, segment in fold.all_written():
        if way.connector in connectors:
            own = (message_id, number)
            written.add((way.connector, own))
            for one in segment.accepted:
                told = Told(one.submitted_ms, own)
                known[way.connector, one.smsc_message_id or ""].append(told)
    for connector, message_id, number, one in fold.early:
        if connector in connectors:
            told = Told(one.submitted_ms, (message_id, number))
            known[connector, one.smsc_message_id or ""].append(told)
    return known, written


def _taken(known: dict[tuple[str, str], list[Told]], claim: Claim) -> tuple[str, int] | None:
    """The acceptance that is meant, which is taken out; its connector and when it was written."""
    for name in claim.connectors:
        told = known.get((name, claim.smsc_message_id), [])
        if meant := [one for one in told if _is_meant(claim, one)]:
            nearest = min(meant, key=lambda one: abs(one.at_ms - claim.at_ms))
            told.remove(nearest)
            return name, nearest.at_ms
    return None


def _is_meant(claim: Claim, told: Told) -> bool:
    if claim.own is not None:
        return told.own == claim.own
    return abs(told.at_ms - claim.at_ms) <= CLOCKS_MS
