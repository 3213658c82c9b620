"""How far each consumer group is behind, by records and by time, and how fast it goes on.

What waits by design keeps nobody waiting. Bulk that intake holds back is told with its connector;
a timer counts once it is overdue, requests while their tenant is not paused; and of a binder what
it has done out of order, or what is paused, is taken off (pipeline/capacity.py).
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog
from confluent_kafka import KafkaException

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.errors import BrokerError
from pipeline.ids import ConnectorId
from pipeline.kafka.ages import Ages
from pipeline.kafka.clients import known_topics, make_consumer, now_ms, patiently
from pipeline.kafka.lag import Lag, Place, Progress
from pipeline.kafka.letters import GROUP as OPERATOR
from pipeline.kafka.unread import Unread
from pipeline.process import catalog
from pipeline.readers import reader_of
from pipeline.stops import Stops
from services.telemetry.shell import GROUP, READS
from services.telemetry.snapshot import Group

LOG = structlog.get_logger()
LOOK_EVERY_S = 5.0  # for topics that were not there before, for ages, for dead letters
TIMERS = {name: int(wait_s * 1000) for name, wait_s in topics.TIMER_WAIT_S.items()}


class Asked(NamedTuple):
    """One answer of Kafka."""

    groups: tuple[Group, ...] = ()
    done: Mapping[str, int] = {}  # records that each group has committed, ever
    letters: Mapping[str, int] = {}  # dead letters nobody has dealt with, by topic
    behind: int = 0  # of telemetry itself
    unread: frozenset[int] | None = None  # partitions of its events; None before any answer


class Groups:
    """Asks for all groups at once; not for several threads."""

    def __init__(self, config: Config, capacity: Capacity, stops: Stops) -> None:
        self._config = config
        self._capacity = capacity
        self._stops = stops
        self._consumer = make_consumer(config.kafka, "heliograph-reader")
        self._ages = Ages(config.kafka)
        self._lag: Lag | None = None
        self._read: Mapping[str, tuple[str, int]] = {}  # by topic: who reads it, its partitions
        self._look_at_s = 0.0
        self._old_ms: Mapping[str, int] = {}  # by topic: since when the oldest that waits is due
        self._aged: tuple[int, Mapping[str, int]] = (0, {})  # when that was asked, what was done
        buried = dict.fromkeys(topic.dlq for topic in catalog(config) if topic.dlq)
        self._unread = Unread(config.kafka, OPERATOR, buried)
        self._letters: Mapping[str, int] = {}
        self._before: tuple[float, Mapping[str, int]] = (0.0, {})

    def ask(self) -> Asked:
        """How it stands now; raises KafkaException and BrokerError."""
        answered = self._capacity.ask()
        is_time = self._lag is None or time.monotonic() > self._look_at_s
        lag = self._look() if self._lag is None or is_time else self._lag
        told = lag.ask()
        group_of = {topic: group for topic, (group, _) in self._read.items()}
        if is_time:
            self._look_at_s = time.monotonic() + LOOK_EVERY_S
            self._old_ms = self._oldest(lag.starts, group_of)
            self._aged = now_ms(), done_of(told, group_of)
            self._letters = self._unread.ask()
        answered({topic: progress.behind for topic, progress in told.items()})
        done = done_of(told, group_of)
        groups = self._rows(told, group_of, done)
        self._before = time.monotonic(), done
        return Asked(
            groups,
            done,
            letters=self._letters,
            behind=sum(told[topic].behind for topic in READS if topic in told),
            unread=frozenset(part for topic, part in lag.starts if topic == topics.MT_EVENT),
        )

    def patiently_ask(self) -> Asked:
        """The same, but a cluster that elects is waited for; raises BrokerError."""
        try:
            return patiently(self.ask)()
        except KafkaException as error:
            where = self._config.kafka.bootstrap_servers
            raise BrokerError(f"consumer groups can't be asked at {where}: {error}") from error

    def close(self) -> None:
        """Ask no more."""
        self._ages.close()
        self._unread.close()
        self._consumer.close()

    def _look(self) -> Lag:
        """What asks for the topics there are now."""
        there = known_topics(self._consumer, self._config.kafka)
        wanted = {**reader_of(self._config), **dict.fromkeys(READS, GROUP)}
        group_of = {topic: group for topic, group in wanted.items() if topic in there}
        read = {topic: (group, len(there[topic].partitions)) for topic, group in group_of.items()}
        if self._lag is None or read != self._read:
            self._lag, self._read = Lag(self._config.kafka, group_of), read
        return self._lag

    def _oldest(self, starts: Mapping[Place, int], group_of: Mapping[str, str]) -> dict[str, int]:
        asked = {
            place: start for place, start in starts.items() if not is_wait(place[0], self._stops)
        }
        oldest: dict[str, int] = {}
        for (topic, _), at_ms in self._ages.ask(asked).items() if asked else ():
            due_ms = at_ms + TIMERS.get(topic, 0)
            oldest[topic] = min(oldest.get(topic, due_ms), due_ms)
        return oldest

    def _rows(
        self, told: Mapping[str, Progress], group_of: Mapping[str, str], done: Mapping[str, int]
    ) -> tuple[Group, ...]:
        now, at_s = now_ms(), time.monotonic()
        before_s, before = self._before
        known = self._capacity, self._stops, self._config
        lags = lags_of(told, group_of, *known, self._old_ms, now)
        rows = []
        for group, lag in lags.items():
            oldest = min(
                (at for t, at in self._old_ms.items() if group_of.get(t) == group), default=now
            )
            asked_ms, aged = self._aged
            as_of = now if aged.get(group) == done[group] else asked_ms  # it has gone on since
            gained = done.get(group, 0) - before.get(group, done.get(group, 0))
            rows.append(
                Group(
                    name=group,
                    lag=lag,
                    age_s=round((as_of - oldest) / 1000, 1) if lag and oldest < as_of else None,
                    done_per_s=round(max(0, gained) / max(at_s - before_s, 0.1), 1),
                )
            )
        return tuple(rows)


def done_of(told: Mapping[str, Progress], group_of: Mapping[str, str]) -> dict[str, int]:
    """Records that each group has committed, ever."""
    done: dict[str, int] = {}
    for topic, progress in told.items():
        done[group_of[topic]] = done.get(group_of[topic], 0) + progress.done
    return done


def lags_of(
    told: Mapping[str, Progress],
    group_of: Mapping[str, str],
    capacity: Capacity,
    stops: Stops,
    config: Config,
    due_ms: Mapping[str, int],
    now: int,
) -> dict[str, int]:
    """What each group has to read now, by the answer of Kafka and what binders and operators say.

    `due_ms` says since when the oldest record of a topic is due.
    """
    lags: dict[str, int] = {}
    for topic, progress in told.items():
        group = group_of[topic]
        is_early = topic in TIMERS and due_ms.get(topic, now) >= now
        waits = is_wait(topic, stops) or is_early
        lags[group] = lags.get(group, 0) + (0 if waits else progress.behind)
    for name in config.connectors:
        filled = capacity.filled(ConnectorId(name))
        if filled is not None and f"binder-{name}" in lags:
            lags[f"binder-{name}"] = filled.queued
    return lags


def is_wait(topic: str, stops: Stops) -> bool:
    """Whether it holds bulk until a connector has room, or requests of who is paused."""
    tenant = topics.tenant_of(topic)
    return bool(topics.waits([topic])) or (tenant is not None and stops.pauses_all_of(tenant))


def keep_asking(
    config: Config,
    capacity: Capacity,
    stops: Stops,
    take: Callable[[Asked], None],
    interval_s: float,
    stopping: threading.Event,
) -> None:
    """Ask again and again until `stopping`; while no answer comes, what was known stays."""
    groups: Groups | None = None
    while not stopping.wait(interval_s):
        try:
            groups = groups or Groups(config, capacity, stops)
            take(groups.ask())
        except (KafkaException, BrokerError) as error:
            LOG.warning("the backlogs on show are old", error=str(error))
    if groups is not None:
        groups.close()
