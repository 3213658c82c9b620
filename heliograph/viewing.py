"""Where telemetry serves, and what it answers if it is up: no command needs it for what it does."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request

from pipeline.asking import answer_of
from pipeline.config import Config, section
from pipeline.errors import HeliographError
from services.telemetry.config import TelemetryConfig

TIMEOUT_S = 2.0
HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what listens everywhere is here too


def url_of(config: Config) -> str:
    """Where it serves as configured; raises HeliographError where that is any port."""
    own = _settings(config)
    host = config.http.host if own.host is None else own.host
    port = config.http.port if own.port is None else own.port
    if not port:
        raise HeliographError(
            "telemetry takes any free port; set services.telemetry.port, or give --url"
        )
    here = HERE.get(host, host)
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


def message(config: Config, message_id: str) -> dict[str, Any] | None:
    """What the search view has of one message; None when it has nothing, or does not answer."""
    return _asked(config, f"/v1/messages/{quote(message_id, safe='')}")


def messages_to(config: Config, number: str, limit: int) -> dict[str, Any] | None:
    """And of the newest to a number, for which it wants the token."""
    return _asked(config, f"/v1/messages?{urlencode({'number': number, 'limit': limit})}")


def _settings(config: Config) -> TelemetryConfig:
    """Who has no token may still ask for what needs none."""
    return section(config, "telemetry", TelemetryConfig, with_secrets=False)


def _asked(config: Config, path: str) -> dict[str, Any] | None:
    try:
        url, token = url_of(config), _settings(config).token
    except HeliographError:  # it can't be up with that, or nobody tells where
        return None
    brought = "" if token is None else token.get_secret_value()
    headers: Mapping[str, str] = {"Authorization": f"Bearer {brought}"} if brought else {}
    request = Request(url + path, headers=headers)  # noqa: S310 - only http
    try:
        found = json.loads(answer_of(request, TIMEOUT_S))
    except (OSError, ValueError):  # not up, not known, not allowed
        return None
    return found if isinstance(found, dict) else None
