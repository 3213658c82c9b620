"""A whole pipeline on this machine: broker, topics, sandboxes and one process per replica."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from heliograph.launcher import Child, Launcher, launcher
from pipeline.broker import broker, is_free
from pipeline.config import Config, load, section
from pipeline.kafka.admin import create_topics
from pipeline.process import catalog, registry
from services.telemetry.config import TelemetryConfig

EXAMPLE = Path(str(files("examples").joinpath("heliograph.yaml")))
SINGLES = ("intake", "router", "correlator", "tracker", "scheduler", "telemetry")
BINDS_FOR_TWO_REPLICAS = 4
LOG_FOLDER = "log"
OF_TELEMETRY = "HELIOGRAPH__SERVICES__TELEMETRY__"
TOKEN_VARIABLE = "TELEMETRY_TOKEN"  # noqa: S105 - its name
ROUTER = "router-0"
TOPIC = "topic"  # where routes may come from, instead of a file


@dataclass(frozen=True, slots=True)
class Running:
    """A pipeline that runs."""

    config: Config
    launcher: Launcher
    sandboxes: dict[str, str]  # name: base URL of its HTTP API
    token: str = ""  # of telemetry

    @property
    def telemetry(self) -> str:
        """Base URL of the telemetry service."""
        return str(self.launcher.children["telemetry-0"].facts["http"])

    @property
    def page(self) -> str:
        """URL of the live page; its token is in the fragment, which no browser sends."""
        return f"{self.telemetry}/#token={self.token}"

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
    token = _open_telemetry(config, sandboxes, keep_ports=keep_ports)
    for service in SINGLES:
        own.start(f"{service}-0", service, *where, "--replica", f"{service}-0")
    for names in _binders(config):
        for number in range(2 if len(names) == 1 else 1):
            replica = f"binder-{names[0]}-{number}"
            served = [option for name in names for option in ("--connector", name)]
            own.start(replica, "binder", *where, "--replica", replica, *served)
    own.wait_up(unready=unready)
    return Running(config, own, sandboxes, token)


def write_targets(path: Path, children: Mapping[str, Child]) -> None:
    """Say where every process serves /metrics, as Prometheus reads it by `file_sd_configs`.

    The file is replaced whole, and only when it says something else.
    """
    targets = [
        {
            "targets": [str(child.facts["http"]).removeprefix("http://")],
            "labels": {"service": name.split("-", 1)[0], "replica": name},
        }
        for name, child in children.items()
        if "http" in child.facts
    ]
    text = json.dumps(targets, indent=2) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _open_telemetry(config: Config, sandboxes: Mapping[str, str], *, keep_ports: bool) -> str:
    """Tell telemetry, by the environment, where to serve and whose handsets may be played.

    Returns its token, which is made up where the configuration has none.
    """
    own = section(config, "telemetry", TelemetryConfig)
    os.environ[f"{OF_TELEMETRY}HANDSETS"] = json.dumps(dict(sandboxes))
    if own.port and not (keep_ports and is_free(own.port)):
        os.environ[f"{OF_TELEMETRY}PORT"] = "0"
    if own.token is not None:
        return own.token.get_secret_value()
    token = secrets.token_urlsafe(16)
    os.environ[TOKEN_VARIABLE] = token
    os.environ[f"{OF_TELEMETRY}TOKEN"] = f"${{{TOKEN_VARIABLE}}}"
    return token


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
