"""Where the sandbox listens: several hosts, plain and TLS at once, each taken down and up alone.

What is down has no listener and no connection, as when a carrier loses a site: an ESME with another
host to go to goes there.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.errors import ConfigError, HeliographError
from services.sandbox.config import Listener, SandboxConfig
from smpp import tls
from smpp.errors import TlsError
from smpp.pdu import Bind, Pdu
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.session import SessionConfig
from smpp.state import Closed
from smpp.timers import TimerConfig
from smpp.values import CommandStatus

OWED_REQUESTS_MAX = 10_000  # submit_sm of one bind unanswered before it is read no further
UNBIND_TIMEOUT_S = 0.5
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Listeners:
    """All of them, numbered from 0 in the order of the configuration."""

    def __init__(
        self,
        config: SandboxConfig,
        *,
        on_bind: Callable[[SmscSession, Bind], CommandStatus | None],
        on_request: Callable[[SmscSession, Pdu], None],
        on_closed: Callable[[SmscSession, Closed], None],
    ) -> None:
        """Raises ConfigError when a certificate can't be used."""
        self._places = config.listeners
        self._contexts = [_context(place, n) for n, place in enumerate(self._places)]
        self._session = SessionConfig(
            window_requests_max=config.window,
            owed_requests_max=OWED_REQUESTS_MAX,
            response_timeout_s=config.response_timeout_s,
            timers=TimerConfig(unbind_s=UNBIND_TIMEOUT_S),
        )
        self._smscs = [
            Smsc(
                SmscConfig(
                    host=place.host,
                    port=place.port,
                    system_id="sandbox",
                    sessions_max=config.sessions_max,
                    session=self._session,
                    ssl=context,
                ),
                on_bind=on_bind,
                on_request=on_request,
                on_closed=on_closed,
            )
            for place, context in zip(self._places, self._contexts, strict=True)
        ]
        self._ports = [place.port for place in self._places]
        self._is_up = [False] * len(self._places)
        self._turn = asyncio.Lock()  # one after the other, whoever asks

    def __len__(self) -> int:
        return len(self._places)

    @property
    def ports(self) -> list[int]:
        """Where each listens, or last did."""
        return list(self._ports)

    async def start(self) -> None:
        """Listen everywhere; raises HeliographError where that can't be."""
        try:
            for number in range(len(self)):
                await self.up(number)
        except HeliographError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Unbind everybody and stop listening."""
        for smsc in self._smscs:
            await smsc.stop()
        self._is_up = [False] * len(self)

    async def up(self, number: int) -> None:
        """Listen there, on the port it had before; raises HeliographError if that can't be."""
        async with self._turn:
            if not self._is_up[number]:
                await self._listen(number)

    async def _listen(self, number: int) -> None:
        smsc, place = self._smscs[number], self._places[number]
        smsc.config = replace(smsc.config, port=self._ports[number])
        try:
            await smsc.start()
        except OSError as error:
            where = f"{place.host}:{self._ports[number]}"
            raise HeliographError(f"cannot listen on {where}: {error}") from error
        self._ports[number] = smsc.port
        self._is_up[number] = True

    async def down(self, number: int) -> None:
        """Cut what is connected there, and listen no more."""
        async with self._turn:
            self._is_up[number] = False
            for session in list(self._smscs[number].sessions):
                session.abort()
            await self._smscs[number].stop()

    def reload_certificates(self) -> int:
        """Read the certificates again, for connections to come; how many there are.

        A new `client_ca` is trusted besides the old one. Raises ConfigError when a file can't be
        used; then all stay as they are.
        """
        for number, place in enumerate(self._places):
            _context(place, number)  # a pair that does not fit would spoil the context in force
        count = 0
        for place, context in zip(self._places, self._contexts, strict=True):
            if place.tls is not None and context is not None:
                context.load_cert_chain(place.tls.certificate, place.tls.key)
                if place.tls.client_ca is not None:
                    context.load_verify_locations(place.tls.client_ca)
                count += 1
        return count

    def statistics(self) -> list[dict[str, Any]]:
        """Each of them."""
        return [
            {
                "host": place.host,
                "port": port,
                "tls": place.tls is not None,
                "up": is_up,
                "sessions": len(smsc.sessions),
            }
            for place, port, is_up, smsc in zip(
                self._places, self._ports, self._is_up, self._smscs, strict=True
            )
        ]


def _context(place: Listener, number: int) -> ssl.SSLContext | None:
    if place.tls is None:
        return None
    own = place.tls
    try:
        context = tls.server_context(own.certificate, own.key, client_ca_file=own.client_ca)
    except TlsError as error:
        raise ConfigError([f"listen.{number}.tls: {error}"]) from error
    context.minimum_version = VERSIONS[own.min_version]
    return context
