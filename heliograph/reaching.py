"""Whether an SMSC can be reached: a connection, TLS over it, a bind; nothing is sent."""

import asyncio
import ssl
import time
from ssl import SSLContext

from pipeline.connectors import Address
from smpp.client import Esme, EsmeConfig

CONNECT_TIMEOUT_S = 5.0


async def left_s(
    address: Address, context: SSLContext | None, server_name: str | None, local: str | None
) -> float | None:
    """Seconds before the certificate of what listens there ends; None without TLS.

    Raises OSError, which a failed handshake is too, and TimeoutError.
    """
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        _, writer = await asyncio.open_connection(
            address.host,
            address.port,
            ssl=context,
            server_hostname=(server_name or address.host) if context else None,
            local_addr=(local, 0) if local else None,
        )
    shown = writer.get_extra_info("peercert") if context else None
    writer.close()
    ends = shown.get("notAfter") if shown else None
    return None if ends is None else ssl.cert_time_to_seconds(ends) - time.time()


async def bind_once(config: EsmeConfig) -> None:
    """Bind and unbind. Raises LinkError."""
    esme = await Esme.connect(config)
    await esme.close()
