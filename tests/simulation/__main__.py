"""Seeds by the thousand: python -m tests.simulation [binder] [handsets] [--first 0] [--seeds 10000]

`binder` plays what happens to segments, `handsets` what happens to receipts; both, if none is said.
"""

import argparse
import os
import sys
import time
from functools import partial
from multiprocessing import Pool

from tests.simulation import handsets, world

TOLD_MAX = 10
WORLDS = {"binder": world.World, "handsets": handsets.World}


def tell(line: str) -> None:
    """One line for whoever started it."""
    sys.stdout.write(line + "\n")


def played(what: str, seed: int) -> tuple[int, list[str]]:
    """One seed and what did not hold."""
    try:
        return seed, WORLDS[what](seed).play()
    except Exception as error:  # a bug is a finding too
        return seed, [f"{type(error).__name__}: {error}"]


def play(what: str, first: int, count: int) -> int:
    """All seeds of one world; how many failed."""
    began, failed = time.monotonic(), 0
    with Pool(os.cpu_count()) as pool:
        seeds = range(first, first + count)
        for seed, faults in pool.imap_unordered(partial(played, what), seeds, chunksize=20):
            failed += bool(faults)
            for fault in faults if failed <= TOLD_MAX else ():
                tell(f"seed {seed}: {fault}")
                tell(f"    python -m tests.simulation {what} --first {seed} --seeds 1")
    tell(f"{what}: {count:,} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    return failed


def main() -> None:
    """Play them all; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", metavar="|".join(WORLDS))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=10_000)
    asked = parser.parse_args()
    if unknown := set(asked.worlds) - WORLDS.keys():
        parser.error(f"no world {', '.join(unknown)}: there are {' and '.join(WORLDS)}")
    worlds = asked.worlds or list(WORLDS)
    sys.exit(sum(play(what, asked.first, asked.seeds) for what in worlds) > 0)


if __name__ == "__main__":
    main()
