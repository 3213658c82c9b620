"""The sandbox over HTTP, in the loop of its SMSC: read the ledger, send MO, change the scenario."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pipeline.config import sentences
from pipeline.errors import ConfigError, HeliographError
from services.sandbox import scenario
from services.sandbox.ledger import Journal
from services.sandbox.mo import MoOrder, MoRefusedError
from services.sandbox.smsc import Sandbox

BODY_OCTETS_MAX = 1 << 20
STOP_TIMEOUT_S = 1


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

    async def stats(_: Request) -> Response:
        return JSONResponse(sandbox.statistics())

    async def ledger(request: Request) -> Response:
        journal = sandbox.ledger.journals.get(request.path_params["journal"])
        if journal is None:
            raise HTTPException(404, f"journals: {', '.join(sandbox.ledger.journals)}")
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal()):
            raise HTTPException(422, "after: the number of the last entry you have")
        return StreamingResponse(_lines(journal, int(after)), media_type="application/jsonl")

    async def mo(request: Request) -> Response:
        try:
            order = MoOrder.model_validate_json(await _body(request))
            return JSONResponse(sandbox.send_mo(order), status_code=202)
        except ValidationError as error:
            return _faults(sentences(error))
        except MoRefusedError as error:
            return _faults([str(error)])

    async def read_scenario(_: Request) -> Response:
        return JSONResponse(sandbox.scenario.model_dump(mode="json"))

    async def change_scenario(request: Request) -> Response:
        text = (await _body(request)).decode("utf-8", "replace")
        is_name = text.strip() in scenario.names()
        try:
            found = scenario.find(text.strip()) if is_name else scenario.parse(text, "")
            sandbox.change(found)
        except ConfigError as error:
            return _faults(list(error.faults))
        return JSONResponse(found.model_dump(mode="json"))

    async def drop(_: Request) -> Response:
        return JSONResponse({"dropped": sandbox.drop()})

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(
        routes=[
            Route("/stats", stats),
            Route("/ledger/{journal}", ledger),
            Route("/mo", mo, methods=["POST"]),
            Route("/scenario", read_scenario, methods=["GET"]),
            Route("/scenario", change_scenario, methods=["PUT"]),
            Route("/drop", drop, methods=["POST"]),
            Route("/livez", livez),
            Route("/readyz", livez),
        ]
    )


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
