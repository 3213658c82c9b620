"""The fault table: each row breaks one thing and says what it reached; `heliograph chaos` plays it.

A row plays its fault under load and returns what may be held against it: how many segments it may
have doubled, and checks of its own. Whatever it is, afterwards every message has one outcome and
what `heliograph verify` judges holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from heliograph.chaos.stage import After, Stage
from pipeline.errors import HeliographError


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of a fault: the short form fits into `make test`."""

    name: str
    messages: int
    rate_per_s: float
    times: int  # faults of one kind in a row


SHORT = Scale("short", 600, 150, 2)
LONG = Scale("long", 20_000, 400, 20)


class Check(NamedTuple):
    """A figure of a row, and whether it is what was wanted."""

    figure: str
    holds: bool
    is_of_time: bool = False  # how long it took, or how much in a time: a busy machine can't tell


@dataclass(frozen=True, slots=True)
class Played:
    """What a row did: `checks` look at the evidence when all has come to rest."""

    figures: str = ""
    duplicates_max: int = 0
    checks: tuple[Callable[[After], Check], ...] = ()
    seen: tuple[Check, ...] = ()  # what only the row could see


Play = Callable[[Stage, Scale, Random], Played]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    name: str
    what: str
    wanted: str
    play: Play
    stage: Mapping[str, object] = field(default_factory=dict)  # it needs one of its own


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a row."""

    row: Row
    figures: str
    faults: tuple[str, ...]
    delays: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Nothing was lost, doubled or otherwise wrong, however long it took."""
        return not self.faults

    @property
    def is_reached(self) -> bool:
        """Nothing was other than wanted."""
        return not self.faults and not self.delays

    def __str__(self) -> str:
        verdict = "ok" if self.is_reached else "FAIL"
        line = f"{self.row.name:<8} {verdict:<4} {self.row.what}: {self.figures}"
        wrong = (f"    {what}" for what in (*self.faults, *self.delays))
        return "\n".join([f"{line} | wanted: {self.row.wanted}", *wrong])

    def document(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "row": self.row.name,
            "what": self.row.what,
            "wanted": self.row.wanted,
            "reached": self.is_reached,
            "figures": self.figures,
            "faults": self.faults,
            "delays": self.delays,
        }


def told(row: Row, stage: Stage, scale: Scale, seed: int) -> Told:
    """Play one row on a stage and judge it; what can't be judged is a fault."""
    try:
        return _judged(row, stage, scale, seed)
    except HeliographError as error:
        return Told(row, "not judged", (str(error),))


def _judged(row: Row, stage: Stage, scale: Scale, seed: int) -> Told:
    played = row.play(stage, scale, Random(f"{row.name} {seed}"))
    stage.settle()
    after = stage.judge(played.duplicates_max)
    checks = [*played.seen, *(check(after) for check in played.checks)]
    outcomes = ", ".join(f"{count:,} {name}" for name, count in sorted(after.outcomes.items()))
    figures = [
        f"lost {after.lost}, duplicated {after.duplicated} of at most {played.duplicates_max}",
        played.figures,
        *(check.figure for check in checks),
        outcomes,
    ]
    failed = [(f"not so: {check.figure}", check.is_of_time) for check in checks if not check.holds]
    faults = [fault for fault, is_of_time in failed if not is_of_time]
    delays = tuple(fault for fault, is_of_time in failed if is_of_time)
    if after.duplicated > played.duplicates_max:
        faults.append(f"{after.duplicated} duplicates")
    faults += [*after.verdict.faults, *stage.backlogged(after.evidence)]
    return Told(row, "; ".join(f for f in figures if f), tuple(faults), delays)


def named(rows: Iterable[Row], names: Iterable[str]) -> list[Row]:
    """The rows of these names, or all; raises KeyError for a name that none has."""
    by_name = {row.name.lower(): row for row in rows}
    wanted = [name.lower() for name in names]
    return list(by_name.values()) if "all" in wanted else [by_name[name] for name in wanted]
