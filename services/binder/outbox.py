"""What one connector writes to Kafka, and when it counts as written.

An outcome goes to two topics, the public one (on the partition number of its submit record) and the
correlator's, and what a person is to judge to a third; it counts when Kafka has confirmed all. A
refusal for good ends the process: it
restarts from what is committed and finds in its own output what was confirmed.
"""

from collections.abc import Callable
from functools import cache

from confluent_kafka import KafkaError, Message, Producer
from msgspec.structs import replace

from pipeline import topics
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Headers, PublishLater
from pipeline.errors import HeliographError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import BY_KEY, Origin, headers_of, origin_of, produce
from pipeline.process import Process
from pipeline.records import ConnectorState, MtSubmit, MtSubmitted, SmscDeliver
from pipeline.timers import publication
from pipeline.unresolved import key_of
from services.binder.core import INTENT, Outcome, Segment, submitted

FAILED = {"rejected", "unknown"}


class OutcomeRefusedError(HeliographError):
    """Kafka refused a record for good; the process must restart."""


class Outbox:
    """The producer side of one connector."""

    def __init__(
        self,
        name: ConnectorId,
        process: Process,
        producer: Producer,
        generation: int,
        fail: Callable[[Exception], None],
    ) -> None:
        """`fail` ends the process."""
        self._name = name
        self._replica = process.replica
        self._codec = process.codec
        self._producer = producer
        self._fail = fail
        self._metrics = process.metrics
        self._process = process
        self._generation = generation
        self._output = topics.submitted(name, generation)
        self._delivered = process.metrics.counter("sms.binder.delivered", connector=name)
        self._answered = cache(
            lambda outcome: process.metrics.counter(
                "sms.binder.answered", connector=name, outcome=outcome
            )
        )

    def conclude(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        """Publish an outcome; `done(offset in the own output)` once every topic has it."""
        record = submitted(segment, outcome, self._name, self._replica, now_ms)
        headers = segment.headers if segment.trace is None else self._trace(segment, record)
        octets = self._codec.encode(record, self._output)
        is_asked = _is_for_a_person(record, segment.submit)
        missing, place = 3 if is_asked else 2, 0

        def confirmed(error: KafkaError | None, message: Message) -> None:
            nonlocal missing, place
            if self._refused(error, message):
                return
            if message.topic() == self._output:
                place = message.offset() or 0
            missing -= 1
            if not missing:
                done(place)

        message_id, partition = record.message_id, record.submit_partition
        self._write(self._output, message_id, octets, headers, confirmed, partition)
        self._write(topics.CORRELATOR_IN, record.recipient, octets, headers, confirmed)
        if is_asked:
            self._ask(segment.submit, segment.attempt, headers, confirmed)
        self._answered(outcome.name).value += 1

    def _trace(self, segment: Segment, record: MtSubmitted) -> Headers | None:
        """Tell the span of a sampled segment; its headers go on with the outcome."""
        tracer = self._process.tracer
        if tracer is None or segment.trace is None:
            return segment.headers
        place = segment.position
        topic = topics.submit(self._name, self._generation, priority=place.priority)
        origin = Origin(topic, place.partition, place.offset, 0, segment.headers)
        span = tracer.begin(segment.trace, f"binder-{self._name}", origin, segment.taken_ns)
        if segment.written_ms is not None:
            span.happened("written", segment.written_ms)
        if record.command_status is not None:
            span.happened("answered", record.answered_ms)
        span.end(record, record.reason if record.outcome in FAILED else None)
        return span.headers

    def postpone(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        """Have the segment come back at its `retry_at_ms`, and only then publish the outcome.

        A crash in between leaves it to the next owner as what it is: written, and unconfirmed.
        """
        own, lane = self._process.config.connectors[self._name], segment.position.priority
        submit = replace(segment.submit, attempts=segment.attempt)
        key = submit.source_addr if own.key == "sender" else submit.recipient
        topic = topics.submit(self._name, own.generation, priority=lane)
        assert outcome.retry_at_ms is not None
        wait = publication(
            PublishLater(outcome.retry_at_ms, topic, key, submit), self._codec, now_ms
        )
        then = self._then(lambda: self.conclude(segment, outcome, now_ms, done))
        octets = self._codec.encode(wait.record, wait.topic)
        self._write(wait.topic, wait.key, octets, segment.headers, then)

    def intend(self, segment: Segment, now_ms: int, done: Callable[[int], None]) -> None:
        """Publish that a segment is about to be written; `done(offset in the own output)`."""
        record = submitted(segment, INTENT, self._name, self._replica, now_ms)
        octets = self._codec.encode(record, self._output)
        partition = record.submit_partition

        def confirmed(error: KafkaError | None, message: Message) -> None:
            if not self._refused(error, message):
                done(message.offset() or 0)

        self._write(self._output, record.message_id, octets, segment.headers, confirmed, partition)

    def repeat(self, record: MtSubmitted, message: Message, done: Callable[[], None]) -> None:
        """Write what else belongs to an outcome of `message` that the own output holds already.

        That is the correlator's copy and, where a person is to judge it, the row: who wrote the
        outcome may have died before them.
        """
        is_doubtful = record.outcome == "unknown"
        submit = self._codec.decode(message.value(), MtSubmit) if is_doubtful else None
        is_asked = submit is not None and _is_for_a_person(record, submit)
        missing = 2 if is_asked else 1

        def confirmed(error: KafkaError | None, said: Message) -> None:
            nonlocal missing
            if self._refused(error, said):
                return
            missing -= 1
            if not missing:
                done()

        octets = self._codec.encode(record, self._output)
        headers = headers_of(message)
        self._write(topics.CORRELATOR_IN, record.recipient, octets, headers, confirmed)
        if submit is not None and is_asked:
            self._ask(submit, record.attempt, headers, confirmed)

    def _ask(
        self,
        submit: MtSubmit,
        attempt: int,
        headers: Headers | None,
        confirmed: Callable[[KafkaError | None, Message], None],
    ) -> None:
        """Have a person judge a segment."""
        asked = replace(submit, connector=self._name, attempts=max(1, attempt))
        octets = self._codec.encode(asked, topics.MT_UNRESOLVED)
        self._write(topics.MT_UNRESOLVED, key_of(asked), octets, headers, confirmed)

    def bury(self, message: Message, error: UnreadableError, done: Callable[[], None]) -> None:
        """Put a record that can't be read to the dead letters, octets untouched."""
        came_from, group = origin_of(message), f"binder-{self._name}"
        headers = error_headers(came_from, group, error)
        dead = topics.dlq_of(came_from.topic)
        self._write(dead, message.key(), message.value(), headers, self._then(done))
        note_burial(self._metrics, came_from, group, error)

    def deliver(self, record: SmscDeliver, answer: Callable[[bool], None]) -> None:
        """Publish what the SMSC delivered; `answer(True)` once Kafka has it."""

        def confirmed(error: KafkaError | None, _: Message) -> None:
            answer(error is None)

        octets = self._codec.encode(record, topics.CORRELATOR_IN)
        self._write(topics.CORRELATOR_IN, record.handset, octets, None, confirmed)
        self._delivered.value += 1

    def state(self, record: ConnectorState) -> None:
        """Say how a bind lease is."""
        octets = self._codec.encode(record, topics.CONNECTOR_STATE)
        role = "/receiver" if record.is_receiver else ""
        key = f"{record.connector}/{record.partition}{role}"
        self._write(topics.CONNECTOR_STATE, key, octets, None, self._then(lambda: None))

    def _then(self, done: Callable[[], None]) -> Callable[[KafkaError | None, Message], None]:
        def confirmed(error: KafkaError | None, message: Message) -> None:
            if not self._refused(error, message):
                done()

        return confirmed

    def _refused(self, error: KafkaError | None, message: Message) -> bool:
        if error is not None:
            self._fail(OutcomeRefusedError(f"{message.topic()}: {error!s}"))
        return error is not None

    def _write(
        self,
        topic: str,
        key: bytes | str | None,
        octets: bytes | None,
        headers: Headers | None,
        confirmed: Callable[[KafkaError | None, Message], None],
        partition: int = BY_KEY,
    ) -> None:
        produce(
            self._producer,
            topic,
            key,
            octets,
            headers=headers,
            partition=partition,
            on_delivery=confirmed,
        )


def _is_for_a_person(record: MtSubmitted, submit: MtSubmit) -> bool:
    return record.outcome == "unknown" and submit.on_ambiguous == "ask"
