"""What is heard is served: the newest snapshot, all that come, and totals."""

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from pipeline.codec import Codec
from pipeline.config import HttpConfig
from pipeline.errors import BrokerError
from pipeline.http import HttpServer
from pipeline.metrics import Metrics
from pipeline.process import Process
from services.telemetry import live
from services.telemetry.access import Access
from services.telemetry.config import TelemetryConfig
from services.telemetry.groups import Asked
from services.telemetry.heard import Heard, Moved
from services.telemetry.parts import Desk
from services.telemetry.slo import LATE, PROMISE_MS
from services.telemetry.snapshot import Group, Snapshot
from services.telemetry.view import Count, Unsent, ViewError
from tests.builders import REQUESTED_MS, dlr, mt_event
from tests.services.telemetry.nothing import Nothing
from tests.services.telemetry.test_figures import CONFIG
from tests.services.telemetry.test_totals import MO

NOW_MS = REQUESTED_MS + 60_000
STOP_S = 10.0


class View(Nothing):
    """Has three messages of before, one of them unsent for a minute."""

    def unsent(self, now_ms: int) -> Sequence[Unsent]:
        return [Unsent("fast", "normal", False, 1, REQUESTED_MS, 0.5)]

    def late(self, after_ms: int, until_ms: int) -> Sequence[Unsent]:
        is_between = after_ms < REQUESTED_MS <= until_ms
        return [Unsent("fast", "normal", False, 1, REQUESTED_MS, 0.5)] if is_between else []

    def counts(self) -> Sequence[Count]:
        return [
            Count("delivered", "fast", "otp", "SE", "normal", False, 2),
            Count("routed", "fast", "otp", "SE", "normal", False, 1),
        ]


@pytest.fixture
def desk() -> Iterator[Desk]:
    own = TelemetryConfig()
    ground = Process(CONFIG, "telemetry-0", Metrics("telemetry", "telemetry-live"), Codec())
    yield Desk(ground, own, Access(own), View())
    ground.metrics.close()


def client(part: live.Part) -> TestClient:
    return TestClient(Starlette(routes=part.routes))


def board_of(part: live.Part) -> live.Board:
    (board,) = part.listeners
    assert isinstance(board, live.Board)
    return board


def test_the_newest_snapshot_is_served_and_goes_on_from_the_view(desk: Desk) -> None:
    part = live.part(desk)
    assert client(part).get("/v1/snapshot").json() is None
    board = board_of(part)
    board.weigh(NOW_MS)
    board.turn(NOW_MS, is_second=True)
    board.heard(
        [Heard("sms.mt.event", 0, 0, NOW_MS, mt_event("m9"))],
        [Moved(None, "routed", "fast", "otp", "SE", "normal", False, NOW_MS, NOW_MS)],
    )
    group = Group(name="router", lag=3, age_s=None, done_per_s=1.0)
    board._take(Asked((group,), {"router": 5}, {"sms.mo.dlq": 1}, 0))
    board.turn(NOW_MS, is_second=False)
    answer = client(part).get("/v1/snapshot")
    assert answer.headers["content-type"] == "application/json"
    seen = msgspec.json.decode(answer.content, type=Snapshot)
    assert (seen.funnel.requested, seen.funnel.delivered, seen.funnel.open) == (4, 2, 2)
    assert (seen.groups, seen.letters[0].open) == ((group,), 1)
    assert seen.connectors[0].age_s == 60.0
    assert {alert.name for alert in seen.alerts} == {"BindDown", "DeadLetters", "OldestUnsent"}


def test_the_promise_is_judged_by_what_has_been_read(desk: Desk) -> None:
    board = board_of(live.part(desk))
    board._take(Asked(unread=frozenset([0])))
    results = board._figures.slo.results
    for read_to_ms, late in (
        (REQUESTED_MS, 0),
        (REQUESTED_MS + PROMISE_MS - 1, 0),
        (REQUESTED_MS + PROMISE_MS, 1),
        (REQUESTED_MS + PROMISE_MS + 900, 1),
    ):
        board.heard([Heard("sms.mt.event", 0, 0, read_to_ms, mt_event())], [])
        board.weigh(NOW_MS)
        told = results["normal", LATE] + results["normal", "carrier"]
        assert told == late


