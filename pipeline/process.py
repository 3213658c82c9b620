"""What every service process has: a log, metrics, an HTTP port, a codec, and one line that says so.

The line is JSON on standard output, so that whoever started the process learns where it listens:
{"service": "router", "replica": "router-0", "http": "http://127.0.0.1:41234"}
"""

import asyncio
import faulthandler
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from starlette.routing import BaseRoute

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config, HttpConfig
from pipeline.http import HttpServer
from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from pipeline.numbers import keywords
from pipeline.topics import Lanes, Topic
from pipeline.tracing import Tracer, make_tracer

if TYPE_CHECKING:
    from pipeline.registry import SchemaRegistry

try:
    import uvloop
except ImportError:  # not on this platform: asyncio's own loop does the same, slower
    uvloop = None  # type: ignore[assignment]


GC_THRESHOLDS = (50_000, 50, 1000)


@dataclass(slots=True)
class Process:
    """What a service is given to work with; it sets the probes once it can answer them."""

    config: Config
    replica: str
    metrics: Metrics
    codec: Codec
    tracer: Tracer | None = None
    is_live: Callable[[], bool] = lambda: True
    is_ready: Callable[[], bool] = lambda: False


def _no_routes(_: Process) -> Sequence[BaseRoute]:
    return ()


@contextmanager
def process(
    service: str,
    config: Config,
    replica: str,
    *,
    routes: Callable[[Process], Sequence[BaseRoute]] = _no_routes,
    http: HttpConfig | None = None,
) -> Iterator[Process]:
    """Set up the process of one replica of `service`, announce it, take it down.

    It serves `routes` too, of what it stands on, where `http` says; where the configuration says
    without it.
    """
    set_up_log(service, replica, dev=config.dev)
    metrics, codec = Metrics(service, replica), make_codec(config)
    ground = Process(config, replica, metrics, codec, make_tracer(service, replica))
    server = HttpServer(
        http or config.http,
        is_live=lambda: ground.is_live(),
        is_ready=lambda: ground.is_ready(),
        routes=routes(ground),
    )
    announce(service=service, replica=replica, http=server.start())
    try:
        yield ground
    finally:
        server.stop()
        if ground.tracer:
            ground.tracer.close()
        ground.metrics.close()


def stop_signal() -> threading.Event:
    """What SIGTERM and SIGINT set from now on."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def announce(**facts: object) -> None:
    """Say where this process can be found: one JSON line on standard output."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def run_loop(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` on the fastest event loop there is.

    What a message leaves behind holds no cycles, so the collector looks for them seldom: it took a
    third of all work of a sandbox with a long ledger.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    factory = uvloop.new_event_loop if uvloop else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def make_codec(config: Config) -> Codec:
    """The codec for this cluster: with a registry where one is configured."""
    return Codec(registry(config))


def registry(config: Config) -> "SchemaRegistry | None":
    """The schema registry, where one is configured."""
    url = config.kafka.schema_registry_url or os.environ.get("SCHEMA_REGISTRY_URL")
    if not url:
        return None
    from pipeline.registry import SchemaRegistry  # 0.7 s of imports, only for those who use it

    return SchemaRegistry(url)


def catalog(config: Config) -> list[Topic]:
    """Every topic this configuration needs."""
    return topics.catalog(
        {
            ConnectorId(name): Lanes(binds=connector.binds, generation=connector.generation)
            for name, connector in config.connectors.items()
        },
        config.tenants,
        keywords(config.numbers),
    )


def set_up_log(service: str, replica: str, *, dev: bool) -> None:
    """Log lines to standard error: JSON, or for people when `dev`.

    On SIGUSR1 the process also writes where each of its threads stands.
    """
    faulthandler.register(signal.SIGUSR1)

    def add_origin(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
        # Not a context variable: lines also come from threads, which have contexts of their own.
        return {"service": service, "replica": replica, **event}

    shared: list[Any] = [
        add_origin,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.dev.ConsoleRenderer() if dev else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("kafka").setLevel(logging.INFO)
    logging.getLogger("quixstreams").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
