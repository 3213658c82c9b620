"""Seeds by the thousand: python -m tests.simulation [--first 0] [--seeds 10000]"""

import argparse
import os
import sys
import time
from multiprocessing import Pool

from tests.simulation.world import World

TOLD_MAX = 10


def tell(line: str) -> None:
    """One line for whoever started it."""
    sys.stdout.write(line + "\n")


def played(seed: int) -> tuple[int, list[str]]:
    """One seed and what did not hold."""
    try:
        return seed, World(seed).play()
    except Exception as error:  # a bug is a finding too
        return seed, [f"{type(error).__name__}: {error}"]


def main() -> None:
    """Play them all; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=10_000)
    asked = parser.parse_args()
    began, failed = time.monotonic(), 0
    seeds = range(asked.first, asked.first + asked.seeds)
    with Pool(os.cpu_count()) as pool:
        for seed, faults in pool.imap_unordered(played, seeds, chunksize=20):
            failed += bool(faults)
            for fault in faults if failed <= TOLD_MAX else ():
                tell(f"seed {seed}: {fault}")
                tell(f"    python -m tests.simulation --first {seed} --seeds 1")
    tell(f"{asked.seeds:,} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
