"""The sandbox over HTTP, in the loop of its SMSC: read the ledger, send MO, change the scenario."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline.config import Section, sentences
from pipeline.errors import ConfigError, HeliographError
from pipeline.http import metrics
from services.sandbox import scenario
from services.sandbox.ledger import Journal
from services.sandbox.mo import MoOrder, MoRefusedError
from services.sandbox.reports import ErrorCode, Outcome
from services.sandbox.smsc import Sandbox
from services.sandbox.values import State

BODY_OCTETS_MAX = 1 << 20
STOP_TIMEOUT_S = 1


class HandsetReply(Section):
    """What a handset is to say; to the sender of its newest message where `to` is left out."""

    text: str
    to: str | None = None


class HandsetState(Section):
    """What becomes of the next messages to a handset: switched off is UNDELIVERABLE."""

    state: State
    error: ErrorCode = "000"
    receipt: Literal["usual", "by_hand"] = "usual"
    """by_hand: each is under way until somebody ends it."""


class HandsetReceipt(Section):
    """What becomes of a message that is under way; of the newest without an id."""

    state: State
    error: ErrorCode = "000"
    smsc_message_id: str | None = None


class _Server(uvicorn.Server):
    """Uvicorn in a loop whose signals are somebody else's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(sandbox: Sandbox, host: str, port: int) -> AsyncIterator[int]:
    """Serve `sandbox` while the context lasts; gives the port, a free one for 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise HeliographError(f"cannot serve HTTP on {host}:{port}: {error}") from error
    server = _Server(
        uvicorn.Config(
            app(sandbox),
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=STOP_TIMEOUT_S,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


def app(sandbox: Sandbox) -> Starlette:
    """The routes."""
    api = Api(sandbox)
    return Starlette(
        routes=[
            Route("/stats", api.stats),
            Route("/ledger/{journal}", api.ledger),
            Route("/mo", api.mo, methods=["POST"]),
            Route("/handsets", api.handsets),
            Route("/handsets/{number}", api.handset),
            Route("/handsets/{number}/open", api.under_way),
            Route("/handsets/{number}/receipt", api.receipt, methods=["POST"]),
            Route("/handsets/{number}/reply", api.reply, methods=["POST"]),
            Route("/handsets/{number}/state", api.change_handset, methods=["POST"]),
            Route("/scenario", api.read_scenario, methods=["GET"]),
            Route("/scenario", api.change_scenario, methods=["PUT"]),
            Route("/drop", api.drop, methods=["POST"]),
            Route("/listeners/{number:int}/{state}", api.listener, methods=["POST"]),
            Route("/certificate", api.certificate, methods=["POST"]),
            Route("/deliveries", api.deliveries, methods=["POST"]),
            Route("/metrics", metrics),
            Route("/livez", api.livez),
            Route("/readyz", api.livez),
        ],
        exception_handlers={
            ValidationError: _on_validation_error,
            MoRefusedError: _on_refused_order,
            HeliographError: _on_refused_order,
            ConfigError: _on_config_error,
        },
    )


class Api:
    """What each route does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._subscribers = sandbox.subscribers

    async def stats(self, _: Request) -> Response:
        """Totals, binds, fullest seconds."""
        return JSONResponse(self._sandbox.statistics())

    async def ledger(self, request: Request) -> Response:
        """A journal as JSON lines."""
        journals = self._sandbox.ledger.journals
        journal = journals.get(request.path_params["journal"])
        if journal is None:
            raise HTTPException(404, f"journals: {', '.join(journals)}")
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal()):
            raise HTTPException(422, "after: the number of the last entry you have")
        return StreamingResponse(_lines(journal, int(after)), media_type="application/jsonl")

    async def mo(self, request: Request) -> Response:
        """A message of a subscriber."""
        order = MoOrder.model_validate_json(await _body(request))
        return JSONResponse(self._subscribers.send(order), status_code=202)

    async def handsets(self, _: Request) -> Response:
        """The numbers that got something."""
        return JSONResponse(self._subscribers.handsets.numbers())

    async def handset(self, request: Request) -> Response:
        """What a number got."""
        return JSONResponse(self._subscribers.handsets.arrived(request.path_params["number"]))

    async def reply(self, request: Request) -> Response:
        """A number answers."""
        asked = HandsetReply.model_validate_json(await _body(request))
        sent = self._subscribers.reply(request.path_params["number"], asked.text, asked.to)
        return JSONResponse(sent, status_code=202)

    async def under_way(self, request: Request) -> Response:
        """What is under way to a number."""
        return JSONResponse(self._sandbox.by_hand.under_way(request.path_params["number"]))

    async def receipt(self, request: Request) -> Response:
        """Somebody says what becomes of a message."""
        asked = HandsetReceipt.model_validate_json(await _body(request))
        outcome = Outcome(state=asked.state, error=asked.error)
        number = request.path_params["number"]
        ended = self._sandbox.by_hand.end(number, asked.smsc_message_id, outcome)
        return JSONResponse({"ended": ended}, status_code=202)

    async def change_handset(self, request: Request) -> Response:
        """A number is switched off, or on again."""
        asked = HandsetState.model_validate_json(await _body(request))
        fate = Outcome.model_validate(asked.model_dump())
        self._subscribers.change_fate(request.path_params["number"], fate)
        return JSONResponse(asked.model_dump(mode="json"))

    async def read_scenario(self, _: Request) -> Response:
        """How it behaves."""
        return JSONResponse(self._sandbox.scenario.model_dump(mode="json"))

    async def change_scenario(self, request: Request) -> Response:
        """Have it behave otherwise."""
        text = (await _body(request)).decode("utf-8", "replace")
        is_name = text.strip() in scenario.names()
        found = scenario.find(text.strip()) if is_name else scenario.parse(text, "")
        self._sandbox.change(found)
        return JSONResponse(found.model_dump(mode="json"))

    async def drop(self, _: Request) -> Response:
        """Cut every bind."""
        return JSONResponse({"dropped": self._sandbox.drop()})

    async def listener(self, request: Request) -> Response:
        """Take one down or up."""
        number, state = request.path_params["number"], request.path_params["state"]
        listeners = self._sandbox.listeners
        if number >= len(listeners) or state not in ("up", "down"):
            raise HTTPException(404, f"listeners 0 to {len(listeners) - 1}, up or down")
        await (listeners.up(number) if state == "up" else listeners.down(number))
        return JSONResponse(listeners.statistics())

    async def certificate(self, _: Request) -> Response:
        """Read the certificates again."""
        return JSONResponse({"reloaded": self._sandbox.listeners.reload_certificates()})

    async def deliveries(self, request: Request) -> Response:
        """What another sandbox has for an account of this one."""
        try:
            batch = json.loads(await _body(request))
            return JSONResponse({"taken": self._sandbox.take_deliveries(batch)}, status_code=202)
        except (ValueError, TypeError, AttributeError) as error:
            return _faults([f"no batch: {error}"])

    async def livez(self, _: Request) -> Response:
        """It lives."""
        return PlainTextResponse("ok")


async def _on_validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ValidationError)
    return _faults(sentences(error))


async def _on_refused_order(_: Request, error: Exception) -> Response:
    return _faults([str(error)])


async def _on_config_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ConfigError)
    return _faults(list(error.faults))


async def _lines(journal: Journal, after: int) -> AsyncIterator[bytes]:
    for chunk in journal.chunks(after):
        yield chunk
        await asyncio.sleep(0)  # the SMSC's turn


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_OCTETS_MAX:
            raise HTTPException(413, f"more than {BODY_OCTETS_MAX} octets")
    return bytes(body)


def _faults(faults: list[str]) -> Response:
    return JSONResponse({"faults": faults}, status_code=422)
