"""Who may see and do what: the token, the names we are asked under, what a browser may load."""

import hmac
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.telemetry.config import TelemetryConfig, is_loopback

LOOPBACK: Final = "127.0.0.1", "localhost", "[::1]"
SAID_TO_BROWSERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Access:
    """Whether a request brings the token; without one configured, none does."""

    def __init__(self, own: TelemetryConfig) -> None:
        self._token = None if own.token is None else own.token.get_secret_value().encode()

    def is_granted(self, request: Request) -> bool:
        """Whether it may write, and see what is masked."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        brought = scheme.lower() == "bearer" and self._token is not None
        return brought and hmac.compare_digest(given.strip().encode(), self._token or b"")

    def refusal(self, request: Request) -> JSONResponse | None:
        """What is answered where the token is needed; None to whom has it."""
        if self.is_granted(request):
            return None
        if self._token is None:
            why = "this needs a token, and none is configured; set services.telemetry.token"
        else:
            why = "this needs the token of services.telemetry, as `Authorization: Bearer TOKEN`"
        return JSONResponse({"error": why}, 403)


class Guard:
    """Around all that is served: only for who asks under a name of ours, told what to load.

    On loopback that are its own names: a page from elsewhere, whose name is made to mean this
    machine, is refused.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        """`host` is where we listen."""
        self._app = app
        self._names = {*LOOPBACK, host.lower()} if is_loopback(host) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _without_port(Headers(scope=scope).get("host", ""))
        if self._names is not None and asked not in self._names:
            why = f"nothing is served under this name; ask under {LOOPBACK[0]}\n"
            await PlainTextResponse(why, 403)(scope, receive, send)
            return

        async def said(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAID_TO_BROWSERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, said)


def _without_port(host: str) -> str:
    name, _, port = host.rpartition(":")
    return (name if port.isdecimal() else host).lower()
