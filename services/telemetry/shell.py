"""Reads the public topics, once for all: the view takes a batch, then every listener hears it.

It reads them under a group of its own, which commits what all have heard. What keeps its own
offsets, as the view does with what it made of them, says from where it goes on.
"""

import threading
from collections.abc import Sequence
from functools import cache

from confluent_kafka import Consumer, TopicPartition

from pipeline import topics
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import make_member, next_offsets, origin_of, take
from pipeline.process import Process
from pipeline.records import Dlr, Mo, MtEvent
from services.telemetry.heard import Heard, Listener
from services.telemetry.view import View

GROUP = "telemetry"
READS = (topics.MT_EVENT, topics.DLR, topics.DLR_ORPHAN, topics.MO)
POLL_S = 0.1


class Shell:
    """One consumer and all who hear it."""

    def __init__(self, ground: Process, view: View, listeners: Sequence[Listener]) -> None:
        self._ground = ground
        self._view = view
        self._listeners = listeners
        self._dead = cache(
            lambda topic, why: ground.metrics.counter("sms.records.dead", topic=topic, reason=why)
        )

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping`."""
        consumer = make_member(self._ground.config.kafka, GROUP)
        consumer.subscribe(list(READS), on_assign=self._assign)
        try:
            while not stopping.is_set():
                self._read(consumer)
        finally:
            consumer.close()

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for tp in partitions:
            begin = self._view.begin(tp.topic, tp.partition)
            if begin is not None:
                tp.offset = begin
        consumer.incremental_assign(partitions)
        self._ground.is_ready = lambda: True

    def _read(self, consumer: Consumer) -> None:
        messages = take(consumer, POLL_S)
        if not messages:
            return
        batch = []
        for message in messages:
            topic, partition, offset, at_ms, _ = origin_of(message)
            try:
                record = self._ground.codec.decode(message.value(), MtEvent, Dlr, Mo)
            except UnreadableError as error:
                self._dead(topic, error.reason).value += 1
                continue
            self._ground.metrics.consumed(topic, GROUP).value += 1
            batch.append(Heard(topic, partition, offset, at_ms, record))
        moved = self._view.apply(batch)
        for listener in self._listeners:
            listener.heard(batch, moved)
        consumer.commit(offsets=next_offsets(messages), asynchronous=True)
