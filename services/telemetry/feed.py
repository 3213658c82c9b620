"""One snapshot for all who watch: server-sent events, whatever the load and however many read.

Nobody is waited for: who is slow misses snapshots, who takes none for SEND_TIMEOUT_S is dropped.
"""

import asyncio

import structlog
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

LOG = structlog.get_logger()
READERS_MAX = 50
LOOK_EVERY_S = 0.1
SEND_TIMEOUT_S = 5.0
RETRY_MS = 2000  # after which a browser comes again


class Feed:
    """The newest snapshot, put by one thread, read on the event loop of the server."""

    def __init__(self) -> None:
        self.readers = 0
        self.is_over = False
        self._newest: tuple[int, bytes] = (0, b"null")  # its number, and JSON

    @property
    def newest(self) -> tuple[int, bytes]:
        """Its number, and itself as JSON; the first is 1."""
        return self._newest

    def put(self, octets: bytes) -> None:
        """This is the newest now."""
        self._newest = self._newest[0] + 1, octets

    def stream(self) -> Response:
        """What a new reader is answered; to be called on the event loop."""
        if self.readers >= READERS_MAX:
            why = f"{READERS_MAX} are watching already; close a page, or ask for /v1/snapshot"
            return JSONResponse({"error": why}, 503)
        return Stream(self)


class Stream(Response):
    """Snapshots until the reader goes, or the feed is over."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed) -> None:
        super().__init__()
        self._feed = feed
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one reader."""
        self._feed.readers += 1
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await self._serve(send, leaving)
        except TimeoutError:
            LOG.warning("a reader of /v1/live takes nothing, it is dropped", after_s=SEND_TIMEOUT_S)
        finally:
            leaving.cancel()
            self._feed.readers -= 1

    async def _serve(self, send: Send, leaving: asyncio.Future[None]) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await _send(send, b"retry: %d\n\n" % RETRY_MS)
        seen = 0
        while not leaving.done() and not self._feed.is_over:
            number, octets = self._feed.newest
            if number == seen:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            seen = number
            await _send(send, b"data: " + octets + b"\n\n")
        if not leaving.done():
            await _send(send, b"", more=False)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await send({"type": "http.response.body", "body": body, "more_body": more})


async def _left(receive: Receive) -> None:
    """Ends when the reader does."""
    while (await receive())["type"] != "http.disconnect":
        pass
