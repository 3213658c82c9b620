"""Who may see and do what."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from services.telemetry.access import SAID_TO_BROWSERS, Access, Guard
from services.telemetry.config import TelemetryConfig

TOKEN = "a long secret"


def served(token: str | None, host: str = "127.0.0.1") -> TestClient:
    access = Access(TelemetryConfig(token=token))  # type: ignore[arg-type]

    def write(request: Request) -> Response:
        return access.refusal(request) or PlainTextResponse("written")

    def look(request: Request) -> Response:
        return JSONResponse(access.is_granted(request), headers={"cache-control": "max-age=60"})

    app = Starlette(
        routes=[Route("/write", write, methods=["POST"]), Route("/look", look)],
        middleware=[Middleware(Guard, host=host)],
    )
    return TestClient(app, base_url="http://127.0.0.1:8770")


@pytest.mark.parametrize(
    ("token", "brought", "is_granted", "words"),
    [
        (TOKEN, f"Bearer {TOKEN}", True, "written"),
        (TOKEN, f"bearer {TOKEN}", True, "written"),
        (TOKEN, f"Bearer {TOKEN}x", False, "needs the token of services.telemetry"),
        (TOKEN, f"Basic {TOKEN}", False, "needs the token"),
        (TOKEN, TOKEN, False, "needs the token"),
        (TOKEN, "Bearer ", False, "needs the token"),
        (TOKEN, "Bearer \xe9", False, "needs the token"),
        (TOKEN, None, False, "needs the token"),
        (None, f"Bearer {TOKEN}", False, "none is configured; set services.telemetry.token"),
        (None, "Bearer ", False, "none is configured"),
        (None, None, False, "none is configured"),
    ],
)
def test_only_the_token_opens_and_without_one_nothing_does(
    token: str | None, brought: str | None, is_granted: bool, words: str
) -> None:
    headers: Any = {} if brought is None else {"authorization": brought.encode("latin-1")}
    client = served(token)
    answer = client.post("/write", headers=headers)
    assert (answer.status_code, words in answer.text) == (200 if is_granted else 403, True)
    assert TOKEN not in answer.text
    assert client.get("/look", headers=headers).json() is is_granted


@pytest.mark.parametrize(
    ("listens_at", "asked", "status"),
    [
        ("127.0.0.1", "127.0.0.1:8770", 200),
        ("127.0.0.1", "LOCALHOST:8770", 200),
        ("127.0.0.1", "localhost", 200),
        ("::1", "[::1]:8770", 200),
        ("::1", "[::1]", 200),
        ("127.0.0.2", "127.0.0.2:1", 200),
        ("127.0.0.1", "elsewhere.example:8770", 403),
        ("127.0.0.1", "127.0.0.1.elsewhere.example", 403),
        ("127.0.0.1", "", 403),
        ("0.0.0.0", "sms.example", 200),  # noqa: S104
    ],
)
def test_on_loopback_only_who_names_it_is_served(listens_at: str, asked: str, status: int) -> None:
    answer = served(TOKEN, listens_at).get("/look", headers={"host": asked})
    assert answer.status_code == status


def test_a_browser_is_told_what_it_may_load_and_keep() -> None:
    answer = served(None).post("/write")
    assert {name: answer.headers[name] for name in SAID_TO_BROWSERS} == SAID_TO_BROWSERS
    assert served(None).get("/look").headers["cache-control"] == "max-age=60"  # its own word holds
