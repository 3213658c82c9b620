"""Intake as a process: stateless, at least once.

A batch is read, each request decided, all that follows from it confirmed by Kafka, and only then
the batch committed. After a crash the batch is repeated, and the router knows a repeat by its
source.
"""

import threading
from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, KafkaError, Message, Producer

from pipeline import topics
from pipeline.config import Config
from pipeline.dead_letters import error_headers
from pipeline.errors import HeliographError, MisshapenError, UnreadableError
from pipeline.kafka.clients import (
    make_member,
    make_producer,
    next_offsets,
    now_ms,
    produce,
    take,
)
from pipeline.process import Process, process, stop_signal
from services.intake.core import Intake, ShapeFault, Source

LOG = structlog.get_logger()
GROUP = "intake"
POLL_S = 0.1
FLUSH_TIMEOUT_S = 30


class RefusedError(HeliographError):
    """Kafka has not taken a record; the process must restart and repeat the batch."""


class Shell:
    """One intake process."""

    def __init__(self, ground: Process) -> None:
        self._ground = ground
        self._core = Intake(ground.config)
        self._codec = ground.codec
        self._metrics = ground.metrics
        self._read = ground.metrics.counter("sms.records.read", topic=topics.MT_REQUEST)
        self._written = ground.metrics.counter("sms.records.written", service=GROUP)
        self._producer: Producer = make_producer(ground.config.kafka)
        self._consumer: Consumer = make_member(ground.config.kafka, GROUP)
        self._refusal: KafkaError | None = None

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping`."""
        self._consumer.subscribe(
            topics.requests(self._ground.config.tenants),
            on_assign=lambda *_: self._note_assignment(),
        )
        try:
            while not stopping.is_set():
                messages = take(self._consumer, POLL_S)
                if messages:
                    self._admit(messages)
        finally:
            self._consumer.close()

    def _note_assignment(self) -> None:
        self._ground.is_ready = lambda: True

    def _admit(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._read.value += 1
            self._decide(message)
            self._written.value += 1
        unsent = self._producer.flush(FLUSH_TIMEOUT_S)
        if unsent or self._refusal:
            raise RefusedError(f"{unsent} records unsent, refused: {self._refusal!s}")
        self._consumer.commit(offsets=next_offsets(messages), asynchronous=False)

    def _decide(self, message: Message) -> None:
        source = Source(
            message.topic() or "",
            message.partition() or 0,
            message.offset() or 0,
            message.timestamp()[1],
        )
        try:
            request = self._codec.decode_request(message.value())
        except UnreadableError as error:
            self._bury(message, source, error)
            return
        except MisshapenError as error:
            effect = self._core.decide(ShapeFault(error.message_id, error.detail), source, now_ms())
        else:
            effect = self._core.decide(request, source, now_ms())
        octets = self._codec.encode(effect.record, effect.topic)
        headers = message.headers()
        produce(
            self._producer,
            effect.topic,
            effect.key,
            octets,
            headers=headers if isinstance(headers, list) else None,
            on_delivery=self._note,
        )

    def _bury(self, message: Message, source: Source, error: UnreadableError) -> None:
        headers = error_headers(source.topic, source.partition, source.offset, GROUP, error)
        produce(
            self._producer,
            topics.dlq_of(source.topic),
            message.key(),
            message.value(),
            headers=headers,
            on_delivery=self._note,
        )
        self._metrics.counter(
            "sms.records.dead", topic=source.topic, reason=error.reason
        ).value += 1

    def _note(self, error: KafkaError | None, _: Message) -> None:
        self._refusal = self._refusal or error


def main(config: Config, replica: str) -> None:
    """Run one intake replica."""
    stopping = stop_signal()
    with process("intake", config, replica) as ground:
        Shell(ground).run(stopping)
