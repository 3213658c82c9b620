"""Settings of one sandbox: `services.sandbox.<name>` of heliograph.yaml."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AnyUrl,
    BeforeValidator,
    Field,
    UrlConstraints,
    ValidationError,
    model_validator,
)

from pipeline.config import Config, Section, sentences
from pipeline.connectors import Host
from pipeline.errors import ConfigError
from pipeline.secret import LITERAL, Secret
from services.sandbox.answers import Limits

ListenPort = Annotated[int, Field(ge=0, le=65535)]
SystemId = Annotated[str, Field(min_length=1, max_length=15)]
BindType = Literal["transmitter", "receiver", "transceiver"]
Count = Annotated[int, Field(ge=0, le=100_000)]
ANY_NAME = "required"


class BindsAllowed(Section):
    """How many binds of an account at a time; any number where a limit is left out."""

    all: Count | None = None
    transmitter: Count | None = None
    receiver: Count | None = None
    transceiver: Count | None = None
    per_address: Count | None = None


class Elsewhere(Section):
    """An account of another sandbox."""

    url: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["http"], host_required=True)]
    """Its HTTP address."""
    account: SystemId


class AccountConfig(Section):
    """One ESME account; what is left out is not looked at."""

    password: Secret
    system_type: str | None = None
    address_range: str | None = None
    bind_types: tuple[BindType, ...] = ("transmitter", "receiver", "transceiver")
    binds: BindsAllowed = BindsAllowed()
    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """From where it may bind."""
    client_certificate: str | None = None
    """A name in the certificate it must show, on a TLS listener that asks for one; or ANY_NAME."""
    limits: Limits = Limits()
    """Its own, key by key instead of the scenario's."""
    deliver_to: SystemId | Elsewhere | None = None
    """Who gets its receipts and MO: another account of this sandbox, or of another one."""


def _account(written: Any) -> Any:
    return {"password": written} if isinstance(written, str) else written


class Tls(Section):
    """Certificate and key in PEM; with `client_ca` only those it signed may connect."""

    certificate: Path
    key: Path | None = None
    client_ca: Path | None = None
    min_version: Literal["1.2", "1.3"] = "1.2"


class Listener(Section):
    """One place to listen; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: ListenPort = 0
    tls: Tls | None = None


class SandboxConfig(Section):
    """One simulated SMSC; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: ListenPort = 2775
    http_port: ListenPort = 8775
    listen: tuple[Listener, ...] = ()
    """Several places, instead of `host` and `port`."""
    sessions_max: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Connections of one listener."""
    accounts: Annotated[
        dict[SystemId, Annotated[AccountConfig, BeforeValidator(_account)]], Field(min_length=1)
    ]
    """By system_id; a password alone is an account without limits."""
    lock_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Wrong passwords after which an account is closed for `lock_s`."""
    lock_s: Annotated[float, Field(gt=0, le=86_400)] = 600
    scenario: str = "fast"
    """A built-in one by name, or the path of a file (relative to where the process runs)."""
    seed: int = 1
    """The same seed, scenario and order of requests give the same behaviour."""
    ledger_max: Annotated[int, Field(ge=1, le=100_000_000)] = 1_000_000
    """Entries kept in each of the ledger's four journals."""
    ledger_file: Path | None = None
    """Where the whole ledger is written at the end, as JSON lines; what was there is replaced."""
    waiting_max: Annotated[int, Field(ge=1, le=10_000_000)] = 200_000
    """deliver_sm that wait for a bind or for room in its window, per account."""
    store_max: Annotated[int, Field(ge=1, le=10_000_000)] = 5_000
    """Messages that can be queried, cancelled and replaced."""
    handsets_max: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Numbers whose newest messages are kept, to be read and answered over HTTP; 0 keeps none."""
    distribution_lists: Mapping[str, tuple[str, ...]] = {}
    """Numbers by name, for submit_multi."""
    window: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Unanswered deliver_sm on one bind."""
    response_timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    """How long a deliver_sm waits for its answer."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it listens, one place at least."""
        return self.listen or (Listener(host=self.host, port=self.port),)

    @model_validator(mode="after")
    def _accounts_are_there(self) -> Self:
        for name, account in self.accounts.items():
            to = account.deliver_to
            if isinstance(to, str) and to not in self.accounts:
                raise ValueError(f"accounts.{name}.deliver_to: there is no account {to!r}")
        return self


def sandbox_config(config: Config, name: str) -> SandboxConfig:
    """The sandbox `name` of the configuration; raises ConfigError with every fault."""
    place = f"services.sandbox.{name}"
    sections = config.services.get("sandbox", {})
    if name not in sections:
        raise ConfigError([f"{place}: there is none; there are {', '.join(sections) or 'none'}"])
    try:
        found = SandboxConfig.model_validate(sections[name])
    except ValidationError as error:
        raise ConfigError([f"{place}.{fault}" for fault in sentences(error)]) from error
    literal = [name for name, account in found.accounts.items() if account.password.literal]
    if literal and not config.dev:
        raise ConfigError([f"{place}.accounts.{name}: {LITERAL}" for name in literal])
    return found
