"""Lines of each module of `smpp` that its own mirror test runs: `python -m tests.tidy.coverage`.

A line that only somebody else's test runs is a line whose test nobody finds.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]


def mirror_of(module: Path) -> Path:
    """Where the test of a module is."""
    name = f"test_{module.stem.strip('_')}.py"
    return ROOT / "tests" / module.relative_to(ROOT).parent / name


def percent(module: Path, test: Path, folder: Path) -> float:
    """Of the module's lines and branches, those its test runs."""
    report = folder / "report.json"
    name = str(module.relative_to(ROOT).with_suffix("")).replace("/", ".")
    options = ["--quiet", f"--cov={name}", "--cov-branch", f"--cov-report=json:{report}"]
    command = [sys.executable, "-m", "pytest", *options, str(test)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    return float(json.loads(report.read_text())["totals"]["percent_covered"])


def main() -> None:
    """Print a row a module; fail when one has no mirror."""
    missing = []
    with TemporaryDirectory() as folder:
        for module in sorted((ROOT / "smpp").rglob("*.py")):
            test = mirror_of(module)
            if not module.read_text(encoding="utf-8"):
                continue
            if test.exists():
                share = percent(module, test, Path(folder))
                sys.stdout.write(f"{module.relative_to(ROOT)!s:40} {share:6.1f} %\n")
                sys.stdout.flush()
            else:
                missing.append(str(module.relative_to(ROOT)))
    if missing:
        raise SystemExit(f"no mirror test: {', '.join(missing)}")


if __name__ == "__main__":
    main()
