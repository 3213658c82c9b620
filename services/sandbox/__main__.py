"""The sandbox as a process: one event loop with its SMSC and its HTTP server, until a signal."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.metrics import Metrics
from pipeline.process import announce, run_loop, set_up_log
from services.sandbox import scenario
from services.sandbox.config import SandboxConfig, sandbox_config
from services.sandbox.http import serving
from services.sandbox.ledger import keep
from services.sandbox.measured import measure
from services.sandbox.smsc import Sandbox

Ready = Callable[[list[int], int], None]  # told the ports of SMPP and HTTP


def main(config: Config, name: str, *, free_ports: bool = False) -> None:
    """Run the sandbox `name` of the configuration; `free_ports` ignores the configured ports."""
    own = sandbox_config(config, name)
    if free_ports:
        free = tuple(place.model_copy(update={"port": 0}) for place in own.listen)
        own = own.model_copy(update={"port": 0, "http_port": 0, "listen": free})
    set_up_log("sandbox", name, dev=config.dev)

    def ready(smpp_ports: list[int], http_port: int) -> None:
        announce(
            service="sandbox",
            replica=name,
            http=f"http://{own.host}:{http_port}",
            smpp_port=smpp_ports[0],
            smpp_ports=smpp_ports,
            http_port=http_port,
        )

    with closing(Metrics("sandbox", name)) as metrics:
        run_loop(serve(own, metrics, ready))


async def serve(config: SandboxConfig, metrics: Metrics, ready: Ready) -> None:
    """Run one sandbox until SIGTERM or SIGINT; `ready` is told when all ports listen."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    sandbox = Sandbox(config, scenario.find(config.scenario))
    measure(sandbox, metrics)
    await sandbox.start()
    try:
        async with serving(sandbox, config.host, config.http_port) as http_port:
            ready(sandbox.listeners.ports, http_port)
            await stopping.wait()
    finally:
        await sandbox.stop()
        if config.ledger_file is not None:
            _keep(sandbox, config.ledger_file)


def _keep(sandbox: Sandbox, path: Path) -> None:
    try:
        keep(sandbox.ledger, sandbox.statistics(), path)
    except OSError as error:
        raise HeliographError(f"the ledger can't be written to {path}: {error}") from error
