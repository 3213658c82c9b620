"""One member of a consumer group, for an asyncio loop.

One thread owns a consumer: every other call on it would wait as long as the poll under way
(measured: delivery.md, section 0), so `Membership` takes orders through a queue and hands batches
and rebalances to the loop.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import (
    OFFSET_INVALID,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import (
    LOG,
    REQUEST_TIMEOUT_S,
    make_member,
    take,
    watermarks,
)

POLL_S = 0.02
HOLD_S = 0.5
FETCH_OCTETS_MAX = 256 * 1024  # of a partition, compressed: it may become ten times that


@dataclass(frozen=True, slots=True)
class Commit:
    """Up to where one partition is done, and what its next owner should know."""

    topic: str
    partition: int
    offset: int
    metadata: str


@dataclass(frozen=True, slots=True)
class Start:
    """Where one partition was left: `offset` None when nobody ever owned it; `end` is the next
    offset that will be appended."""

    topic: str
    partition: int
    offset: int | None
    metadata: str
    end: int


class Listener(Protocol):
    """What a Membership tells. All but `prepare` run on the loop."""

    def prepare(self, starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        """On the consumer's thread, before an assignment counts: gather what it needs."""

    def assigned(self, starts: Sequence[Start], prepared: Mapping[tuple[str, int], object]) -> None:
        """These partitions are ours from now on."""

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        """Finish with these partitions; the consumer's thread waits, then commits the answer."""

    def lost(self, partitions: Sequence[tuple[str, int]]) -> None:
        """These partitions are somebody else's already."""

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        """The last commit of these was refused, or went unanswered: commit again."""

    def received(self, messages: Sequence[Message]) -> None:
        """Records in order per partition."""


