"""The one configuration, `heliograph.yaml`: read, overridden by the environment, checked whole.

`load` reports every fault at once, each with its place. A setting is overridden by
`HELIOGRAPH__SECTION__KEY`; a misspelt one is a fault, in the file and in the environment alike.
Secrets come as `${VARIABLE}` or `file:PATH` and never show in `repr` or `--print-config`; a secret
written out in the file is refused unless `dev: true`.
"""

import os
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, TypeVar

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.profiles import ProfileConfig as ProfileConfig
from pipeline.profiles import find, shipped
from pipeline.quiet_hours import Country, QuietHours
from pipeline.sections import Section as Section
from pipeline.sections import sentences as sentences

ENV_PREFIX = "HELIOGRAPH__"
DEFAULT_PROFILE = "default"

_NEED_SECRETS = ContextVar("_NEED_SECRETS", default=True)
LITERAL = "a secret may not stand in the file; write ${VARIABLE} or file:PATH"


class SecretText(SecretStr):
    """A secret and whether it stood in the file itself."""

    literal = False


def _secret(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith("${") and value.endswith("}"):
        name = value[2:-1]
        if name in os.environ:
            return SecretText(os.environ[name])
        return _missing(f"environment variable {name} is not set; set it or use file:PATH")
    if value.startswith("file:"):
        try:
            return SecretText(Path(value[5:]).read_text(encoding="utf-8").rstrip("\n"))
        except OSError as error:
            return _missing(f"cannot read {value[5:]}: {error.strerror}")
    secret = SecretText(value)
    secret.literal = True
    return secret


def _missing(why: str) -> SecretText:
    if _NEED_SECRETS.get():
        raise ValueError(why)
    return SecretText("")


PASSWORD_OCTETS_MAX = 8  # SMPP 3.4 section 4.1.1, the NUL not counted


def _fits_a_bind(secret: SecretText) -> SecretText:
    text = secret.get_secret_value()
    if not text.isascii() or len(text) > PASSWORD_OCTETS_MAX:
        raise ValueError(f"a password of SMPP is ASCII of at most {PASSWORD_OCTETS_MAX} characters")
    return secret


Secret = Annotated[SecretText, BeforeValidator(_secret)]
Password = Annotated[Secret, AfterValidator(_fits_a_bind)]
Host = Annotated[str, Field(min_length=1)]
SMPP_PORT = 2775


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int


def _address(written: str) -> Address:
    found = re.fullmatch(r"(?:\[([^\]\s]+)\]|([^:\[\]\s]+))(?::(\d{1,5}))?", written)
    port = int(found[3] or SMPP_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise ValueError(f"{written!r} is no host, host:port or [IPv6 address]:port")
    return Address(found[1] or found[2], port)


def _is_address(written: str) -> str:
    _address(written)
    return written


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str) else written


Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_is_address)], ...],
    Field(min_length=1),
    BeforeValidator(_several),
]


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        if _NEED_SECRETS.get():
            raise ValueError(f"cannot read {path}: {error.strerror}") from error
        return path


ReadablePath = Annotated[Path, AfterValidator(_readable)]  # or else who needs secrets is told


S = TypeVar("S", bound=Section)


class KafkaConfig(Section):
    """How to reach the cluster."""

    bootstrap_servers: Annotated[str, Field(min_length=1)] = "127.0.0.1:9092"
    schema_registry_url: str | None = None
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1
    librdkafka: Mapping[str, str | int | float | bool] = {}
    """Passed through to every client: SASL, TLS and the like, by librdkafka's own names."""


class HttpConfig(Section):
    """Where every process serves /metrics, /livez and /readyz; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0


class TlsConfig(Section):
    """TLS to an SMSC: 1.2 or newer, its certificate and name are verified. Files are PEM."""

    ca_file: ReadablePath | None = None
    """Who may have signed its certificate; the system's authorities if unset."""
    certificate_file: ReadablePath | None = None
    """Ours, for an SMSC that wants to see one; it may hold the key too."""
    key_file: ReadablePath | None = None
    key_password: Secret | None = None
    server_name: str | None = None
    """The name in the SMSC's certificate, where it is not the host."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("key_file: of no use without certificate_file")
        return self


class ReceiverConfig(Section):
    """Binds that only receive; what is left out is as the connector has it."""

    binds: Annotated[int, Field(ge=1, le=64)] = 1
    """Receiver r is leased with partition r, so never more than the connector's own binds."""
    hosts: Hosts | None = None
    system_id: Annotated[str, Field(min_length=1, max_length=15)] | None = None
    password: Password | None = None