def test_the_promise_is_not_judged_before_it_is_known_how_far_is_read(desk: Desk) -> None:
    board = board_of(live.part(desk))
    slo = board._figures.slo
    board.heard([Heard("sms.mo", 1, 0, NOW_MS, MO)], [])
    for asked in (Asked(), Asked(behind=5, unread=frozenset([1]))):
        board._take(asked)
        board.weigh(NOW_MS)
        assert slo.cut_ms is None
    board.heard([Heard("sms.mt.event", 1, 0, REQUESTED_MS, mt_event())], [])
    board.weigh(NOW_MS)
    assert slo.cut_ms == REQUESTED_MS - PROMISE_MS
    board._take(Asked(unread=frozenset()))
    board.weigh(NOW_MS)
    assert slo.cut_ms == NOW_MS - PROMISE_MS


def test_a_view_that_does_not_answer_leaves_on_show_what_it_said_before(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "JUDGE_EVERY_S", 0.01)
    asked: list[int] = []
    stopping = threading.Event()

    def away(now_ms: int) -> Sequence[Unsent]:
        asked.append(now_ms)
        if len(asked) == 2:
            raise ViewError("the view can't be used")
        if len(asked) == 4:
            stopping.set()
        return View().unsent(now_ms)

    monkeypatch.setattr(desk.view, "unsent", away)
    board = board_of(live.part(desk))
    with capture_logs() as log:
        board.judge(stopping)
    assert [line["error"] for line in log] == ["the view can't be used"]
    board.turn(NOW_MS, is_second=True)
    assert msgspec.json.decode(board.feed.newest[1], type=Snapshot).connectors[0].age_s == 60.0


def test_totals_are_what_the_demo_shows(desk: Desk) -> None:
    part = live.part(desk)
    board = board_of(part)
    accepted = mt_event(
        event="segment_accepted", submitted_ms=REQUESTED_MS + 40, at_ms=REQUESTED_MS + 44
    )
    now_ms = int(time.time() * 1000)
    records = [mt_event(), accepted, dlr(), mt_event("m2", test=True)]
    board.heard([Heard("t", 0, n, now_ms, one) for n, one in enumerate(records)], [])
    board._take(Asked((Group(name="router", lag=3, age_s=None, done_per_s=1.0),)))
    told = client(part).get("/v1/summary").json()
    assert told["events"] == {"routed": 1, "segment_accepted": 1}
    assert (told["receipts_joined"], told["mo"], told["lag"]) == (1, 0, {"router": 3})
    assert told["tests"]["events"] == {"routed": 1}
    assert told["latency_ms"]["request_to_submit"]["p50"] == pytest.approx(40, rel=0.08)
    assert told["latency_ms"]["request_to_receipt"] == {"p50": None, "p99": None}


def test_who_watches_keeps_nobody_from_stopping(desk: Desk) -> None:
    part = live.part(desk)
    stopping = threading.Event()
    look = threading.Thread(target=board_of(part).look, args=(stopping,))
    server = HttpServer(
        HttpConfig(), is_live=lambda: True, is_ready=lambda: True, routes=part.routes
    )
    url = server.start()
    look.start()
    with urllib.request.urlopen(f"{url}/v1/live", timeout=10) as answer:
        assert answer.readline() == b"retry: 2000\n"
        assert answer.readline() == b"\n"
        msgspec.json.decode(answer.readline().removeprefix(b"data: "), type=Snapshot)
        stopping.set()
        look.join(STOP_S)
        assert not look.is_alive()
        answer.read()  # to its end, which comes
        server.stop()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{url}/v1/live", timeout=10)


def test_a_table_that_can_not_be_read_at_the_start_is_tried_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    stopped: list[str] = []
    stopping = threading.Event()

    class Table:
        def __init__(self, topic: str) -> None:
            self._topic = topic

        def start(self) -> None:
            tried.append(self._topic)
            if len(tried) == 1:
                raise BrokerError("no broker answers")
            if len(tried) == 4:
                stopping.set()

        def stop(self) -> None:
            stopped.append(self._topic)

    def followed(ground: Process, topic: str, kind: type, put: Callable[..., object]) -> Table:
        return Table(topic)

    monkeypatch.setattr(live, "followed", followed)
    monkeypatch.setattr(live, "AGAIN_S", 0.01)
    with capture_logs() as log:
        board_of(live.part(desk)).follow(stopping)
    state, stop, tally = "sms.connector.state", "sms.control.stop", "sms.vote.tally"
    assert tried == [state, state, stop, tally]
    assert sorted(stopped) == [state, stop, tally]
    assert [line["event"] for line in log] == ["a table is not on show yet"]
