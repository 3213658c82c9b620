"""The demo's panel: sends a test SMS, and plays the handset that gets it, in the sandboxes.

There is something to play where `services.telemetry.handsets` names sandboxes, and only for who has
the token. What is asked of a sandbox goes through telemetry, so that the page has one origin.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import Field
from starlette.requests import Request

from pipeline.asking import answer_of
from pipeline.config import Section
from pipeline.errors import BrokerError, ConfigError
from pipeline.sending import publish
from services.telemetry.orders import BODY_OCTETS_MAX, RefusedError, order_in, route
from services.telemetry.parts import Desk, Part
from services.telemetry.search import number_in

TIMEOUT_S = 5.0
ACTIONS = ("reply", "receipt")


class Order(Section):
    """What to send; `by_hand` leaves its receipt to whoever plays the handset."""

    to: str
    text: str = Field(min_length=1)
    from_: str | None = Field(default=None, alias="from")
    tenant: str
    by_hand: bool = False


def part(desk: Desk) -> Part:
    """What it adds to telemetry; where there is no handset to play, it only says so."""
    panel = Panel(desk)
    add = partial(route, desk.access)
    told = add("/v1/panel", panel.tell, "GET")
    if not desk.own.handsets:
        return Part([told])
    return Part(
        [
            told,
            add("/v1/test", panel.send),
            add("/v1/handsets/{number}", panel.look, "GET"),
            add("/v1/handsets/{number}/{action}", panel.act),
        ]
    )


class Panel:
    """What each route does."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sandboxes = desk.own.handsets

    def tell(self, _: Request, __: bytes) -> Mapping[str, Any]:
        """Who may send and whose handsets there are; tenants who only test last."""
        tenants = self._desk.ground.config.tenants
        names = sorted(tenants, key=lambda name: tenants[name].test)
        return {"tenants": names, "sandboxes": list(self._sandboxes)}

    def send(self, _: Request, body: bytes) -> Mapping[str, Any]:
        """Publish a request, after the handset was told how to report."""
        asked = order_in(Order, body)
        number = number_of(asked.to)
        fate = {"state": "DELIVERED", "receipt": "by_hand" if asked.by_hand else "usual"}
        for name in self._sandboxes:
            self._ask_if_kept(name, number, "/state", fate)
        try:
            message_id = publish(
                self._desk.ground.config,
                to=asked.to,
                text=asked.text,
                sender=asked.from_,
                message_id=None,
                tenant=asked.tenant,
            )
        except ConfigError as error:
            raise RefusedError(422, "; ".join(error.faults)) from error
        except BrokerError as error:
            raise RefusedError(503, "Kafka did not take the request; nothing is sent") from error
        return {"message_id": message_id}

    def look(self, request: Request, _: bytes) -> Mapping[str, Any]:
        """What has come to a handset, and what is under way to it, over all sandboxes."""
        number = number_of(request.path_params["number"])
        found: dict[str, list[Any]] = {}
        for kind, place in (("arrived", ""), ("open", "/open")):
            found[kind] = [
                {**each, "sandbox": name}
                for name in self._sandboxes
                for each in self._ask(name, number, place)
            ]
        found["arrived"].sort(key=lambda each: each["at_ms"])
        return found

    def act(self, request: Request, body: bytes) -> Any:
        """A handset replies, or somebody says what becomes of a message under way to it."""
        number, action = number_of(request.path_params["number"]), request.path_params["action"]
        if action not in ACTIONS:
            raise RefusedError(404, f"a handset can {' and '.join(ACTIONS)}")
        try:
            order = json.loads(body)
            name = order.pop("sandbox")
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise RefusedError(
                422, "the order is no JSON object that names its `sandbox`"
            ) from error
        if name not in self._sandboxes:
            raise RefusedError(422, f"sandbox: there are {', '.join(self._sandboxes)}")
        return self._ask(name, number, f"/{action}", order)

    def _ask_if_kept(self, name: str, number: str, place: str, order: object) -> None:
        """A sandbox that keeps no handsets can't be told; what it gets ends as it has it."""
        try:
            self._ask(name, number, place, order)
        except RefusedError as error:
            if error.status != 422:
                raise

    def _ask(self, name: str, number: str, place: str, order: object = None) -> Any:
        url = f"{self._sandboxes[name].rstrip('/')}/handsets/{number}{place}"
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(url, body)  # noqa: S310 - of the configuration
        try:
            return json.loads(answer_of(request, TIMEOUT_S))
        except urllib.error.HTTPError as error:
            raise RefusedError(error.code, _faults(error)) from error
        except (OSError, ValueError) as error:
            raise RefusedError(502, f"the sandbox {name} does not answer") from error


def number_of(text: str) -> str:
    """A number as sandboxes know it: digits alone. Raises RefusedError."""
    number = number_in(text)
    if number is None:
        raise RefusedError(
            422, "the number is none; write country code and number, as in +46701234567"
        )
    return number


def _faults(error: urllib.error.HTTPError) -> str:
    read = partial(error.read, BODY_OCTETS_MAX)
    try:
        return "; ".join(json.loads(read())["faults"])
    except (ValueError, KeyError, TypeError):
        return f"the sandbox answers {error.code}"
