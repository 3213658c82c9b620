"""How much that is not urgent may go on to the router: as much as keeps its queue short.

All lanes come together in `sms.router.in`, so what waits there waits before a one-time password
too. Campaigns wait in their own topics instead, where a code does not meet them.
"""

import threading
import time
from collections.abc import Callable

import structlog

from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.kafka.lag import Lag, Progress

LOG = structlog.get_logger()
ASK_EVERY_S = 0.1
ROUTER_GROUP = "router"
BEHIND_MIN = 2000  # records: what one commit and one question hold at 6,000 a second
SMOOTHING = 0.2  # of the newest rate in the one believed


class Allowance:
    """How many more may go, by how fast the router is; pure. Times are monotonic seconds."""

    def __init__(self, behind_max_s: float) -> None:
        self._behind_max_s = behind_max_s
        self._per_s = 0.0
        self._before: tuple[float, int] | None = None

    def after(self, progress: Progress, now_s: float) -> int:
        """What is missing to the work of so many seconds, at least to BEHIND_MIN records."""
        if self._before is not None and now_s > self._before[0]:
            newest = (progress.done - self._before[1]) / (now_s - self._before[0])
            self._per_s += SMOOTHING * (max(0.0, newest) - self._per_s)
        self._before = now_s, progress.done
        most = max(BEHIND_MIN, int(self._per_s * self._behind_max_s))
        return max(0, most - progress.behind)


class Pressure:
    """Asks on a thread of its own how far the router is behind; while nobody answers, all wait."""

    def __init__(
        self, kafka: KafkaConfig, behind_max_s: float, on_room: Callable[[int], None]
    ) -> None:
        """`on_room(count)` is called on that thread: so many may go until the next call."""
        self._lag = Lag(kafka, {topics.ROUTER_IN: ROUTER_GROUP})
        self._allowance = Allowance(behind_max_s)
        self._on_room = on_room
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pressure", daemon=True)

    def start(self) -> None:
        """Ask from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(ASK_EVERY_S):
            try:
                progress = self._lag.ask()[topics.ROUTER_IN]
                self._on_room(self._allowance.after(progress, time.monotonic()))
            except Exception as error:  # whatever it was, all would wait for ever without us
                LOG.warning("how far the router is behind is not known", error=repr(error))
