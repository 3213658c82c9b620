"""What every process serves: /metrics, /livez and /readyz, on a thread beside its work.

/livez answers as long as the process makes progress of its own; it never depends on Kafka or an
SMSC, whose outage must not restart us. /readyz says whether there is work it could do now.
"""

import threading
import time
from collections.abc import Awaitable, Callable, Sequence

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.config import HttpConfig
from pipeline.errors import HeliographError

START_TIMEOUT_S = 10
GRACE_S = 1  # for answers that are under way: one that goes on for ever ends then


def metrics(_: Request) -> Response:
    """All metrics of this process, as Prometheus reads them."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class HttpServer:
    """Serves until `stop`; `port` tells where."""

    def __init__(
        self,
        http: HttpConfig,
        *,
        is_live: Callable[[], bool],
        is_ready: Callable[[], bool],
        routes: Sequence[BaseRoute],
    ) -> None:
        def probe(answer: Callable[[], bool]) -> Callable[[Request], Awaitable[Response]]:
            async def respond(_: Request) -> Response:  # whose threads are all taken lives still
                good = answer()
                return PlainTextResponse("ok" if good else "no", 200 if good else 503)

            return respond

        app = Starlette(
            routes=[
                Route("/metrics", metrics),
                Route("/livez", probe(is_live)),
                Route("/readyz", probe(is_ready)),
                *routes,
            ]
        )
        self._host = http.host
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=http.host,
                port=http.port,
                log_level="warning",
                lifespan="off",
                loop="asyncio",
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def start(self) -> str:
        """Listen; returns the URL. Raises HeliographError when it can't."""
        self._thread.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise HeliographError(f"cannot serve HTTP on {self._host}: is the port taken?")
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{self._host}:{port}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.should_exit = True
        self._thread.join(START_TIMEOUT_S)
