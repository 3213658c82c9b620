"""The binder as a process: one event loop, one producer, and the connectors served.

SIGHUP has the configuration read anew: what is wrong with it is said, and then the old one stays.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog
from confluent_kafka import Producer

from pipeline import topics
from pipeline.config import Config, section
from pipeline.errors import ConfigError, HeliographError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import make_producer
from pipeline.kafka.table import ControlTable
from pipeline.process import Process, process, run_loop
from pipeline.records import Cancel, OptOut
from pipeline.reloads import refuse_less
from pipeline.stops import CANCELS_MAX, Cancels
from pipeline.tables import followed, on_loop
from services.binder.accounts import ways
from services.binder.config import BinderConfig
from services.binder.errands import Errands
from services.binder.generations import Generations
from services.binder.opt_outs import OptOuts
from services.binder.rates import Rates
from services.binder.shell import Connector
from smpp.client import Esme
from smpp.errors import TlsError

LOG = structlog.get_logger()
PRODUCER_POLL_S = 0.005
LINGER_MS = 5  # a segment's outcome goes to one of many partitions: fewer and larger requests
SWEEP_EVERY_S = 1.0
FLUSH_TIMEOUT_S = 10
LIVE_WITHIN_S = 5


class Binder:
    """All connectors of this process and the loop that serves them."""

    def __init__(self, read: Callable[[], Config], named: Sequence[str]) -> None:
        """`read` reads the configuration; of its connectors only those `named`, if any are."""
        self._read = read
        self._named = named
        self._served: dict[str, Generations] = {}
        self._ticked_at = time.monotonic()
        self._reloads: set[asyncio.Task[None]] = set()

    @property
    def is_live(self) -> bool:
        """Whether the event loop turns."""
        return time.monotonic() - self._ticked_at < LIVE_WITHIN_S

    @property
    def is_ready(self) -> bool:
        """Whether some connector could submit now, or rests as an operator told it to."""
        return any(connector.is_ready for connector in self._connectors)

    @property
    def _connectors(self) -> list[Connector]:
        return [own.connector for own in self._served.values() if own.connector is not None]

    def _serving(self) -> Mapping[ConnectorId, Callable[[], Esme | None]]:
        """The connectors with a bind, each with how to get one that has room."""
        return {c.name: c.esme for c in self._connectors if c.is_serving}

    async def serve(self, ground: Process) -> None:
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
        own, names = checked(ground.config, self._named)
        producer = make_producer(ground.config.kafka, linger_ms=LINGER_MS)
        opt_outs, cancels, rates = OptOuts(), Cancels(_tell_of_full), Rates()
        tables = _tables(ground, opt_outs, cancels)
        lock = asyncio.Lock()

        def begin(name: str) -> Generations:
            connector = ConnectorId(name)
            make = partial(
                Connector,
                connector,
                process=ground,
                config=own,
                producer=producer,
                rates=rates,
                opt_outs=opt_outs,
                cancels=cancels,
                fail=fail,
            )
            generations = Generations(connector, ground, make, fail)
            generations.start()
            return generations

        async def reload() -> None:
            async with lock:
                await self._reload(ground, begin)

        def begin_reload() -> None:
            task = loop.create_task(reload(), name="reload")
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        for table in tables:
            table.start()
        loop.add_signal_handler(signal.SIGHUP, begin_reload)
        self._served = {name: begin(name) for name in names}
        ticking = asyncio.create_task(self._tick(producer, own, fail))
        errands = Errands(ground, producer, self._serving, fail)
        try:
            await ended
            await errands.stop()
            async with lock:
                await asyncio.gather(*(served.stop() for served in self._served.values()))
        finally:
            ticking.cancel()
            await asyncio.gather(*(asyncio.to_thread(table.stop) for table in tables))
            await asyncio.to_thread(producer.flush, FLUSH_TIMEOUT_S)

    async def _reload(self, ground: Process, begin: Callable[[str], Generations]) -> None:
        """Read the configuration anew; what is wrong with it is said, and the old one stays."""
        counter = ground.metrics.counter
        try:
            config = await asyncio.to_thread(self._read)
            _, names = checked(config, self._named)
            refuse_less(ground.config, config)
        except ConfigError as error:
            LOG.warning("the configuration is refused, the old one stays", faults=error.faults)
            counter("sms.binder.reloads", result="refused").value += 1
            return
        ground.config = config
        for name in self._served.keys() - set(names):
            await self._served.pop(name).stop()
        for name in names:
            if name in self._served:
                await self._served[name].reload()
            else:
                self._served[name] = begin(name)
        LOG.info("the configuration is in force", connectors=names)
        counter("sms.binder.reloads", result="taken").value += 1

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


def _tell_of_full() -> None:
    why = "more messages are cancelled than are kept: the eldest may be sent after all"
    LOG.warning(why, kept=CANCELS_MAX)


def _tables(ground: Process, opt_outs: OptOuts, cancels: Cancels) -> tuple[ControlTable, ...]:
    """What all connectors go by, not yet followed."""
    return (
        followed(ground, topics.CONTROL_OPTOUT, OptOut, on_loop(opt_outs.put)),
        followed(ground, topics.CONTROL_CANCEL, Cancel, on_loop(cancels.put)),
    )


def checked(config: Config, named: Sequence[str]) -> tuple[BinderConfig, list[str]]:
    """The binder's own settings and the connectors it serves; raises ConfigError."""
    own = section(config, "binder", BinderConfig)
    names = list(named or own.connectors or config.connectors)
    if unknown := [name for name in names if name not in config.connectors]:
        raise ConfigError([f"services.binder.connectors: no connector {n!r}" for n in unknown])
    faults = []
    for name in names:
        try:
            ways(config.connectors[name])
        except (TlsError, OSError) as error:
            faults.append(f"connectors.{name}.tls: {error}")
    if faults:
        raise ConfigError(faults)
    return own, names


def main(read: Callable[[], Config], replica: str, connectors: Sequence[str] = ()) -> None:
    """Run one binder replica, for `connectors` only when any are named."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until the loop turns: it is read just now
    config = read()
    checked(config, connectors)
    binder = Binder(read, connectors)
    with process("binder", config, replica) as ground:
        ground.is_live = lambda: binder.is_live
        ground.is_ready = lambda: binder.is_ready
        run_loop(binder.serve(ground))
