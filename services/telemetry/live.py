"""The figures as they change: `/v1/snapshot`, `/v1/live`, `/v1/summary`, and metrics.

One thread makes a snapshot twice a second and everybody gets that one. Others ask the view what is
not sent, and Kafka how far the groups are: who is slow to answer leaves an older figure on show and
holds up nothing else. Tables follow what binders, correlators and operators say.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.errors import BrokerError
from pipeline.kafka.clients import now_ms
from pipeline.kafka.table import ControlTable
from pipeline.records import ConnectorState, MtEvent, Stop, VoteTally
from pipeline.stops import Stops
from pipeline.tables import followed
from services.telemetry.feed import Feed
from services.telemetry.figures import Around, Figures
from services.telemetry.groups import Asked, keep_asking
from services.telemetry.heard import Heard, Moved
from services.telemetry.latencies import REQUEST_TO_RECEIPT, REQUEST_TO_SUBMIT, percentiles
from services.telemetry.measured import Measured
from services.telemetry.parts import Desk, Part
from services.telemetry.slo import PROMISE_MS
from services.telemetry.totals import Totals
from services.telemetry.view import Unsent, ViewError

LOG = structlog.get_logger()
SNAPSHOT_EVERY_S = 0.5
LOOKS_PER_SECOND = round(1 / SNAPSHOT_EVERY_S)
JUDGE_EVERY_S = 1.0
AGAIN_S = 2.0  # after a table could not be read


def part(desk: Desk) -> Part:
    """What it adds to telemetry."""
    board = Board(desk)
    return Part(
        [
            Route("/v1/snapshot", board.show),
            Route("/v1/live", board.live),
            Route("/v1/summary", board.summary),
        ],
        [board],
        [board.look, board.judge, board.ask, board.follow],
    )


class Board:
    """What is on show, and the threads that keep it new."""

    def __init__(self, desk: Desk) -> None:
        ground = desk.ground
        self.feed = Feed()
        self._desk = desk
        self._capacity, self._stops = Capacity(ground.config, now_ms), Stops()
        self._figures = Figures(ground.config, self._capacity, desk.view.counts())
        self._totals = Totals()
        self._lock = threading.Lock()  # over figures and totals, as far as records change them
        self._asked = Asked()
        self._unsent: Sequence[Unsent] = ()
        self._measured = Measured(ground.metrics)
        self._began_s = time.monotonic()
        self._events = cache(
            lambda event, connector: ground.metrics.counter(
                "sms.telemetry.events", event=event, connector=connector
            )
        )

    # --- served -------------------------------------------------------------------------------

    def show(self, _: Request) -> Response:
        """The newest snapshot."""
        return Response(self.feed.newest[1], media_type="application/json")

    async def live(self, _: Request) -> Response:
        """Every snapshot from now on."""
        return self.feed.stream()

    def summary(self, _: Request) -> JSONResponse:
        """Totals since the start."""
        with self._lock:
            totals = self._totals.as_dict()
            times = self._figures.latencies.by(lambda kind: kind.step)
        latency = {}
        for step in (REQUEST_TO_SUBMIT, REQUEST_TO_RECEIPT):
            p50, p99 = percentiles(times[step], (50, 99)) if step in times else (None, None)
            latency[step] = {"p50": p50, "p99": p99}
        lag = {group.name: group.lag for group in self._asked.groups}
        return JSONResponse({**totals, "latency_ms": latency, "lag": lag})

    # --- heard --------------------------------------------------------------------------------

    def heard(self, batch: Sequence[Heard], moved: Sequence[Moved]) -> None:
        """Count them."""
        with self._lock:
            self._figures.heard(batch, moved, now_ms())
            for one in batch:
                self._totals.note(one.record)
                if isinstance(one.record, MtEvent):
                    self._events(one.record.event, one.record.connector or "").value += 1

    # --- threads ------------------------------------------------------------------------------

    def look(self, stopping: threading.Event) -> None:
        """Make snapshots; measure once a second."""
        count = 0
        while not stopping.wait(SNAPSHOT_EVERY_S):
            self.turn(now_ms(), is_second=count % LOOKS_PER_SECOND == 0)
            count += 1
        self.feed.is_over = True

    def judge(self, stopping: threading.Event) -> None:
        """Ask the view once a second what is not sent, and whether that breaks the promise."""
        while not stopping.wait(JUDGE_EVERY_S):
            try:
                self.weigh(now_ms())
            except ViewError as error:  # the cut stays where it is: what is late is judged later
                LOG.warning("what is not sent is not known now", error=str(error))

    def weigh(self, now: int) -> None:
        """Ask and judge once; raises ViewError."""
        figures, view = self._figures, self._desk.view
        self._unsent = view.unsent(now)
        unread = self._asked.unread
        read_to_ms = None if unread is None else figures.read_to_ms(unread, now)
        if read_to_ms is not None:  # or else the cut would pass what is still to be read
            figures.slo.judge(
                read_to_ms - PROMISE_MS,
                view.late,
                lambda name: figures.is_hindered(name, now),
            )

    def turn(self, now: int, *, is_second: bool) -> None:
        """Make one snapshot."""
        figures, asked, unsent = self._figures, self._asked, self._unsent
        around = Around(asked.groups, asked.letters, asked.behind, unsent)
        with self._lock:
            figures.roll(now)
            seen = figures.look(now, around, time.monotonic() - self._began_s)
        self.feed.put(msgspec.json.encode(seen))
        if is_second:
            with self._lock:
                times = figures.latencies.by(lambda kind: kind[:3])
                outcomes = dict(figures.outcomes)
            self._measured.put(seen, times, outcomes, dict(figures.slo.results), asked, unsent)

    def ask(self, stopping: threading.Event) -> None:
        """Ask Kafka how far the groups are."""
        interval_s = self._desk.own.lag_interval_s
        known = self._desk.ground.config, self._capacity, self._stops
        keep_asking(*known, self._take, interval_s, stopping)

    def follow(self, stopping: threading.Event) -> None:
        """Follow the tables; one that can't be read at the start is tried again."""
        with ExitStack() as stack:
            for table in self._tables():
                running = table()
                while not _is_started(running):
                    if stopping.wait(AGAIN_S):
                        return
                    running = table()
                stack.callback(running.stop)
            stopping.wait()

    def _take(self, asked: Asked) -> None:
        self._asked = asked

    def _tables(self) -> Sequence[Callable[[], ControlTable]]:
        ground, figures = self._desk.ground, self._figures

        def hear(_: str, state: ConnectorState | None) -> None:
            if state is not None:
                self._capacity.hear(state)
                figures.connectors.hear(state)

        def obey(name: str, stop: Stop | None) -> None:
            self._stops.put(name, stop)
            figures.connectors.put_stop(name, stop)

        return (
            lambda: followed(ground, topics.CONNECTOR_STATE, ConnectorState, hear),
            lambda: followed(ground, topics.CONTROL_STOP, Stop, obey),
            lambda: followed(ground, topics.VOTE_TALLY, VoteTally, figures.put_tally),
        )


def _is_started(table: ControlTable) -> bool:
    try:
        table.start()
    except BrokerError as error:
        LOG.warning("a table is not on show yet", error=str(error))
        return False
    return True