class ConnectorConfig(Section):
    """One SMPP account of ours at a carrier."""

    profile: str = DEFAULT_PROFILE
    hosts: Hosts
    """One or several `host` or `host:port`: each attempt to bind is the next one's turn."""
    local_address: Host | None = None
    """Of ours, to connect from, for carriers that let in only one."""
    tls: TlsConfig | None = None
    system_id: Annotated[str, Field(min_length=1, max_length=15)]
    password: Password
    system_type: Annotated[str, Field(max_length=12)] = ""
    bind_type: Literal["transceiver", "transmitter"] = "transceiver"
    receiver: ReceiverConfig | None = None
    """For accounts whose receipts and MO come on binds of their own."""
    binds: Annotated[int, Field(ge=1, le=64)] = 1
    """Submitting binds the account allows: the partitions of this generation's submit topics."""
    generation: Annotated[int, Field(ge=1, le=1000)] = 1
    """One more with every change of `binds`; the binder's page says how."""
    window: Annotated[int, Field(ge=1, le=1000)] = 10
    """Unanswered requests allowed on one bind."""
    rate_per_s: Annotated[float, Field(gt=0, le=100_000)]
    """Segments per second of the whole account, by contract."""
    enquire_link_s: Annotated[float, Field(ge=1, le=600)] = 60
    response_timeout_s: Annotated[float, Field(ge=1, le=600)] = 120
    sandbox: bool = False
    """For test tenants, and for nobody else."""
    rate_scope: Literal["account", "session", "group"] = "account"
    """Whose rate it is: of all binds together, an equal part each bind's own, or a group's."""
    rate_group: str | None = None
    """With scope group: the one of `rate_groups` whose rate this account shares with others."""
    key: Literal["recipient", "sender"] = "recipient"
    """What of a message decides its partition: everything of one is one process's."""
    sender_rate_per_s: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Segments per second of each sender, by contract; needs key: sender."""
    sender_rates: Mapping[str, Annotated[float, Field(gt=0, le=100_000)]] = {}
    """The same of senders that have another one, by source_addr."""
    strict_order: bool = False
    """One segment in flight per recipient: the next one waits for the outcome of the one before."""

    @property
    def generations(self) -> range:
        """Those there may be topics of, the newest last."""
        return range(1, self.generation + 1)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The hosts and their ports."""
        return tuple(_address(written) for written in self.hosts)

    def secrets(self) -> dict[str, SecretText]:
        """Every secret of it, by its place."""
        found = {"password": self.password}
        if self.receiver is not None and self.receiver.password is not None:
            found["receiver.password"] = self.receiver.password
        if self.tls is not None and self.tls.key_password is not None:
            found["tls.key_password"] = self.tls.key_password
        return found


class RateGroupConfig(Section):
    """What several connectors may send together."""

    rate_per_s: Annotated[float, Field(gt=0, le=100_000)]
    """Segments per second of all of them, by contract; their own `rate_per_s` counts for nothing.
    """


