"""How the receipts of each connector find their segments, as the correlators have told; pure."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from pipeline.ids import ConnectorId
from pipeline.records import ConnectorReceipts
from services.correlator.counting import DECIDED_MIN, is_too_much

HEAD = ("connector", "receipts", "joined", "orphans", "by profile", "by traffic", "verdict")
WANTED: dict[str, tuple[tuple[str, str], ...]] = {  # what is learnt: profiles that say so
    "same": (("any", "any"), ("opaque", "opaque"), ("decimal",) * 2, ("hexadecimal",) * 2),
    "case": (("any", "any"), ("hexadecimal", "hexadecimal")),
    "zeros": (("any", "any"), ("decimal", "decimal"), ("hexadecimal", "hexadecimal")),
    "hexadecimal_to_decimal": (("hexadecimal", "decimal"), ("any", "any")),
    "decimal_to_hexadecimal": (("decimal", "hexadecimal"), ("any", "any")),
}


class Line(NamedTuple):
    """What is told of one connector."""

    connector: ConnectorId
    receipts: int
    joined: int
    orphans: int
    by_profile: str
    by_traffic: str
    verdict: str


def lines(
    rows: Iterable[ConnectorReceipts], since_ms: int, by_id: Collection[str] = ()
) -> list[Line]:
    """A line for each connector, of its windows that ended after `since_ms`; of one that has none,
    of its last. `by_id` are connectors whose profile may not say `any`."""
    of: dict[ConnectorId, dict[tuple[str, int], ConnectorReceipts]] = {}
    for row in rows:
        of.setdefault(row.connector, {})[row.replica, row.begin_ms] = row
    found = []
    for name in sorted(of):
        windows = sorted(of[name].values(), key=lambda row: row.end_ms)
        recent = [row for row in windows if row.end_ms > since_ms] or windows[-1:]
        found.append(_line(recent, name in by_id))
    return found


def table(found: Iterable[Line]) -> list[str]:
    """The lines as a table, in columns."""
    rows = [HEAD, *(tuple(str(field) for field in line) for line in found)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD) - 1)]
    return [
        "  ".join(
            [*(f"{text:<{width}}" for text, width in zip(row, widths, strict=False)), row[-1]]
        )
        for row in rows
    ]


def _line(rows: list[ConnectorReceipts], is_by_id: bool) -> Line:
    last = rows[-1]
    sums: Counter[str] = Counter()
    for row in rows:
        sums["joined"] += sum(row.joined.values())
        for name in ("receipts", "orphans", "repaired", "mismatches", "collisions", "foreign"):
            sums[name] += getattr(row, name)
    declared = (last.id_in_response, last.id_in_receipt)
    learnt = next((row.learnt for row in reversed(rows) if row.learnt), None)
    return Line(
        connector=last.connector,
        receipts=sums["receipts"],
        joined=sums["joined"],
        orphans=sums["orphans"],
        by_profile=declared[0] if declared[0] == declared[1] else " -> ".join(declared),
        by_traffic=(learnt or "not known yet").replace("_", " "),
        verdict=_verdict(sums, declared, learnt, is_by_id),
    )


def _verdict(
    sums: Counter[str], declared: tuple[str, str], learnt: str | None, is_by_id: bool
) -> str:
    """The first thing that somebody must know."""
    wanted = WANTED.get(learnt or "", (declared,))
    if learnt is not None and learnt.startswith("affix"):
        return "ids have something before or behind them: joined by what they share"
    if declared not in wanted:
        response, receipt = next(p for p in wanted if not is_by_id or "any" not in p)
        return f"write id_in_response: {response}, id_in_receipt: {receipt} into its profile"
    decided = sums["orphans"] + sums["joined"]
    if is_too_much(sums["orphans"], decided):
        share = sums["orphans"] / decided
        return f"{share:.1%} find no segment: compare the profile with what the carrier sends"
    if sums["mismatches"]:
        return f"{sums['mismatches']} ids were written otherwise than the profile says"
    if sums["collisions"]:
        return f"good; {sums['collisions']} ids were those of several segments"
    if decided < DECIDED_MIN:
        return "too few to judge"
    return "good"
