"""One connector, generation after generation: an old one's topics are read to their end first.

Partition counts are for ever, so another number of binds is another generation of topics. A process
serves one of them at a time, the oldest that the group has not read to its end, and begins with
the next when nobody in the group holds a partition of any other: so the account never has the
binds of two, and a recipient's order is kept. Should somebody still write to an old generation,
all go back to it. Kafka is asked how many partitions a former generation had.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NamedTuple

import structlog

from pipeline import topics
from pipeline.connectors import ConnectorConfig
from pipeline.errors import BrokerError
from pipeline.ids import ConnectorId
from pipeline.kafka import groups
from pipeline.process import Process
from services.binder.shell import Connector

LOG = structlog.get_logger()
LOOK_EVERY_S = 1.0  # while an old one is read
LOOK_AGAIN_S = 10.0  # whether somebody has written to an old one
PATIENCE_S = 0.2  # between looks at who else is there


class Generation(NamedTuple):
    """One generation of a connector's topics."""

    number: int
    partitions: int


class Generations:
    """Runs a connector in the generation whose turn it is."""

    def __init__(
        self,
        name: ConnectorId,
        process: Process,
        make: Callable[[ConnectorConfig], Connector],
        fail: Callable[[Exception], None],
    ) -> None:
        """`make` makes the connector of one generation; `fail` ends the process."""
        self.connector: Connector | None = None
        self._name = name
        self._process = process
        self._make = make
        self._fail = fail
        self._is_stopping = False
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Serve it from now on."""
        self._task = asyncio.create_task(self._follow(), name=f"serve {self._name}")
        self._task.add_done_callback(self._note_end)

    async def stop(self) -> None:
        """Give everything back."""
        self._is_stopping = True
        self._news.set()
        if self._task is not None:
            await self._task

    async def reload(self) -> None:
        """The configuration of the process is another."""
        if (connector := self.connector) is not None:
            account = connector.account
            await connector.reload(self._as_of(Generation(account.generation, account.binds)))
        self._news.set()

    def _note_end(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception):
            self._fail(error)

    # --- which generation -----------------------------------------------------------------------

    async def _follow(self) -> None:
        while not self._is_stopping:
            due = await self._due()
            if due is not None and due.number != self._current:
                await self._succeed(due)
            await self._nap(LOOK_AGAIN_S if self._current == self._newest.number else LOOK_EVERY_S)
        await self._leave()

    async def _due(self) -> Generation | None:
        """The oldest generation that is not read to its end; None while nobody knows."""
        newest = self._newest
        if newest.number == 1:
            return newest
        try:
            return await asyncio.to_thread(self._oldest, newest)
        except BrokerError as error:
            LOG.warning("generations unknown", connector=self._name, reason=str(error))
            return None

    def _oldest(self, newest: Generation) -> Generation:
        kafka, group = self._process.config.kafka, group_of(self._name)
        counts = groups.partition_counts(kafka)
        for number in range(1, newest.number):  # a topic that was deleted was read
            both = _topics(self._name, number)
            if both[0] in counts and groups.has_unread(kafka, group, both):
                return Generation(number, counts[both[0]])
        return newest

    async def _succeed(self, due: Generation) -> None:
        await self._leave()
        LOG.info("generation", connector=self._name, number=due.number, binds=due.partitions)
        is_told = False
        while not self._is_stopping and await self._is_other_held(due):
            if not is_told:
                LOG.info("others still read another generation", connector=self._name)
            is_told = True
            await self._nap(PATIENCE_S)
        if not self._is_stopping:
            self.connector = self._make(self._as_of(due))
            await self.connector.start()

    async def _leave(self) -> None:
        connector, self.connector = self.connector, None
        if connector is not None:
            await connector.stop()

    async def _is_other_held(self, due: Generation) -> bool:
        if self._newest.number == 1:
            return False
        kafka, group = self._process.config.kafka, group_of(self._name)
        try:
            held = await asyncio.to_thread(groups.held_topics, kafka, group)
        except BrokerError as error:
            LOG.warning("group unknown", connector=self._name, reason=str(error))
            return True
        return bool(held - set(_topics(self._name, due.number)))

    async def _nap(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        if not self._is_stopping:
            self._news.clear()

    @property
    def _current(self) -> int | None:
        return None if self.connector is None else self.connector.account.generation

    @property
    def _newest(self) -> Generation:
        account = self._process.config.connectors[self._name]
        return Generation(account.generation, account.binds)

    def _as_of(self, generation: Generation) -> ConnectorConfig:
        account = self._process.config.connectors[self._name]
        number, partitions = generation
        return account.model_copy(update={"generation": number, "binds": partitions})


def group_of(name: ConnectorId) -> str:
    """The consumer group of a connector's binders."""
    return f"binder-{name}"


def _topics(name: ConnectorId, generation: int) -> list[str]:
    return [topics.submit(name, generation, priority=lane) for lane in (True, False)]
