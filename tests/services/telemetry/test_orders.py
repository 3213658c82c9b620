"""An order over HTTP: who may give one, what of it is read, how it is refused."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from pipeline.config import Section
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.orders import BODY_OCTETS_MAX, RefusedError, order_in, route

GRANTED = {"authorization": "Bearer a long secret"}


class Order(Section):
    """Something to do."""

    what: str


def do(_: Request, body: bytes) -> Any:
    order = order_in(Order, body)
    if order.what == "no":
        raise RefusedError(409, "not now")
    return {"done": len(order.what)}


@pytest.fixture
def http() -> TestClient:
    access = Access(TelemetryConfig(token="a long secret"))  # type: ignore[arg-type]
    return TestClient(Starlette(routes=[route(access, "/do", do)]))


@pytest.mark.parametrize(
    ("body", "headers", "status", "answer"),
    [
        ('{"what": "it"}', GRANTED, 200, {"done": 2}),
        ('{"what": "no"}', GRANTED, 409, {"error": "not now"}),
        ('{"what": "it"}', {}, 403, None),
        ('{"what": 1}', GRANTED, 422, None),
        ("", GRANTED, 422, None),
    ],
)
def test_an_order_is_done_or_refused(
    http: TestClient, body: str, headers: dict[str, str], status: int, answer: Any
) -> None:
    found = http.post("/do", content=body, headers=headers)
    assert found.status_code == status
    if answer is None:
        assert found.json()["error"]
    else:
        assert found.json() == answer


def test_what_is_longer_than_an_order_can_be_is_none(http: TestClient) -> None:
    frame = len(json.dumps({"what": ""}))
    for octets, status in ((BODY_OCTETS_MAX, 200), (BODY_OCTETS_MAX + 1, 422)):
        body = json.dumps({"what": "x" * (octets - frame)})
        assert http.post("/do", content=body, headers=GRANTED).status_code == status


def test_nothing_is_ordered_by_get(http: TestClient) -> None:
    assert http.get("/do", headers=GRANTED).status_code == 405
