"""The scheduler as a process: moves timers on, exactly once.

Records of one timer topic all wait equally long, so the first of a partition is always the first to
go. When it may not go yet, its partition is paused at it until it may: memory holds one number a
partition, however many timers wait. What moves, moves in a transaction with the offsets.
"""

import heapq
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from pipeline import topics
from pipeline.batches import Batch
from pipeline.config import Config
from pipeline.dead_letters import error_headers, note_burial
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import (
    headers_of,
    make_member,
    next_offsets,
    now_ms,
    origin_of,
    produce,
    request_timeout_s,
    take,
)
from pipeline.kafka.pending import begin_anew
from pipeline.process import Process, process, stop_signal
from pipeline.records import Timer
from pipeline.traceparent import LINK_AFTER_MS, linked
from pipeline.transactions import watched
from services.scheduler.core import ripe_ms, target

GROUP = "scheduler"
POLL_S = 0.05


class Shell:
    """One scheduler process."""

    def __init__(self, ground: Process) -> None:
        kafka = ground.config.kafka
        self._ground = ground
        self._codec = ground.codec
        self._metrics = ground.metrics
        topic = next(iter(topics.TIMER_WAIT_S))
        self._producer: Producer = begin_anew(kafka, ground.replica, GROUP, topic)
        limit_s = request_timeout_s(kafka)
        self._send_offsets = watched(self._producer.send_offsets_to_transaction, limit_s)
        self._batch = Batch(ground.metrics, GROUP)
        commit = watched(self._producer.commit_transaction, limit_s)
        self._commit = self._batch.ended_by(commit)
        self._consumer: Consumer = make_member(kafka, GROUP)
        self._waiting: list[tuple[int, str, int]] = []  # heap: when ripe, topic, partition

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping`."""
        self._consumer.subscribe(list(topics.TIMER_WAIT_S), on_assign=self._note_assignment)
        try:
            while not stopping.is_set():
                self._resume_ripe()
                self._move(self._ripe(take(self._consumer, self._patience_s())))
        finally:
            self._consumer.close()

    def _note_assignment(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """What comes anew is looked at anew; librdkafka would keep an old pause of it for ever."""
        anew = {(tp.topic, tp.partition) for tp in partitions}
        self._waiting = [item for item in self._waiting if item[1:] not in anew]
        heapq.heapify(self._waiting)
        consumer.incremental_assign(partitions)
        consumer.resume(partitions)
        self._ground.is_ready = lambda: True

    def _patience_s(self) -> float:
        if not self._waiting:
            return POLL_S
        return max(0.0, min(POLL_S, (self._waiting[0][0] - now_ms()) / 1000))

    def _resume_ripe(self) -> None:
        moment, ripe = now_ms(), []
        while self._waiting and self._waiting[0][0] <= moment:
            _, topic, partition = heapq.heappop(self._waiting)
            ripe.append(TopicPartition(topic, partition))
        ours = {(tp.topic, tp.partition) for tp in self._consumer.assignment()} if ripe else set()
        self._consumer.resume([tp for tp in ripe if (tp.topic, tp.partition) in ours])

    def _ripe(self, messages: Iterable[Message]) -> list[Message]:
        """Those that may move; their partitions wait at the first that may not."""
        moment, ripe = now_ms(), []
        by_partition: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            by_partition[message.topic() or "", message.partition() or 0].append(message)
        for (topic, partition), column in by_partition.items():
            for message in column:
                at_ms = ripe_ms(message.timestamp()[1], topics.TIMER_WAIT_S[topic])
                if at_ms > moment:
                    where = TopicPartition(topic, partition, message.offset() or 0)
                    self._consumer.pause([where])
                    self._consumer.seek(where)
                    heapq.heappush(self._waiting, (at_ms, topic, partition))
                    break
                ripe.append(message)
        return ripe

    def _move(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        self._batch.begin()
        self._producer.begin_transaction()
        for message in messages:
            self._metrics.consumed(message.topic() or "", GROUP).value += 1
            self._forward(message)
        self._send_offsets(next_offsets(messages), self._consumer.consumer_group_metadata())
        self._commit()

    def _forward(self, message: Message) -> None:
        headers = headers_of(message)
        octets = message.value()
        try:
            timer = self._codec.decode(octets, Timer)
        except UnreadableError as error:
            came_from = origin_of(message)
            dead = error_headers(came_from, GROUP, error)
            self._write(topics.dlq_of(came_from.topic), message.key(), octets, dead)
            note_burial(self._metrics, came_from, GROUP, error)
            return
        where = target(timer, now_ms())
        value = timer.value if where == timer.topic else octets
        waited_ms = topics.TIMER_WAIT_S[message.topic() or ""] * 1000
        if self._ground.tracer and waited_ms > LINK_AFTER_MS:
            headers = linked(headers)
        self._write(where, timer.key, value, headers)

    def _write(
        self,
        topic: str,
        key: bytes | str | None,
        octets: bytes | None,
        headers: Headers | None,
    ) -> None:
        produce(self._producer, topic, key, octets, headers=headers)
        self._metrics.sent(topic).value += 1


def main(config: Config, replica: str) -> None:
    """Run one scheduler replica."""
    stopping = stop_signal()
    with process("scheduler", config, replica) as ground:
        Shell(ground).run(stopping)
