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
    """Play the rows of these names, or all, and print a line each; whether all were reached."""
    try:
        rows = named(ROWS, names)
    except KeyError as error:
        known = ", ".join(row.name for row in ROWS)
        raise HeliographError(f"--scenario: no row {error}; there are {known}, and all") from error
    is_good = True
    for one in played(rows, seed, is_long=is_long):
        print(one, flush=True)
        if not one.is_reached:
            is_good = False
            form = " --long" if is_long else ""
            print(f"    again: heliograph chaos --scenario {one.row.name} --seed {seed}{form}")
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
