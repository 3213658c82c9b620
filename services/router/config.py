"""Settings of the router: `services.router` of heliograph.yaml."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from pipeline.config import Section
from pipeline.secret import Secret

NUMBER = "{number}"


def _is_template(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or NUMBER not in url:
        raise ValueError(f"must be an http or https URL with {NUMBER} where the number goes")
    return url


class PortabilityConfig(Section):
    """Where the network of a number is looked up: GET, answered with JSON."""

    url: Annotated[str, AfterValidator(_is_template)]
    """With {number} where the recipient's digits go."""
    field: Annotated[str, Field(min_length=1)] = "network"
    """Where MCC and MNC stand in the answer; names within names are joined by dots."""
    headers: Mapping[str, Secret] = {}
    """Of each request, such as Authorization; all of them are secrets."""
    wait_ms: Annotated[int, Field(ge=0, le=1000)] = 50
    """So long a message waits for an answer; then its prefix answers."""
    wait_share: Annotated[float, Field(ge=0, le=0.9)] = 0.2
    """The part of a router's time that may be spent waiting, all messages together."""
    timeout_s: Annotated[float, Field(ge=0.05, le=30)] = 2.0
    """A look-up that is answered with silence for so long has failed."""
    threads: Annotated[int, Field(ge=1, le=64)] = 8
    """Look-ups at a time."""
    life_s: Annotated[float, Field(ge=1, le=30 * 86400)] = 86400
    """How long an answer is kept."""
    kept_max: Annotated[int, Field(ge=1, le=10_000_000)] = 200_000
    """Answers kept; the oldest go first."""


class RouterConfig(Section):
    """What a router may be told beside its routes."""

    portability: PortabilityConfig | None = None
