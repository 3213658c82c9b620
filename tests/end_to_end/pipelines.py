"""A whole pipeline as `heliograph up` starts it, by a configuration that is the example's but for
what a test needs otherwise."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from heliograph.local import EXAMPLE
from tests.end_to_end.conftest import in_foreground

DEADLINE_S = 60
TO_SLOW = """
version: "1"
rules:
  - {name: all, prefix: "", connectors: [slow]}
"""


class Pipeline(NamedTuple):
    """One that runs: its broker, its configuration, its carriers' HTTP by connector."""

    bootstrap: str
    config: Path
    carriers: dict[str, str]

    @property
    def ledgers(self) -> list[str]:
        """Options of commands that compare with them."""
        return [part for n, url in self.carriers.items() for part in ("--ledger", f"{n}={url}")]


@contextmanager
def running(
    folder: Path,
    scenarios: Mapping[str, str],
    *,
    routes: str = "",
    change: Callable[[Any], None] = lambda config: None,
) -> Iterator[Pipeline]:
    """Run it while the context lasts, in `folder`: sandboxes play these scenarios; without
    `routes`, those of the example; `change` is given the configuration as a document."""
    config = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    for name, scenario in scenarios.items():
        file = folder / f"carrier_{name}.yaml"
        file.write_text(scenario, encoding="utf-8")
        config["services"]["sandbox"][name]["scenario"] = str(file)
    routes = routes or EXAMPLE.with_name("routes.yaml").read_text(encoding="utf-8")
    (folder / "routes.yaml").write_text(routes, encoding="utf-8")
    change(config)
    own = folder / "heliograph.yaml"
    own.write_text(yaml.safe_dump(config), encoding="utf-8")
    with in_foreground("up", "--config", str(own), "--json") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "it has ended; why is on standard error"
        told = json.loads(line)
        carriers = {name: told["processes"][f"sandbox-{name}"]["http"] for name in ("slow", "fast")}
        yield Pipeline(told["kafka"], own, carriers)
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE_S)


def heliograph(bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, about the pipeline at this broker."""
    environ = {**os.environ, "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap}
    command = [sys.executable, "-m", "heliograph", *arguments]
    return subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=2 * DEADLINE_S, check=False
    )
