"""Intake as a process: stateless, at least once.

Each lane has a consumer of its own, so that no record is fetched behind a more patient one. What is
read waits in `Queues` for its turn; a batch is decided, all that follows from it confirmed by
Kafka, and only then committed. After a crash the batch is repeated, and the router knows a repeat
by its source.

What other threads have to say (`give_credit`, `configure`) is handed over: only the thread that
runs goes by it, by the last word and between two batches.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence

import structlog
from confluent_kafka import KafkaError, Message, Producer
from msgspec.structs import replace

from pipeline import topics
from pipeline.batches import Batch
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Headers
from pipeline.errors import HeliographError, MisshapenError, UnreadableError
from pipeline.kafka.clients import (
    BATCH_RECORDS_MAX,
    headers_of,
    make_producer,
    now_ms,
    origin_of,
    produce,
)
from pipeline.kafka.member import place
from pipeline.process import Process
from pipeline.records import MtRequest, Stop
from pipeline.stops import Stops
from pipeline.traceparent import LINK_AFTER_MS, linked, passing
from pipeline.tracing import Span
from services.intake.commands import CommandReader
from services.intake.config import IntakeConfig
from services.intake.core import Intake, ShapeFault, Source, origin
from services.intake.lanes import GROUP, LaneReader
from services.intake.poison import Partition, Poison
from services.intake.queues import OWED_MAX, Queues
from services.intake.sizes import segments
from services.intake.waiting import Held, Waiting

LOG = structlog.get_logger()
IDLE_S = 0.005
FLUSH_TIMEOUT_S = 30


class RefusedError(HeliographError):
    """Kafka has not taken a record; the process must restart and repeat the batch."""


class Shell:
    """One intake process."""

    def __init__(self, ground: Process, config: IntakeConfig, capacity: Capacity) -> None:
        self._ground = ground
        self.config = ground.config
        """What it goes by, or is about to."""
        self._core = Intake(ground.config)
        self._codec = ground.codec
        self._metrics = ground.metrics
        self._tracer = ground.tracer
        self._batch = Batch(ground.metrics, GROUP)
        self._commit = self._batch.ended_by(self._settle)
        self._producer: Producer = make_producer(ground.config.kafka)
        self._stops = Stops()
        self._poison = Poison(config.unreadable_in_a_row_max)
        self._queues: Queues[Message] = Queues(
            config.weights.model_dump(), _rates(ground.config), config.segments_per_s.model_dump()
        )
        self._lanes = {
            lane: LaneReader(lane, ground, self._queues, self._poison)
            for lane in topics.MT_REQUEST_BY_LANE
        }
        self._commands = CommandReader(ground, self._write, self._confirm)
        self.waiting = Waiting(ground, self._stops, capacity)
        self._credits: deque[int] = deque(maxlen=1)
        self._configs: deque[Config] = deque(maxlen=1)
        self._refusal: KafkaError | None = None
        self._declare()

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping`."""
        readers = list(self._lanes.values())
        for reader in readers:
            reader.subscribe()
        self._commands.subscribe()
        self._ground.is_ready = lambda: all(reader.is_assigned for reader in readers)
        patience_s = 0.0
        try:
            while not stopping.is_set():
                self._hear()
                self._commands.pass_on()
                for reader in readers:
                    reader.read(patience_s)
                    patience_s = 0.0
                batch = self._queues.take(BATCH_RECORDS_MAX, time.monotonic())
                if batch:
                    self._admit(batch)
                if not self._go_on(max(OWED_MAX, BATCH_RECORDS_MAX - len(batch))) and not batch:
                    patience_s = IDLE_S
                for reader in readers:
                    reader.balance()
        finally:
            for reader in readers:
                reader.close()
            self._commands.close()
            self.waiting.close()

    def obey(self, name: str, stop: Stop | None) -> None:
        """A row of `sms.control.stop`: of a tenant that is paused nothing passes."""
        self._stops.put(name, stop)
        self.waiting.stops_changed()
        self._queues.hold(
            tenant for tenant in self._queues.tenants() if self._stops.pauses_all_of(tenant)
        )

    def give_credit(self, count: int) -> None:
        """So many that are not urgent may pass until the next word."""
        self._credits.append(count)

    def configure(self, config: Config) -> None:
        """Go by this configuration from now on, as far as the README says."""
        self.config = config
        self._configs.append(config)

    def _hear(self) -> None:
        """Go by what other threads have said last."""
        if self._credits:
            self._queues.credit = self._credits.popleft()
        if self._configs:
            config = self._configs.popleft()
            self._core = Intake(config)
            self._queues.limit(_rates(config))
            self.waiting.configure(config)
            if new := config.tenants.keys() - self._queues.tenants():
                LOG.warning("requests of new tenants are read after a restart", tenants=sorted(new))

    def _declare(self) -> None:
        for lane, reader in self._lanes.items():
            self._metrics.gauge("sms.intake.waiting", reader.waiting_count, lane=lane)
            self._metrics.gauge("sms.intake.poisoned", reader.poisoned_count, lane=lane)

    def _admit(self, messages: Sequence[Message]) -> None:
        poisoned: set[Partition] = set()
        self._batch.begin()
        done = [message for message in messages if self._decide(message, poisoned)]
        self._commit(done)
        for partition in poisoned:
            self._lanes[origin(partition[0])[1]].poison(partition)
            LOG.error("nothing here can be read, so it is left alone until a restart", at=partition)

    def _settle(self, done: Sequence[Message]) -> None:
        """What follows from these is in Kafka, so they need not be read again."""
        self._confirm()
        by_lane: dict[str, list[Message]] = defaultdict(list)
        for message in done:
            by_lane[origin(message.topic() or "")[1]].append(message)
        for lane, own in by_lane.items():
            self._lanes[lane].commit(own)

    def _go_on(self, most: int) -> int:
        """Let go what has waited for a connector, after the lanes; how many have gone."""
        held = self.waiting.take(min(most, self._queues.credit))
        if held:
            self._pass_on(held)
        self._queues.came_back(len(held), most)
        return len(held)

    def _pass_on(self, waited: Sequence[Held]) -> None:
        """What has waited for a connector is decided anew by the router."""
        for message, record in waited:
            self._metrics.consumed(message.topic() or "", GROUP).value += 1
            if isinstance(record, UnreadableError):
                source = Source(*place(message), message.offset() or 0, message.timestamp()[1])
                self._bury(message, source, record)
                continue
            octets = self._codec.encode(replace(record, due=True), topics.ROUTER_IN)
            headers = headers_of(message)
            if self._tracer and now_ms() - message.timestamp()[1] > LINK_AFTER_MS:
                headers = linked(headers)
            self._write(topics.ROUTER_IN, message.key(), octets, headers)
        self._confirm()
        self.waiting.commit(waited)

    def _write(
        self,
        topic: str,
        key: bytes | str | None,
        octets: bytes | None,
        headers: Headers | None,
    ) -> None:
        produce(self._producer, topic, key, octets, headers=headers, on_delivery=self._note)
        self._metrics.sent(topic).value += 1

    def _confirm(self) -> None:
        unsent = self._producer.flush(FLUSH_TIMEOUT_S)
        if unsent or self._refusal:
            raise RefusedError(f"{unsent} records unsent, refused: {self._refusal!s}")

    def _decide(self, message: Message, poisoned: set[Partition]) -> bool:
        """Hand on what follows from a record; False for one of a partition that is left alone."""
        partition = place(message)
        if partition in poisoned:
            return False
        came_with = headers_of(message)
        headers = passing(came_with)
        source = Source(*partition, message.offset() or 0, message.timestamp()[1])
        self._metrics.consumed(source.topic, GROUP).value += 1
        span = self._begin(message, headers) if self._tracer else None
        try:
            request = self._codec.decode_request(message.value(), came_with)
        except UnreadableError as error:
            if span:
                span.end(None, error.reason)
            self._bury(message, source, error)
            if self._poison.unreadable(partition):
                poisoned.add(partition)
            return True
        except MisshapenError as error:
            effect = self._core.decide(ShapeFault(error.message_id, error.detail), source, now_ms())
        else:
            effect = self._core.decide(request, source, now_ms())
            self._charge(request, source)
        self._poison.readable(partition)
        octets = self._codec.encode(effect.record, effect.topic)
        self._write(effect.topic, effect.key, octets, span.headers if span else headers)
        if span:
            span.end(effect.record)
        return True

    def _begin(self, message: Message, headers: Headers | None) -> Span | None:
        """The span of a request, if it is sampled."""
        assert self._tracer
        trace = self._tracer.admit(headers)
        if trace is None:
            return None
        return self._tracer.begin(trace, GROUP, origin_of(message)._replace(headers=headers))

    def _charge(self, request: MtRequest, source: Source) -> None:
        """Taking it has cost tenant and lane one segment; what it has more was not known then."""
        tenant, lane = origin(source.topic)
        if self._queues.is_limited(lane, tenant):
            self._queues.charge(lane, tenant, segments(request) - 1)

    def _bury(self, message: Message, source: Source, error: UnreadableError) -> None:
        came_from = origin_of(message)
        headers = error_headers(came_from, GROUP, error)
        self._write(topics.dlq_of(source.topic), message.key(), message.value(), headers)
        note_burial(self._metrics, came_from, GROUP, error)

    def _note(self, error: KafkaError | None, _: Message) -> None:
        self._refusal = self._refusal or error


def _rates(config: Config) -> dict[str, float | None]:
    return {name: tenant.segments_per_s for name, tenant in config.tenants.items()}
