"""A running sandbox, told over HTTP to behave otherwise."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import Any

import yaml

from pipeline.errors import ConfigError, HeliographError
from services.sandbox import scenario

TIMEOUT_S = 10
REFUSED = 422  # with faults, one sentence each


def scenario_of(url: str) -> dict[str, Any]:
    """The scenario in force; raises HeliographError when nobody answers."""
    return _asked(f"{url}/scenario")


def change(url: str, name_or_path: str | None, settings: Iterable[str]) -> dict[str, Any]:
    """Behave like a scenario, or as before, with settings `a.b=YAML` on top; what is then in force.

    Raises ConfigError with every fault, HeliographError when nobody answers.
    """
    if name_or_path is None:
        raw = scenario_of(url)
    else:
        raw = scenario.find(name_or_path).model_dump(mode="json")
    for written in settings:
        _set(raw, written)
    return _asked(f"{url}/scenario", json.dumps(raw).encode())


def _set(raw: dict[str, Any], written: str) -> None:
    path, separator, value = written.partition("=")
    *parents, last = path.split(".")
    place: Any = raw
    for name in parents:
        place = place.get(name) if isinstance(place, dict) else None
    if not separator or not isinstance(place, dict):
        raise ConfigError([f"--set {written}: write KEY=VALUE, as in limits.rate_per_s=100"])
    try:
        place[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError([f"--set {written}: {value} is not YAML; put it in quotes"]) from error


def _asked(url: str, body: bytes | None = None) -> dict[str, Any]:
    method = "GET" if body is None else "PUT"
    try:
        request = urllib.request.Request(url, body, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            found: dict[str, Any] = json.load(response)
            return found
    except urllib.error.HTTPError as error:
        if error.code != REFUSED:
            raise HeliographError(f"no sandbox answers at {url}: {error}") from error
        raise ConfigError(json.load(error)["faults"]) from error
    except (OSError, ValueError) as error:
        raise HeliographError(f"no sandbox answers at {url}: {error}") from error
