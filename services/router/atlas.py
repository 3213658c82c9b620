"""The networks that a configuration knows of, put together."""

from collections.abc import Callable
from pathlib import Path

from pipeline.config import Config, section
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.secret import LITERAL
from services.router.config import PortabilityConfig, RouterConfig
from services.router.networks import ByNumber, Network, Networks, Portability, code_of
from services.router.portability import HttpLookUp, HttpPortability
from services.router.prefixes import Prefixes
from services.router.routes import Known
from services.router.rows_file import rows_in


def networks_of(config: Config, count: Callable[[str], None] | None) -> Networks:
    """Numbers of the file, those that are looked up, and prefixes, in this order.

    `count` hears what becomes of each look-up; without it nothing is looked up. Raises ConfigError.
    """
    ports: list[Portability] = []
    if config.ported is not None:
        ports.append(ByNumber(read_networks(config.ported)))
    own = _look_up(config)
    if own is not None and count is not None:
        ports.append(HttpPortability(own, HttpLookUp(own), count))
    return Networks(ports, None if config.networks is None else read_networks(config.networks))


def knows_networks(config: Config) -> bool:
    """Whether there is anybody to ask. Raises ConfigError."""
    return (config.networks, config.ported, _look_up(config)) != (None, None, None)


def known(config: Config) -> Known:
    """What routes may name by this configuration. Raises ConfigError."""
    connectors = {ConnectorId(name) for name in config.connectors}
    return Known(connectors, knows_networks(config), config.profile_names)


def _look_up(config: Config) -> PortabilityConfig | None:
    own = section(config, "router", RouterConfig).portability
    headers = {} if own is None or config.dev else own.headers
    literal = [name for name, value in headers.items() if value.literal]
    if literal:
        place = "services.router.portability.headers"
        raise ConfigError([f"{place}.{name}: {LITERAL}" for name in literal])
    return own


def read_networks(path: Path) -> Prefixes[Network]:
    """A table of prefixes or numbers: digits,network[,name]. Raises ConfigError."""
    names: dict[str, Network] = {}

    def read(cells: list[str]) -> Network:
        if len(cells) not in (1, 2):
            raise ValueError("must be digits,network or digits,network,name")
        code = code_of(cells[0])
        name = cells[1] if len(cells) == 2 else ""
        return names.setdefault(f"{code} {name}", Network(code, name))

    return rows_in(path, read)
