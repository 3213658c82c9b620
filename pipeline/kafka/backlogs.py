"""Asks on a thread of its own, twice a second, how far groups are behind on topics."""

import threading
import time
from collections.abc import Callable, Collection, Mapping

import structlog

from pipeline.config import KafkaConfig
from pipeline.kafka.clients import known_topics, make_consumer
from pipeline.kafka.lag import Lag

LOG = structlog.get_logger()
ASK_EVERY_S = 0.5
LOOK_EVERY_S = 5.0  # for topics that were not there before, or not all of their partitions
FORGET_S = 10.0  # an answer older than that says nothing any more
START_TIMEOUT_S = 5.0
STOP_TIMEOUT_S = 15.0

Answer = Mapping[str, int]


class Backlogs:
    """Questions and answers; what can't be asked for FORGET_S is answered by nothing at all."""

    def __init__(
        self,
        kafka: KafkaConfig,
        group_of: Callable[[Collection[str]], Mapping[str, str]],
        ask: Callable[[], Callable[[Answer], None]],
    ) -> None:
        """`group_of` says of the topics there are which count, and who reads each.

        `ask` is called on the thread before each question; what it returns takes the answer: the
        records behind, by topic.
        """
        self._kafka = kafka
        self._group_of = group_of
        self._ask = ask
        self._consumer = make_consumer(kafka, "heliograph-reader")
        self._lag: Lag | None = None
        self._read: Mapping[str, tuple[str, int]] = {}  # by topic: who reads it, and its partitions
        self._look_at_s = 0.0
        self._forget_at_s = 0.0
        self._stopping = threading.Event()
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backlogs", daemon=True)

    def start(self) -> None:
        """Ask from now on; returns with the first answer, or after START_TIMEOUT_S without."""
        self._thread.start()
        self._answered.wait(START_TIMEOUT_S)

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._once()
            except Exception as error:  # a fault of who takes the answer: the next may be taken
                LOG.warning("what is queued could not be taken", error=repr(error))
            self._stopping.wait(ASK_EVERY_S)

    def _once(self) -> None:
        take = self._ask()
        try:
            lag = self._look()
            answer = {topic: progress.behind for topic, progress in lag.ask().items()}
        except Exception as error:  # whatever it was, the next question may be answered
            LOG.warning("how much is queued is not known", error=repr(error))
            if time.monotonic() > self._forget_at_s:
                take({})
            return
        self._forget_at_s = time.monotonic() + FORGET_S
        take(answer)
        self._answered.set()

    def _look(self) -> Lag:
        """What asks for the topics there are now."""
        if self._lag is None or time.monotonic() > self._look_at_s:
            there = known_topics(self._consumer, self._kafka)
            group_of = self._group_of([name for name, topic in there.items() if not topic.error])
            read = {name: (group_of[name], len(there[name].partitions)) for name in group_of}
            if self._lag is None or read != self._read:
                self._lag, self._read = Lag(self._kafka, group_of), read
            self._look_at_s = time.monotonic() + LOOK_EVERY_S
        return self._lag
