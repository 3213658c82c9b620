"""An ESME that listens: an SMSC with something to deliver connects, says outbind, and is bound to.

SMPP 3.4 sections 2.2.1 and 4.1.7. The SMSC names itself and its password in the outbind; `accepts`
decides whether that is who we expected. Then the roles are as ever: we bind on that connection,
with the `EsmeConfig` of that account, and the bind is an `Esme` like any other.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from smpp.client import Esme, EsmeConfig, OnClosed, OnRequest
from smpp.errors import LinkError
from smpp.pdu import Outbind, Pdu
from smpp.state import Why

LINKS_MAX = 100


class OutbindListener:
    """Listens on `host` and `port`, 0 for a free one; `config` says as what to bind."""

    def __init__(
        self,
        config: EsmeConfig,
        *,
        accepts: Callable[[Outbind], bool],
        on_bound: Callable[[Esme], None],
        on_request: OnRequest,
        on_closed: OnClosed | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._config = config
        self._accepts = accepts
        self._on_bound = on_bound
        self._on_request = on_request
        self._on_closed = on_closed
        self._host, self._port = host, port
        self._binding: set[asyncio.Task[None]] = set()
        self._links: set[Esme] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(
            self._link, self._host, self._port, ssl=None
        )

    async def stop(self) -> None:
        """Stop listening and unbind what came of it."""
        if self._server is None:
            return
        self._server.close()
        await asyncio.gather(*[link.close() for link in self._links])
        await asyncio.gather(*self._binding)
        await self._server.wait_closed()
        self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _link(self) -> Esme:
        link = Esme(self._config, self._take, self._on_closed)
        self._links = {other for other in self._links if other.closed is None} | {link}
        if len(self._links) > LINKS_MAX:
            asyncio.get_running_loop().call_soon(link.abort, Why.ABORTED, "too many links")
        return link

    def _take(self, esme: Esme, request: Pdu) -> None:
        if not isinstance(request, Outbind):
            self._on_request(esme, request)
        elif self._accepts(request):
            task = asyncio.create_task(self._bind(esme), name="bind after outbind")
            self._binding.add(task)
            task.add_done_callback(self._binding.discard)
        else:
            esme.abort(Why.BIND_REFUSED, f"outbind of {request.system_id!r} is not accepted")

    async def _bind(self, esme: Esme) -> None:
        try:
            await esme.bind(self._config.bind())
        except LinkError as error:
            esme.abort(Why.BIND_REFUSED, str(error))
        else:
            self._on_bound(esme)
