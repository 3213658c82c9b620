"""What SMSCs are asked about messages they have: the shell of `commands.py`.

One member of a plain group takes the command topics of all connectors that have a bind here; where
a connector has none, its commands wait in Kafka for a process where it has. Any bind will do, so
neither leases nor generations matter. A batch is asked, its answers are confirmed by Kafka, and
only then committed: after a crash some are asked again. Of two answers the tracker takes the first;
where the first was never written, a second cancel_sm may be refused for what it has cancelled, and
then only the DELETED receipt says so.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

import structlog
from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from pipeline import topics
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import (
    headers_of,
    make_member,
    next_offsets,
    now_ms,
    origin_of,
    produce,
    take,
)
from pipeline.process import Process
from pipeline.readers import COMMANDS_GROUP
from pipeline.records import SmscCommand, SmscCommanded
from pipeline.traceparent import trace_id_of
from services.binder.commands import NO_ANSWER, REFUSED, answer, request, silence
from services.binder.outbox import OutcomeRefusedError
from smpp.client import Esme
from smpp.errors import LinkError, LocalProtocolError

LOG = structlog.get_logger()
GROUP = COMMANDS_GROUP
POLL_S = 0.2
EVERY_S = 0.1  # of one connector: each process asks an SMSC ten times a second at most
BIND_S = 10.0  # how long a bind with room is waited for
ANSWER_S = 10.0
LOOK_S = 0.1
STOP_S = 3.0

Serving = Callable[[], Mapping[ConnectorId, Callable[[], Esme | None]]]


class Errands:
    """Commands of one process."""

    def __init__(
        self,
        process: Process,
        producer: Producer,
        serving: Serving,
        fail: Callable[[Exception], None],
    ) -> None:
        """`serving()` has the connectors with a bind, each with how to get one that has room.

        Somebody polls `producer` on this loop; `fail` ends the process.
        """
        self._process = process
        self._producer = producer
        self._serving = serving
        self._fail = fail
        self._subscribed: frozenset[str] = frozenset()
        self._consumer = make_member(process.config.kafka, GROUP)
        self._is_stopping = False
        self._task = asyncio.create_task(self._run(), name=GROUP)

    async def stop(self) -> None:
        """Finish what was begun, if that is soon, and leave the group; the rest is asked again."""
        self._is_stopping = True
        with suppress(TimeoutError, asyncio.CancelledError):
            await asyncio.wait_for(self._task, STOP_S)

    async def _run(self) -> None:
        try:
            while not self._is_stopping:
                messages = await asyncio.to_thread(self._take, self._serving().keys())
                if messages:
                    await self._obey(messages)
                    ends = next_offsets(messages)
                    await asyncio.to_thread(self._commit, ends)
        except Exception as error:  # only a restart mends it
            self._fail(error)
        finally:
            await asyncio.to_thread(self._consumer.close)

    def _take(self, connectors: Collection[ConnectorId]) -> list[Message]:
        wanted = frozenset(topics.command(name) for name in connectors)
        if wanted != self._subscribed:
            self._subscribed = wanted
            if wanted:
                self._consumer.subscribe(sorted(wanted))
            else:
                self._consumer.unsubscribe()
        return take(self._consumer, POLL_S)

    def _commit(self, ends: list[TopicPartition]) -> None:
        try:
            self._consumer.commit(offsets=ends, asynchronous=False)
        except KafkaException as error:  # gone meanwhile: the next owner asks once more
            LOG.warning("answered commands are not committed", error=str(error))

    async def _obey(self, messages: Sequence[Message]) -> None:
        """Ask them all, one connector's in turn, and see the answers confirmed."""
        turns: Counter[str] = Counter()
        tasks = []
        for message in messages:
            topic = message.topic() or ""
            tasks.append(self._one(message, turns[topic] * EVERY_S))
            turns[topic] += 1
        await asyncio.gather(*tasks)

    async def _one(self, message: Message, delay_s: float) -> None:
        topic = message.topic() or ""
        try:
            command = self._process.codec.decode(message.value(), SmscCommand)
        except UnreadableError as error:
            came_from = origin_of(message)
            headers = error_headers(came_from, GROUP, error)
            dead = topics.dlq_of(topic)
            await self._write(dead, message.key() or b"", message.value(), headers)
            note_burial(self._process.metrics, came_from, GROUP, error)
            return
        await asyncio.sleep(delay_s)
        name = ConnectorId(topic.removeprefix(f"{topics.COMMAND}."))
        came_with = headers_of(message)
        said = await self._ask(name, command, came_with)
        octets = self._process.codec.encode(said, topics.TRACKER_IN)
        await self._write(topics.TRACKER_IN, said.message_id, octets, came_with)
        count = self._process.metrics.counter
        count("sms.binder.commands", connector=name, outcome=said.outcome).value += 1

    async def _ask(
        self, name: ConnectorId, command: SmscCommand, came_with: Headers | None
    ) -> SmscCommanded:
        """What its SMSC says, or why that says nothing."""
        replica = self._process.replica

        def silent(outcome: str, reason: str) -> SmscCommanded:
            return silence(command, outcome, reason, name, replica, now_ms())

        pdu = request(command)
        if pdu is None:
            return silent(REFUSED, "not_askable")
        esme = await self._esme(name, command.deadline_ms)
        if esme is None:
            is_late = command.deadline_ms <= now_ms()
            return silent(NO_ANSWER, "expired" if is_late else "no_bind")
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await esme.request(pdu)
        except (LinkError, TimeoutError):
            return silent(NO_ANSWER, "unanswered")
        except LocalProtocolError as error:
            LOG.warning(
                "a command can't be written",
                connector=name,
                message_id=command.message_id,
                trace_id=trace_id_of(came_with),
                error=str(error),
            )
            return silent(REFUSED, "not_askable")
        return answer(command, response, name, replica, now_ms())

    async def _esme(self, name: ConnectorId, deadline_ms: int) -> Esme | None:
        """A bind with room, once there is one in the time there is."""
        until_ms = min(deadline_ms, now_ms() + int(BIND_S * 1000))
        while now_ms() < until_ms:
            find = self._serving().get(name)
            esme = None if find is None else find()
            if esme is not None:
                return esme
            await asyncio.sleep(LOOK_S)
        return None

    async def _write(
        self,
        topic: str,
        key: bytes | str,
        octets: bytes | None,
        headers: Headers | None = None,
    ) -> None:
        """Until Kafka has it."""
        confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def note(error: KafkaError | None, _: Message) -> None:
            if confirmed.done():
                return
            if error is None:
                confirmed.set_result(None)
            else:
                confirmed.set_exception(OutcomeRefusedError(f"{topic}: {error!s}"))

        produce(self._producer, topic, key, octets, headers=headers, on_delivery=note)
        await confirmed
