"""Settings of one sandbox: `services.sandbox.<name>` of heliograph.yaml."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from pipeline.config import LITERAL, Config, Host, Secret, Section, sentences
from pipeline.errors import ConfigError

ListenPort = Annotated[int, Field(ge=0, le=65535)]
SystemId = Annotated[str, Field(min_length=1, max_length=15)]


class SandboxConfig(Section):
    """One simulated SMSC; port 0 takes a free one."""

    host: Host = "127.0.0.1"
    port: ListenPort = 2775
    http_port: ListenPort = 8775
    accounts: Annotated[dict[SystemId, Secret], Field(min_length=1)]
    """Passwords by system_id."""
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
    store_max: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    """Messages that can be queried, cancelled and replaced."""
    handsets_max: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Numbers whose newest messages are kept, to be read and answered over HTTP; 0 keeps none."""
    distribution_lists: Mapping[str, tuple[str, ...]] = {}
    """Numbers by name, for submit_multi."""
    window: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Unanswered deliver_sm on one bind."""
    response_timeout_s: Annotated[float, Field(gt=0, le=600)] = 60
    """How long a deliver_sm waits for its answer."""


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
    literal = [account for account, password in found.accounts.items() if password.literal]
    if literal and not config.dev:
        raise ConfigError([f"{place}.accounts.{account}: {LITERAL}" for account in literal])
    return found
