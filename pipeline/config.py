"""The one configuration, `heliograph.yaml`: read, overridden by the environment, checked whole.

`load` reports every fault at once, each with its place. A setting is overridden by
`HELIOGRAPH__SECTION__KEY`; a misspelt one is a fault, in the file and in the environment alike.
Secrets come as `${VARIABLE}` or `file:PATH` and never show in `repr` or `--print-config`; a secret
written out in the file is refused unless `dev: true`.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

import yaml
from pydantic import (
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from pipeline.connectors import DEFAULT_PROFILE, ConnectorConfig, Host, RateGroupConfig
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.limits import TenantLimits
from pipeline.numbers import NumberConfig, OwnNumber
from pipeline.numbers import faults as number_faults
from pipeline.profiles import ProfileConfig as ProfileConfig
from pipeline.profiles import find, shipped
from pipeline.quiet_hours import Country, QuietHours
from pipeline.secret import LITERAL, NEED_SECRETS
from pipeline.sections import Section as Section
from pipeline.sections import sentences as sentences
from pipeline.topics import NO_CONNECTOR

ENV_PREFIX = "HELIOGRAPH__"

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


class TenantConfig(TenantLimits):
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
    state_room_mib: Annotated[int, Field(ge=0)] = 256
    """What is left free on the disk of `state_dir`: with less a stateful service does not run."""
    routes: Literal["topic"] | Path = Path("routes.yaml")
    """A file, or `topic`: what was published last to sms.control.routes."""
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
    numbers: dict[OwnNumber, NumberConfig] = {}
    services: dict[str, dict[str, Any]] = {}

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        faults = []
        for name, connector in self.connectors.items():
            if name in NO_CONNECTOR:
                faults.append(f"connectors.{name}: a topic has this name already; take another")
            if connector.profile not in self.profile_names:
                faults.append(
                    f"connectors.{name}.profile: no profile {connector.profile!r}; write it under"
                    f" profiles, or take one of {', '.join(sorted(self.profile_names))}"
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
        senders = {name: tenant.senders for name, tenant in self.tenants.items()}
        faults.extend(number_faults(self.numbers, senders))
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
        return self.profile_called(self.connectors[connector].profile)

    @property
    def profile_names(self) -> frozenset[str]:
        """Of every profile there is."""
        return frozenset((DEFAULT_PROFILE, *self.profiles, *shipped()))

    def profile_called(self, name: str) -> ProfileConfig:
        """A profile by its name, which must be one of `profile_names`."""
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
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8; save it as such", *faults]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: is not YAML: {error}", *faults]) from error
    if raw is not None and not isinstance(raw, dict):
        raise ConfigError([f"{path}: must be a mapping of sections, not a {type(raw).__name__}"])
    token = NEED_SECRETS.set(with_secrets)
    try:
        config = Config(**(raw or {}))
    except ValidationError as error:
        raise ConfigError([*(f"{path}: {fault}" for fault in sentences(error)), *faults]) from error
    except SettingsError as error:
        why = f"environment: {error}; what is no plain text or number is written as JSON"
        raise ConfigError([why, *faults]) from error
    finally:
        NEED_SECRETS.reset(token)
    if faults:
        raise ConfigError(faults)
    files = ((name, getattr(config, name)) for name in ("routes", "networks", "ported"))
    return config.model_copy(update={n: path.parent / f for n, f in files if isinstance(f, Path)})


def section(config: Config, service: str, model: type[S], *, with_secrets: bool = True) -> S:
    """The section `services.<service>` as `model`; raises ConfigError with every fault.

    Without `with_secrets` those may be missing, and are empty then.
    """
    token = NEED_SECRETS.set(with_secrets)
    try:
        return model(**config.services.get(service, {}))
    except ValidationError as error:
        raise ConfigError([f"services.{service}.{fault}" for fault in sentences(error)]) from error
    finally:
        NEED_SECRETS.reset(token)


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {name.upper() for name in Config.model_fields}
    return [
        f"environment variable {name}: there is no section of that name"
        for name in environ
        if name.startswith(ENV_PREFIX) and name[len(ENV_PREFIX) :].split("__")[0] not in known
    ]
