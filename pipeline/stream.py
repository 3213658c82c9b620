"""A stateful service around a pure core: Quix Streams as we set it, the one door to it.

One input topic, keyed as the state is keyed. For each record the core decides; its effects, the
state's changelog and the input offset are committed in one Kafka transaction, so all of it happens
once or not at all. What can't be read goes to the dead-letter topic inside the same transaction.

The process ends itself after a commit that took too long to be trusted (pipeline.transactions).
A commit costs some 5 ms, so there are few of them while much comes, and many while little does.
What a core wants published goes straight to the application's producer, inside the transaction it
has open: through a dataframe's own `to_topic` a record costs 20 us more.
"""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import msgspec
from quixstreams import Application, message_context
from quixstreams.state import State

from pipeline import topics
from pipeline.config import Config
from pipeline.dead_letters import error_headers
from pipeline.effects import Effect, Entries, Headers, Publish
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import (
    TRANSACTION_TIMEOUT_MS,
    client_settings,
    now_ms,
    producer_settings,
    request_timeout_s,
)
from pipeline.process import Process
from pipeline.records import Record
from pipeline.timers import publication
from pipeline.transactions import watched

COMMIT_INTERVAL_S = 0.02
BUSY_COMMIT_INTERVAL_S = 0.1
BUSY_PER_S = 1500  # records: below it a commit every 20 ms holds up nobody
POLL_S = 0.01
SESSION_TIMEOUT_MS = 6000

T = TypeVar("T", bound=msgspec.Struct)


class Core(Protocol):
    """The pure part of a stateful service."""

    def decide(self, state: Entries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`; changes `state` by its own methods only."""


class _Pace:
    """How long until the next commit, by how much came until the last."""

    def __init__(self) -> None:
        self.records = 0
        self._begun_at = time.monotonic()

    def next_interval_s(self) -> float:
        now = time.monotonic()
        per_s = self.records / max(now - self._begun_at, COMMIT_INTERVAL_S)
        self.records, self._begun_at = 0, now
        return BUSY_COMMIT_INTERVAL_S if per_s >= BUSY_PER_S else COMMIT_INTERVAL_S


class _StoredEntries:
    """Entries in the Quix Streams state of the current key."""

    __slots__ = ("_state",)

    def __init__(self, state: State[str, Any]) -> None:
        self._state = state

    def get(self, name: str, kind: type[T]) -> T | None:
        octets = self._state.get_bytes(name)
        return None if octets is None else msgspec.msgpack.decode(octets, type=kind)

    def put(self, name: str, entry: msgspec.Struct, ttl_s: int) -> None:
        self._state.set_bytes(name, msgspec.msgpack.encode(entry), ttl=timedelta(seconds=ttl_s))

    def drop(self, name: str) -> None:
        self._state.delete(name)


def run(
    core: Core, *, service: str, topic_in: str, kinds: Sequence[type[Record]], ground: Process
) -> None:
    """Run `core` on `topic_in` until SIGTERM or SIGINT; raises what must restart the process."""
    app = _application(ground.config, service, ground.replica)
    producer: Any = app._producer  # Quix Streams has no hook for this
    limit_s = request_timeout_s(ground.config.kafka)
    producer.commit_transaction = watched(producer.commit_transaction, limit_s)
    producer.abort_transaction = watched(producer.abort_transaction, limit_s)
    pace = _paced(app)
    decide = _decider(core, topic_in, service, tuple(kinds), ground, producer.produce, pace)
    source = app.topic(topic_in, value_deserializer="bytes", key_deserializer="bytes")
    app.dataframe(source).apply(decide, stateful=True, metadata=True)
    _note_assignment(app, ground)
    app.run()


def _paced(app: Any) -> _Pace:
    """Let the application commit by what comes."""
    pace, context = _Pace(), app._processing_context
    begin = context.init_checkpoint

    def init_checkpoint() -> None:
        context.commit_interval = pace.next_interval_s()
        begin()

    context.init_checkpoint = init_checkpoint
    return pace


def _application(config: Config, service: str, replica: str) -> Application:
    common = client_settings(config.kafka)
    common.pop("logger")  # Quix Streams brings its own
    address = common.pop("bootstrap.servers")
    return Application(
        broker_address=address,
        consumer_group=service,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_INTERVAL_S,
        consumer_poll_timeout=POLL_S,
        state_dir=config.state_dir / replica,
        auto_create_topics=False,
        auto_recover_from_source_offset_out_of_range=False,
        processing_guarantee="exactly-once",
        loglevel=None,
        consumer_extra_config={
            **common,
            "session.timeout.ms": SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 3,
            "fetch.wait.max.ms": 5,
        },
        producer_extra_config={
            **common,
            **producer_settings(),
            "transactional.id": f"heliograph-{replica}",
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "linger.ms": 0,
        },
    )


def _note_assignment(app: Any, ground: Process) -> None:
    """Be ready from the first assignment on."""
    assign = app._on_assign

    def noted(consumer: object, partitions: object) -> None:
        assign(consumer, partitions)
        ground.is_ready = lambda: True

    app._on_assign = noted


def _decider(
    core: Core,
    topic_in: str,
    service: str,
    kinds: tuple[type[Record], ...],
    ground: Process,
    produce: Callable[..., object],
    pace: _Pace,
) -> Callable[..., None]:
    codec, metrics = ground.codec, ground.metrics
    read = metrics.counter("sms.records.read", topic=topic_in)
    written = metrics.counter("sms.records.written", service=service)

    def decide(
        value: bytes, key: bytes | None, _timestamp: int, headers: Headers, state: State[str, Any]
    ) -> None:
        read.value += 1
        pace.records += 1
        try:
            record = codec.decode(value, *kinds)
        except UnreadableError as error:
            metrics.counter("sms.records.dead", topic=topic_in, reason=error.reason).value += 1
            where = message_context()
            why = error_headers(topic_in, where.partition, where.offset, service, error)
            produce(topics.dlq_of(topic_in), value, key, headers=why)
            return
        moment = now_ms()
        effects = core.decide(_StoredEntries(state), record, moment)
        written.value += len(effects)
        for effect in effects:
            out = effect if isinstance(effect, Publish) else publication(effect, codec, moment)
            octets = codec.encode(out.record, out.topic)
            produce(out.topic, octets, out.key.encode(), headers=headers or None)

    return decide
