"""How much that is not urgent may go on to the router: as much as keeps its queue short.

All lanes come together in `sms.router.in`, so what waits there waits before a one-time password
too. Campaigns wait in their own topics instead, where a code does not meet them.
"""

import threading
from collections.abc import Callable

import structlog

from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.kafka.lag import Lag

LOG = structlog.get_logger()
ASK_EVERY_S = 0.1
ROUTER_GROUP = "router"


class Pressure:
    """Asks on a thread of its own how far the router is behind; while nobody answers, all wait."""

    def __init__(
        self, kafka: KafkaConfig, router_lag_max: int, on_room: Callable[[int], None]
    ) -> None:
        """`on_room(count)` is called on that thread: so many may go until the next call."""
        self._lag = Lag(kafka, ROUTER_GROUP, topics.ROUTER_IN)
        self._most = router_lag_max
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
                self._on_room(max(0, self._most - self._lag.ask()))
            except Exception as error:  # whatever it was, all would wait for ever without us
                LOG.warning("how far the router is behind is not known", error=repr(error))
