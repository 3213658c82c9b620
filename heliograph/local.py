"""A whole pipeline on this machine: broker, topics, sandboxes and one process per replica."""

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from heliograph.launcher import Launcher, launcher
from pipeline.broker import broker, is_free
from pipeline.config import Config, load
from pipeline.kafka.admin import create_topics
from pipeline.process import catalog, registry

EXAMPLE = Path(str(files("examples").joinpath("heliograph.yaml")))
SINGLES = ("intake", "router", "correlator", "tracker", "scheduler", "telemetry")
BINDS_FOR_TWO_REPLICAS = 4
LOG_FOLDER = "log"
ROUTER = "router-0"
TOPIC = "topic"  # where routes may come from, instead of a file


@dataclass(frozen=True, slots=True)
class Running:
    """A pipeline that runs."""

    config: Config
    launcher: Launcher
    sandboxes: dict[str, str]  # name: base URL of its HTTP API

    @property
    def telemetry(self) -> str:
        """Base URL of the telemetry service."""
        return str(self.launcher.children["telemetry-0"].facts["http"])

    @property
    def awaited(self) -> str | None:
        """What somebody has to do before messages go anywhere, if there is anything."""
        if self.config.routes != TOPIC or self.launcher.children[ROUTER].is_ready():
            return None
        return "The router waits, not ready, for routes: heliograph routes publish FILE"


@contextmanager
def running(
    config_path: Path,
    folder: Path,
    *,
    kafka_port: int = 0,
    keep_ports: bool = False,
    await_routes: bool = True,
) -> Iterator[Running]:
    """Start everything `config_path` names, its sandboxes included; end it with the context.

    `folder` takes state and logs. With `keep_ports` sandboxes listen where the configuration says,
    if nobody else does; otherwise on free ports. Without `await_routes` a router that follows the
    topic of routes need not be ready: nobody may have published any yet.
    """
    with ExitStack() as stack:
        bootstrap = stack.enter_context(broker(port=kafka_port))
        env = {
            **_passwords(),
            "HELIOGRAPH__KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "HELIOGRAPH__STATE_DIR": str(folder / "state"),
        }
        os.environ.update(env)  # ours and, through it, every child's
        config = load(config_path)
        own = stack.enter_context(launcher(folder / LOG_FOLDER))
        unready = () if await_routes or config.routes != TOPIC else (ROUTER,)
        yield _start(config_path, config, own, keep_ports=keep_ports, unready=unready)


def _start(
    config_path: Path, config: Config, own: Launcher, *, keep_ports: bool, unready: Sequence[str]
) -> Running:
    where = ("--config", str(config_path))
    for name, sandbox in config.services.get("sandbox", {}).items():
        ports = [] if keep_ports and is_free(int(sandbox["port"])) else ["--free-ports"]
        own.start(f"sandbox-{name}", "sandbox", name, *where, *ports)
    topics = catalog(config)
    create_topics(config.kafka, topics)
    if schemas := registry(config):
        schemas.push(topics)
    own.wait_up()
    sandboxes = {}
    for name, sandbox in config.services.get("sandbox", {}).items():
        facts = own.children[f"sandbox-{name}"].facts
        for connector in _connectors_at(config, int(sandbox["port"])):
            variable = f"HELIOGRAPH__CONNECTORS__{connector.upper()}__HOSTS"
            os.environ[variable] = json.dumps([f"127.0.0.1:{facts['smpp_port']}"])
        sandboxes[name] = str(facts["http"])
    for service in SINGLES:
        own.start(f"{service}-0", service, *where, "--replica", f"{service}-0")
    for names in _binders(config):
        for number in range(2 if len(names) == 1 else 1):
            replica = f"binder-{names[0]}-{number}"
            served = [option for name in names for option in ("--connector", name)]
            own.start(replica, "binder", *where, "--replica", replica, *served)
    own.wait_up(unready=unready)
    return Running(config, own, sandboxes)


def _connectors_at(config: Config, port: int) -> list[str]:
    """Those that the configuration has at this port."""
    return [n for n, own in config.connectors.items() if own.addresses[0].port == port]


def _binders(config: Config) -> list[list[str]]:
    """The connectors of each kind of binder: a large one for itself, the small ones together."""
    large = {n for n, own in config.connectors.items() if own.binds >= BINDS_FOR_TWO_REPLICAS}
    small = [name for name in config.connectors if name not in large]
    return [[name] for name in config.connectors if name in large] + ([small] if small else [])


def _passwords() -> dict[str, str]:
    """Secrets the example names, made up where they are not set."""
    names = ("SLOW_PASSWORD", "FAST_PASSWORD", "TEST_PASSWORD")
    return {name: os.environ.get(name) or secrets.token_hex(4) for name in names}
