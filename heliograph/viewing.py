"""What telemetry answers, if it is up: nothing that a command needs is there alone."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from pipeline.config import Config, section
from pipeline.errors import ConfigError
from services.telemetry.config import TelemetryConfig, serving

TIMEOUT_S = 2.0


def message(config: Config, message_id: str) -> dict[str, Any] | None:
    """What the search view has of one message; None when it has nothing, or does not answer."""
    return _asked(config, f"/v1/messages/{quote(message_id, safe='')}")


def messages_to(config: Config, number: str, limit: int) -> dict[str, Any] | None:
    """And of the newest to a number, for which it wants the token."""
    return _asked(config, f"/v1/messages?{urlencode({'number': number, 'limit': limit})}")


def _asked(config: Config, path: str) -> dict[str, Any] | None:
    try:
        own = section(config, "telemetry", TelemetryConfig)
        where = serving(config, own)
    except ConfigError:  # it can't be up with that
        return None
    if not where.port:  # a free one, which nobody tells
        return None
    token = None if own.token is None else own.token.get_secret_value()
    headers: Mapping[str, str] = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://{where.host}:{where.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
            found = json.load(response)
    except (OSError, ValueError):  # not up, not known, not allowed
        return None
    return found if isinstance(found, dict) else None
