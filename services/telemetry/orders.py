"""Orders over HTTP: of who has the token, off the loop of the server, each fault in a sentence."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline.config import Section, sentences
from services.telemetry.access import Access

BODY_OCTETS_MAX = 1 << 16
S = TypeVar("S", bound=Section)


class RefusedError(Exception):
    """What is answered instead: a status and a sentence."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def route(
    access: Access, path: str, answer: Callable[[Request, bytes], Any], method: str = "POST"
) -> Route:
    """A route for who has the token: it tells what `answer` makes of a request and its body."""

    async def respond(request: Request) -> Response:
        refusal = access.refusal(request)
        if refusal is not None:
            return refusal
        try:
            found = await run_in_threadpool(answer, request, await _body(request))
        except RefusedError as error:
            return JSONResponse({"error": str(error)}, error.status)
        return JSONResponse(found)

    return Route(path, respond, methods=[method])


def order_in(kind: type[S], body: bytes) -> S:
    """The order in a body; raises RefusedError with every fault."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise RefusedError(422, "; ".join(sentences(error))) from error


async def _body(request: Request) -> bytes:
    """All of it; what is longer than an order can be is cut, which makes it none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_OCTETS_MAX:
            return b""
    return bytes(body)
