"""Fuzzing with atheris: `python -m tests.fuzz pdu --runs 1000000`, or every target without a name.

A target runs in a process of its own, with the same seed the same cases in the same order. What is
found lies in the target's corpus from then on, where `test_corpus` replays it. In the end the time
a target takes for each KiB of growing inputs is printed: it must not grow.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
RUNS = 100_000
INPUT_OCTETS_MAX = 4096
CASE_S_MAX = 10
MEMORY_MIB_MAX = 2048
PACE_KIB = (1, 4, 16, 64)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all without one")
    parser.add_argument("--runs", type=int, default=RUNS, help="cases for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        fuzz(asked.targets[0], asked.runs, asked.seed)
    from tests.fuzz.targets import TARGETS

    unknown = set(asked.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    failed = [
        name for name in asked.targets or TARGETS if not spawned(name, asked.runs, asked.seed)
    ]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "nothing found\n")
    return 1 if failed else 0


def spawned(name: str, runs: int, seed: int) -> bool:
    """Whether a target stood all its cases; libFuzzer ends its process, so it has one."""
    command = [sys.executable, "-m", "tests.fuzz", name, f"--runs={runs}", f"--seed={seed}"]
    begun = time.monotonic()
    done = subprocess.run([*command, "--here"], stderr=subprocess.PIPE, text=True, check=False)
    took_s = time.monotonic() - begun
    paced = done.stderr[-4000:] if done.returncode else pace(name)
    sys.stdout.write(f"{name:14} {runs:>10,} cases {runs / took_s:>8,.0f}/s   {paced}\n")
    sys.stdout.flush()
    return done.returncode == 0


def fuzz(name: str, runs: int, seed: int) -> None:
    """Fuzz one target in this process, which does not come back."""
    import atheris

    with atheris.instrument_imports(include=["smpp"]):
        from smpp import wire
        from tests.fuzz.targets import TARGETS
    for command_id, (record, read) in wire.READERS.items():  # compiled, so no import saw them
        wire.READERS[command_id] = record, atheris.instrument_func(read)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as grown:
        options = {
            "runs": runs,
            "seed": seed,
            "max_len": INPUT_OCTETS_MAX,
            "timeout": CASE_S_MAX,
            "rss_limit_mb": MEMORY_MIB_MAX,
            "artifact_prefix": f"{CORPUS / name}/",
        }
        flags = [f"-{option}={value}" for option, value in options.items()]
        atheris.Setup([name, *flags, grown, str(CORPUS / name)], TARGETS[name])
        atheris.Fuzz()


def pace(name: str) -> str:
    """Microseconds a KiB on inputs that grow, made of the corpus over and over: the worst seed."""
    from tests.fuzz.targets import TARGETS

    seeds = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    return "  ".join(
        f"{kib} KiB: {max(_took_s(TARGETS[name], seed, kib) for seed in seeds) / kib * 1e6:,.0f} us"
        for kib in PACE_KIB
    )


def _took_s(target, seed: bytes, kib: int) -> float:  # type: ignore[no-untyped-def]
    octets = (seed * (kib * 1024 // max(1, len(seed)) + 1))[: kib * 1024]
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        target(octets)
        took.append(time.perf_counter() - begun)
    return min(took)


sys.exit(main())
