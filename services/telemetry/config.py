"""Settings of telemetry: `services.telemetry` of heliograph.yaml."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from pipeline.config import Config, HttpConfig, Section
from pipeline.connectors import Host
from pipeline.errors import ConfigError
from pipeline.secret import LITERAL, Secret


class TelemetryConfig(Section):
    """What telemetry keeps, and who may see it."""

    lag_interval_s: Annotated[float, Field(ge=0.2, le=60)] = 1.0
    host: Host | None = None
    """Where it serves; `http.host` without it."""
    port: Annotated[int, Field(ge=0, le=65535)] | None = None
    """`http.port` without it; 0 takes a free one."""
    token: Secret | None = None
    """Who brings it may write, and see numbers; without one nobody may."""
    view: Secret | None = None
    """A file, or `postgresql://...`; a file in `state_dir` without it."""
    view_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long a message stays in the view."""
    view_messages_max: Annotated[int, Field(ge=1000, le=1_000_000_000)] = 1_000_000
    """The eldest beyond it go."""
    handsets: Mapping[str, str] = {}
    """Sandboxes by name, at their HTTP addresses: the handsets one may play."""


def serving(config: Config, own: TelemetryConfig) -> HttpConfig:
    """Where telemetry serves. Raises ConfigError when that would let everybody in."""
    host = config.http.host if own.host is None else own.host
    port = config.http.port if own.port is None else own.port
    faults = []
    if own.token is not None and own.token.literal and not config.dev:
        faults.append(f"services.telemetry.token: {LITERAL}")
    if own.token is not None and not own.token.get_secret_value():
        faults.append("services.telemetry.token: is empty; leave it out, or give one")
    if own.token is None and not is_loopback(host):
        faults.append(
            f"services.telemetry.token: none is set, and {host} can be reached from elsewhere; set "
            "one, or services.telemetry.host to 127.0.0.1"
        )
    if faults:
        raise ConfigError(faults)
    return HttpConfig(host=host, port=port)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
