"""A stateful service around a pure core: Quix Streams as we set it, the one door to it.

One input topic, keyed as the state is keyed. For each record the core decides; its effects, the
state's changelog and the input offset are committed in one Kafka transaction, so all of it happens
once or not at all. What can't be read goes to the dead-letter topic inside the same transaction.

It commits as soon as nothing is left to read: with two processors a transaction takes 30 to 40 ms
of waiting, and while it is waited for, the next one gathers. A fixed interval of 20 ms let 1,400
requests a second through a router, this 2,200, and up to 200 ms while more is there, with outputs
past the dataframe, 3,370 (intake beside it); the router by itself 4,000 to 5,300
(benchmarks/router.py, each pair in turns).

Records gather in the producer until the commit, which sends them whatever they should linger, and
few are read ahead. A correlator, in turns: sent one by one 3,700 to 4,600 receipts/s and 208 to
254 us of CPU each, gathered 5,300 to 5,800 and 158 to 171; committed within 0.5 s for 0.2, 10 %
more; with little read ahead another 10 % and less memory (benchmarks/correlator.py).

The process ends itself after a commit that took too long to be trusted (pipeline.transactions).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
from quixstreams import Application, message_context
from quixstreams.state import State
from quixstreams.state.exceptions import InvalidStoreChangelogOffset

from pipeline import timers, topics
from pipeline.batches import Batch
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Effect, Entries, Headers, KeyEntries, Publish
from pipeline.errors import StateError, UnreadableError
from pipeline.kafka.clients import (
    REQUEST_TIMEOUT_S,
    TRANSACTION_TIMEOUT_MS,
    Origin,
    client_settings,
    now_ms,
    producer_settings,
    request_timeout_s,
)
from pipeline.kafka.pending import await_settled, begin_anew, close_hanging
from pipeline.process import Process
from pipeline.records import Record
from pipeline.room import Room
from pipeline.spans import Spans
from pipeline.stores import Limits, keep_arenas_few
from pipeline.transactions import watched

COMMIT_AFTER_S = 0.02  # when nothing is left to read, unless the service says otherwise
COMMIT_WITHIN = 10  # times as long, whatever is left
POLL_S = 0.01
LINGER_MS = 50  # while more is read; a commit waits for none of it
READ_AHEAD = 2000  # of each partition
READ_AHEAD_KIB = 4096  # of all
SESSION_TIMEOUT_MS = 6000
SHARED = b"*"  # stands for the key in what is of the whole partition

T = TypeVar("T", bound=msgspec.Struct)


class Core(Protocol):
    """The pure part of a stateful service."""

    def decide(self, state: KeyEntries, record: Any, now_ms: int) -> Sequence[Effect]:
        """What to do about `record`; changes `state` by its own methods only."""


class _Out(NamedTuple):
    topic: str
    key: bytes | None
    octets: bytes
    headers: Headers | None  # None: those of the input record


class _StoredEntries:
    """Entries in the Quix Streams state of the current key."""

    __slots__ = ("_key", "_state", "trace")

    def __init__(self, state: State[str, Any], key: bytes | None, trace: str | None = None) -> None:
        self._state = state
        self._key = key
        self.trace = trace

    def get(self, name: str, kind: type[T]) -> T | None:
        octets = self._state.get_bytes(name)
        return None if octets is None else msgspec.msgpack.decode(octets, type=kind)

    def put(self, name: str, entry: msgspec.Struct, ttl_s: int) -> None:
        self._state.set_bytes(name, msgspec.msgpack.encode(entry), ttl=timedelta(seconds=ttl_s))

    def drop(self, name: str) -> None:
        self._state.delete(name)

    @property
    def key(self) -> str:
        return (self._key or b"").decode(errors="replace")

    @property
    def partition(self) -> int:
        return message_context().partition

    @property
    def shared(self) -> Entries:
        own: Any = self._state  # Quix Streams has no hook for this: the transaction of all keys
        return _StoredEntries(own._transaction.as_state(SHARED, own._timestamp), SHARED)


def run(
    core: Core,
    *,
    service: str,
    topic_in: str,
    kinds: Sequence[type[Record]],
    ground: Process,
    commit_after_s: float = COMMIT_AFTER_S,
) -> None:
    """Run `core` on `topic_in` until SIGTERM or SIGINT; raises what must restart the process.

    Where nobody waits for what is decided, a longer `commit_after_s` spares the broker: each
    transaction costs it some 10 ms of CPU, whether of one record or of a hundred. While more is
    there, a transaction grows to ten times as long.
    """
    kafka = ground.config.kafka
    keep_arenas_few()
    room = Room(ground.config.state_dir / ground.replica, ground.config.state_room_mib)
    if not room.wait():
        return
    own = begin_anew(kafka, ground.replica, service, topic_in)
    close_hanging(own, kafka, service, topic_in)
    del own  # Quix Streams makes one of its own, under the same transactional.id
    within_s = COMMIT_WITHIN * commit_after_s
    app = _application(ground.config, service, ground.replica, within_s)
    producer: Any = app._producer  # Quix Streams has no hook for this
    limit_s = request_timeout_s(kafka)
    watched(getattr, REQUEST_TIMEOUT_S)(producer._producer, "_producer")  # begins, without a limit
    batch = Batch(ground.metrics, service)
    producer.commit_transaction = batch.ended_by(watched(producer.commit_transaction, limit_s))
    producer.abort_transaction = watched(producer.abort_transaction, limit_s)
    decide = _decider(core, topic_in, service, tuple(kinds), ground, batch)
    source = app.topic(topic_in, value_deserializer="bytes", key_deserializer="bytes")
    act = _actor(decide, producer._producer.produce)
    app.dataframe(source).update(act, stateful=True, metadata=True)
    changelog = topics.changelog_of(service, topic_in)
    _note_assignment(app, ground, service, changelog)
    _commit_what_is_read(app, commit_after_s)
    with room.watched(app.stop):
        try:
            app.run()
        except InvalidStoreChangelogOffset as error:
            raise StateError(
                f"{ground.config.state_dir / ground.replica} holds more than its changelog "
                f"{changelog}, which has lost records (an unclean election?); remove that folder, "
                "and the state is what the changelog still has"
            ) from error


def _application(config: Config, service: str, replica: str, within_s: float) -> Application:
    common = client_settings(config.kafka)
    common.pop("logger")  # Quix Streams brings its own
    address = common.pop("bootstrap.servers")
    return Application(
        broker_address=address,
        consumer_group=service,
        auto_offset_reset="earliest",
        commit_interval=within_s,
        consumer_poll_timeout=POLL_S,
        state_dir=config.state_dir / replica,
        rocksdb_options=Limits(),
        auto_create_topics=False,
        auto_recover_from_source_offset_out_of_range=False,
        processing_guarantee="exactly-once",
        loglevel=None,
        consumer_extra_config={
            **common,
            "session.timeout.ms": SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": SESSION_TIMEOUT_MS // 3,
            "fetch.wait.max.ms": 5,
            "queued.min.messages": READ_AHEAD,
            "queued.max.messages.kbytes": READ_AHEAD_KIB,
        },
        producer_extra_config={
            **common,
            **producer_settings(),
            "transactional.id": f"heliograph-{replica}",
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "linger.ms": LINGER_MS,
        },
    )


def _commit_what_is_read(app: Any, after_s: float) -> None:
    """Commit as soon as nothing is left to read; Quix Streams knows an interval only."""
    poll_row, context = app._consumer.poll_row, app._processing_context

    def polled(timeout: float | None = None, *, buffered: bool = False) -> Any:
        row = poll_row(timeout=0, buffered=buffered)
        if row is not None:
            return row
        begun = context.checkpoint
        if begun.empty() or time.monotonic() - begun._created_at < after_s:
            return poll_row(timeout=timeout, buffered=buffered)
        begun._commit_interval = 0
        return None

    app._consumer.poll_row = polled


def _note_assignment(app: Any, ground: Process, service: str, changelog: str) -> None:
    """Recover from what is settled only; be ready from the first assignment on."""
    assign = app._on_assign

    def noted(consumer: Any, partitions: Sequence[Any]) -> None:
        places = [(own.topic, own.partition) for own in partitions if own.topic == changelog]
        await_settled(consumer, ground.config.kafka, service, places)
        assign(consumer, partitions)
        ground.is_ready = lambda: True

    app._on_assign = noted


def _actor(
    decide: Callable[..., Iterable[_Out]], produce: Callable[..., None]
) -> Callable[..., None]:
    """Writes what is decided, in the transaction that is open.

    Past the dataframe, whose way to a topic cost a router a sixth of its CPU. A record that can't
    be delivered fails the commit (librdkafka), so no report of each is asked for.
    """

    def act(
        value: bytes, key: bytes | None, timestamp: int, headers: Headers, state: State[str, Any]
    ) -> None:
        for out in decide(value, key, timestamp, headers, state):
            produce(
                topic=out.topic,
                value=out.octets,
                key=out.key,
                headers=headers if out.headers is None else out.headers,
            )

    return act


def _decider(
    core: Core,
    topic_in: str,
    service: str,
    kinds: tuple[type[Record], ...],
    ground: Process,
    batch: Batch,
) -> Callable[..., Iterable[_Out]]:
    codec, metrics = ground.codec, ground.metrics
    read = metrics.consumed(topic_in, service)
    spans = Spans(ground.tracer, service, topic_in, _place) if ground.tracer else None

    def decide(
        value: bytes, key: bytes | None, at_ms: int, headers: Headers | None, state: State[str, Any]
    ) -> Iterable[_Out]:
        read.value += 1
        batch.begin()
        trace = spans.begin(headers, at_ms) if spans else None
        record, fault = None, None
        try:
            record = codec.decode(value, *kinds)
        except UnreadableError as error:
            fault = error.reason
            origin = Origin(topic_in, *_place(), at_ms, headers)
            outs = [_dead(value, key, origin, service, error)]
            note_burial(metrics, origin, service, error)
        else:
            effects = core.decide(_StoredEntries(state, key, trace), record, now_ms())
            outs = [_out(effect, codec, spans) for effect in effects]
        if spans:
            spans.end(record, fault)
        for out in outs:
            metrics.sent(out.topic).value += 1
        return outs

    return decide


def _place() -> tuple[int, int]:
    """Partition and offset of the record being decided."""
    where = message_context()
    return where.partition, where.offset


def _out(effect: Effect, codec: Codec, spans: Spans | None) -> _Out:
    published = (
        effect if isinstance(effect, Publish) else timers.publication(effect, codec, now_ms())
    )
    octets = codec.encode(published.record, published.topic)
    headers = spans.headers_of(published.trace, published.record) if spans else None
    return _Out(published.topic, published.key.encode(), octets, headers)


def _dead(
    value: bytes,
    key: bytes | None,
    origin: Origin,
    service: str,
    error: UnreadableError,
) -> _Out:
    headers = error_headers(origin, service, error)
    return _Out(topics.dlq_of(origin.topic), key, value, headers)
