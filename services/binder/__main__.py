"""The binder as a process: one event loop, one producer, one `Connector` per connector served."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from confluent_kafka import Producer

from pipeline import topics
from pipeline.config import Config, section
from pipeline.errors import ConfigError, HeliographError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import make_producer
from pipeline.process import Process, process, run_loop
from pipeline.records import OptOut
from services.binder.config import BinderConfig
from services.binder.opt_outs import OptOuts
from services.binder.rates import Rates
from services.binder.shell import Connector
from services.binder.tables import followed

LOG = structlog.get_logger()
PRODUCER_POLL_S = 0.005
LINGER_MS = 5  # a segment's outcome goes to one of many partitions: fewer and larger requests
SWEEP_EVERY_S = 1.0
FLUSH_TIMEOUT_S = 10
LIVE_WITHIN_S = 5


class Binder:
    """All connectors of this process and the loop that serves them."""

    def __init__(self) -> None:
        self._connectors: list[Connector] = []
        self._ticked_at = time.monotonic()

    @property
    def is_live(self) -> bool:
        """Whether the event loop turns."""
        return time.monotonic() - self._ticked_at < LIVE_WITHIN_S

    @property
    def is_ready(self) -> bool:
        """Whether some connector could submit now."""
        return any(connector.is_ready for connector in self._connectors)

    async def serve(self, ground: Process, config: BinderConfig) -> None:
        """Work until SIGTERM or SIGINT, or until something fails that only a restart mends."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def end(error: Exception | None = None) -> None:
            if ended.done():
                return
            if error is None:
                ended.set_result(None)
            else:
                ended.set_exception(error)

        def fail(error: Exception) -> None:
            loop.call_soon_threadsafe(end, error)

        def take_bug(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            # Our own bug in a callback: crash and start from what is committed, don't limp on.
            LOG.error("callback failed", reason=context["message"])
            fail(context.get("exception") or HeliographError(context["message"]))

        loop.set_exception_handler(take_bug)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)

        producer = make_producer(ground.config.kafka, linger_ms=LINGER_MS)
        opt_outs = OptOuts()
        opt_out_table = followed(ground, topics.CONTROL_OPTOUT, OptOut, opt_outs.put)
        opt_out_table.start()
        rates = Rates(ground.config)
        for name in map(ConnectorId, config.connectors or ground.config.connectors):
            self._connectors.append(
                Connector(name, ground, config, producer, rates.of(name), opt_outs, fail)
            )
        for connector in self._connectors:
            connector.start()
        ticking = asyncio.create_task(self._tick(producer, config, fail))
        try:
            await ended
            await asyncio.gather(*(connector.stop() for connector in self._connectors))
        finally:
            ticking.cancel()
            await asyncio.to_thread(opt_out_table.stop)
            await asyncio.to_thread(producer.flush, FLUSH_TIMEOUT_S)

    async def _tick(
        self, producer: Producer, config: BinderConfig, fail: Callable[[Exception], None]
    ) -> None:
        """Serve delivery reports all the time; commit and tell the states now and then."""
        commit_at = tell_at = sweep_at = 0.0
        try:
            while True:
                producer.poll(0)
                now = self._ticked_at = time.monotonic()
                for connector in self._connectors:
                    connector.beat(now)
                if now >= sweep_at:
                    sweep_at = now + SWEEP_EVERY_S
                    for connector in self._connectors:
                        connector.sweep()
                if now >= commit_at:
                    commit_at = now + config.commit_interval_s
                    for connector in self._connectors:
                        connector.commit()
                if now >= tell_at:
                    tell_at = now + config.state_interval_s
                    for connector in self._connectors:
                        connector.tell_states()
                await asyncio.sleep(PRODUCER_POLL_S)
        except Exception as error:  # without it nothing would be committed any more
            fail(error)


def main(config: Config, replica: str, connectors: Sequence[str] = ()) -> None:
    """Run one binder replica, for `connectors` only when any are named."""
    own = section(config, "binder", BinderConfig)
    if connectors:
        own = own.model_copy(update={"connectors": tuple(connectors)})
    if unknown := set(own.connectors) - config.connectors.keys():
        raise ConfigError([f"services.binder.connectors: no connector {n!r}" for n in unknown])
    binder = Binder()
    with process("binder", config, replica) as ground:
        ground.is_live = lambda: binder.is_live
        ground.is_ready = lambda: binder.is_ready
        run_loop(binder.serve(ground, own))
