"""All rows of the fault table, and their playing."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby

from heliograph.chaos import (
    carrier,
    inbound,
    kafka,
    keepers,
    policies,
    processes,
    receipts,
    scenes,
    stops,
)
from heliograph.chaos.rows import LONG, SHORT, Row, Told, named, told
from heliograph.chaos.stage import stage
from heliograph.saying import say
from pipeline.errors import HeliographError

ROWS = (
    *processes.ROWS,
    *kafka.ROWS,
    *carrier.ROWS,
    *receipts.ROWS,
    *inbound.ROWS,
    *keepers.ROWS,
    *scenes.ROWS,
    *policies.ROWS,
    *stops.ROWS,
)


def play(names: Sequence[str], seed: int, *, is_long: bool) -> bool:
    """Play the rows of these names, or all, and say what came of each; whether all were reached."""
    try:
        rows = named(ROWS, names)
    except KeyError as error:
        known = ", ".join(row.name for row in ROWS)
        raise HeliographError(f"--scenario: no row {error}; there are {known}, and all") from error
    is_good = True
    for one in played(rows, seed, is_long=is_long):
        is_good = is_good and one.is_reached
        form = " --long" if is_long else ""
        again = f"heliograph chaos --scenario {one.row.name} --seed {seed}{form}"
        lines = [one] if one.is_reached else [one, f"    again: {again}"]
        say(lines, one.document() | {"again": again})
    return is_good


def played(rows: Iterable[Row], seed: int, *, is_long: bool) -> Iterator[Told]:
    """Each row in turn. Rows share a pipeline, unless one needs it otherwise or has broken it; in
    the long form each has its own."""
    scale = LONG if is_long else SHORT
    for settings, alike in groupby(rows, key=lambda row: row.stage):
        with ExitStack() as stack:
            own = None
            for row in alike:
                if own is None:
                    try:
                        own = stack.enter_context(stage(**settings))
                    except HeliographError as error:
                        yield Told(row, "not played", (str(error),))
                        stack.close()
                        continue
                one = told(row, own, scale, seed)
                yield one
                if is_long or not one.is_reached:
                    stack.close()
                    own = None