class TenantConfig(Section):
    """One customer of the gateway."""

    senders: Sequence[str] = []
    """Allowed senders; the first is the default one."""
    country: Country | None = None
    """ISO 3166 code for numbers without a country code."""
    countries: Sequence[Country] = []
    """Where it may send to; anywhere without any."""
    requires_consent: bool = False
    """Promotional messages only to who has opted in."""
    validity_s: Annotated[int, Field(ge=1, le=7 * 86400)] = 86400
    requests_per_s: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Above it what is not urgent waits at intake; None for any number."""
    test: bool = False
    """Sends to sandbox connectors only; nothing is billed, reports are kept apart."""


class Config(BaseSettings):
    """All of `heliograph.yaml`. Sections of single services are checked by the service."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENV_PREFIX, env_nested_delimiter="__"
    )

    dev: bool = False
    """Allows secrets in the file: for one's own machine only."""
    kafka: KafkaConfig = KafkaConfig()
    http: HttpConfig = HttpConfig()
    state_dir: Path = Path("state")
    routes: Path = Path("routes.yaml")
    networks: Path | None = None
    """CSV of prefix,network[,name]: the network a number belongs to, MCC and MNC."""
    ported: Path | None = None
    """The same of whole numbers, those that were taken along to another network."""
    profiles: dict[str, ProfileConfig] = {}
    connectors: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")], ConnectorConfig] = {}
    tenants: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")], TenantConfig] = {
        "default": TenantConfig()
    }
    rate_groups: dict[str, RateGroupConfig] = {}
    quiet_hours: dict[Country, QuietHours] = {}
    services: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        faults = []
        for name, connector in self.connectors.items():
            profiles = {DEFAULT_PROFILE, *self.profiles, *shipped()}
            if connector.profile not in profiles:
                faults.append(
                    f"connectors.{name}.profile: no profile {connector.profile!r}; write it under"
                    f" profiles, or take one of {', '.join(sorted(profiles))}"
                )
            if (connector.rate_scope == "group") is not (connector.rate_group in self.rate_groups):
                known = ", ".join(self.rate_groups) or "none"
                faults.append(
                    f"connectors.{name}.rate_group: scope group goes with one of `rate_groups`"
                    f" ({known}), any other scope with none; not {connector.rate_group!r}"
                )
            if connector.key != "sender" and (
                connector.sender_rate_per_s is not None or connector.sender_rates
            ):
                faults.append(f"connectors.{name}: a rate per sender needs key: sender")
            if connector.key != "recipient" and connector.strict_order:
                faults.append(f"connectors.{name}.strict_order: needs key: recipient")
            if connector.receiver and connector.receiver.binds > connector.binds:
                faults.append(
                    f"connectors.{name}.receiver.binds: more than connectors.{name}.binds"
                )
            if not self.dev:
                literal = [place for place, own in connector.secrets().items() if own.literal]
                faults.extend(f"connectors.{name}.{place}: {LITERAL}" for place in literal)
        tests = [name for name, tenant in self.tenants.items() if tenant.test]
        if tests and not any(connector.sandbox for connector in self.connectors.values()):
            faults.append(f"tenants.{tests[0]}.test: needs a connector with sandbox: true")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        return env_settings, init_settings

    def profile(self, connector: ConnectorId) -> ProfileConfig:
        """The profile of a connector: from the file, or else one that comes with the package."""
        name = self.connectors[connector].profile
        own = self.profiles.get(name)
        if own is not None:
            return own
        return ProfileConfig() if name == DEFAULT_PROFILE else find(name)


def load(path: Path, *, with_secrets: bool = True) -> Config:
    """Read `path`, apply the environment, check all of it; raises ConfigError with every fault.

    Without `with_secrets` those may be missing: for commands that only speak to Kafka.
    """
    faults = _unknown_variables(os.environ)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}", *faults]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: is not YAML: {error}", *faults]) from error
    if raw is not None and not isinstance(raw, dict):
        raise ConfigError([f"{path}: must be a mapping of sections, not a {type(raw).__name__}"])
    token = _NEED_SECRETS.set(with_secrets)
    try:
        config = Config(**(raw or {}))
    except ValidationError as error:
        raise ConfigError([*(f"{path}: {fault}" for fault in sentences(error)), *faults]) from error
    except SettingsError as error:
        why = f"environment: {error}; what is no plain text or number is written as JSON"
        raise ConfigError([why, *faults]) from error
    finally:
        _NEED_SECRETS.reset(token)
    if faults:
        raise ConfigError(faults)
    files = {name: getattr(config, name) for name in ("routes", "networks", "ported")}
    beside = {name: file and path.parent / file for name, file in files.items()}
    return config.model_copy(update=beside)


def section(config: Config, service: str, model: type[S]) -> S:
    """The section `services.<service>` as `model`; raises ConfigError with every fault."""
    try:
        return model(**config.services.get(service, {}))
    except ValidationError as error:
        raise ConfigError([f"services.{service}.{fault}" for fault in sentences(error)]) from error


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {name.upper() for name in Config.model_fields}
    return [
        f"environment variable {name}: there is no section of that name"
        for name in environ
        if name.startswith(ENV_PREFIX) and name[len(ENV_PREFIX) :].split("__")[0] not in known
    ]