class Membership:
    """One member of a consumer group on its own thread, working for an asyncio loop.

    At most one batch is under way to the loop at a time; a listener that has enough says `hold`.
    `revoke_timeout_s` bounds how long a rebalance waits for `Listener.revoked`; records of `urgent`
    topics are handed over while others are held.
    """

    def __init__(
        self,
        kafka: KafkaConfig,
        group: str,
        topics: Sequence[str],
        listener: Listener,
        *,
        revoke_timeout_s: float,
        urgent: Collection[str] = (),
    ) -> None:
        self._topics = list(topics)
        self._urgent = frozenset(urgent)
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._revoke_timeout_s = revoke_timeout_s
        self._orders: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._taken = threading.Event()
        self._is_free = threading.Event()
        self._is_free.set()
        self._held: frozenset[str] = frozenset()  # topics
        self._paused: frozenset[str] = frozenset()
        self._held_since = 0.0
        self._consumer = make_member(
            kafka,
            group,
            queued_min_messages=1000,
            queued_max_messages_kbytes=8192,
            fetch_queue_backoff_ms=10,  # its 1 s lets a replica starve beside a full topic
            fetch_message_max_bytes=FETCH_OCTETS_MAX,
            on_commit=self._on_commit,
        )
        self.ended: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name=f"group {group}", daemon=True)

    def start(self) -> None:
        """Join the group."""
        self._thread.start()

    async def stop(self) -> None:
        """Give all partitions back by `Listener.revoked` and leave the group."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join, self._revoke_timeout_s + REQUEST_TIMEOUT_S)

    def commit(self, commits: Sequence[Commit]) -> None:
        """Commit without waiting; `Listener.uncommitted` hears of what failed."""
        offsets = _offsets(commits)
        self._orders.put(lambda: self._consumer.commit(offsets=offsets, asynchronous=True))

    def confirm(self, commits: Sequence[Commit], confirmed: Callable[[], None]) -> None:
        """`confirmed()` on the loop once the group has taken these, so that we still own them.

        A member that was thrown out meanwhile is refused, and hears of that by `Listener.lost`.
        """

        def ask() -> None:
            self._consumer.commit(offsets=_offsets(commits), asynchronous=False)
            self._loop.call_soon_threadsafe(confirmed)

        self._orders.put(ask)

    def hold(self, *, everything: bool = False) -> None:
        """Hand over no more until `go_on`, but what is urgent, unless it is `everything`.

        Rebalances and what is urgent are served all the same, `HOLD_S` late.
        """
        topics = frozenset(self._topics)
        self._held = topics if everything else topics - self._urgent
        self._is_free.clear()

    def go_on(self) -> None:
        """Hand over again."""
        self._held = frozenset()
        self._is_free.set()

    def _run(self) -> None:
        try:
            self._consumer.subscribe(
                self._topics,
                on_assign=self._on_assign,
                on_revoke=self._on_revoke,
                on_lost=self._on_lost,
            )
            while not self._stopping.is_set():
                self._obey()
                if self._is_free.wait(POLL_S) or time.monotonic() > self._held_since + HOLD_S:
                    self._poll()
            self._consumer.close()  # calls _on_revoke for what is still ours
        except Exception as error:  # whatever it was, the process must know and end
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _poll(self) -> None:
        """Take what there is. A hold that lasts becomes a pause, for a member has to poll.

        A short one does not: what is resumed is fetched anew, up to a second later (measured).
        """
        held = self._held
        if held != self._paused:
            changed, self._paused = held ^ self._paused, held
            self._pause([tp for tp in self._consumer.assignment() if tp.topic in changed])
        self._hand_over(take(self._consumer, POLL_S))
        if not held:
            self._held_since = time.monotonic()

    def _pause(self, partitions: list[TopicPartition]) -> None:
        """Pause those that are held, resume the others."""
        self._consumer.pause([tp for tp in partitions if tp.topic in self._paused])
        self._consumer.resume([tp for tp in partitions if tp.topic not in self._paused])

    def _obey(self) -> None:
        while not self._orders.empty():
            order = self._orders.get()
            try:
                order()
            except KafkaException as error:  # the partition has just left: its owner knows better
                LOG.warning("order refused: %s", error)

    def _hand_over(self, messages: list[Message]) -> None:
        if messages:
            self._taken.clear()
            self._loop.call_soon_threadsafe(self._receive, messages)
            while not self._taken.wait(0.1) and not self._stopping.is_set():
                pass

    def _receive(self, messages: list[Message]) -> None:
        self._taken.set()
        try:
            self._listener.received(messages)
        except Exception as error:  # these records would be neither done nor read again
            self._end(error)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        committed = consumer.committed(partitions, timeout=REQUEST_TIMEOUT_S)
        _commit_unowned(consumer, committed)
        starts = [
            Start(
                tp.topic,
                tp.partition,
                None if tp.offset == OFFSET_INVALID else tp.offset,
                tp.metadata or "",
                watermarks(consumer, tp)[1],
            )
            for tp in committed
        ]
        prepared = self._listener.prepare(starts)
        self._loop.call_soon_threadsafe(self._listener.assigned, starts, prepared)
        consumer.incremental_assign(partitions)
        self._pause(partitions)  # or resume: one that left while it was paused is so still

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        finishing = self._listener.revoked([(tp.topic, tp.partition) for tp in partitions])
        commits = self._wait(finishing)
        self._obey()
        if commits:
            consumer.commit(offsets=_offsets(commits), asynchronous=False)
        consumer.incremental_unassign(partitions)

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        keys = [(tp.topic, tp.partition) for tp in partitions]
        self._loop.call_soon_threadsafe(self._listener.lost, keys)
        consumer.incremental_unassign(partitions)

    def _on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        failed = [(tp.topic, tp.partition) for tp in partitions if error or tp.error]
        if failed:
            LOG.warning("not committed: %s", error or partitions[0].error)
            self._loop.call_soon_threadsafe(self._listener.uncommitted, failed)

    def _wait(self, finishing: Coroutine[Any, Any, Sequence[Commit]]) -> Sequence[Commit]:
        future = asyncio.run_coroutine_threadsafe(finishing, self._loop)
        try:
            return future.result(self._revoke_timeout_s)
        except TimeoutError:
            future.cancel()
            LOG.warning("gave partitions back unfinished after %s s", self._revoke_timeout_s)
            return ()


def _commit_unowned(consumer: Consumer, committed: list[TopicPartition]) -> None:
    """Say that these have an owner now: who comes after a crash knows that one was there."""
    first = [TopicPartition(tp.topic, tp.partition, 0) for tp in committed if tp.offset < 0]
    if first:
        consumer.commit(offsets=first, asynchronous=False)


def _offsets(commits: Iterable[Commit]) -> list[TopicPartition]:
    return [TopicPartition(c.topic, c.partition, c.offset, c.metadata) for c in commits]
