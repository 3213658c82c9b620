"""How far groups are behind: what waits by design keeps nobody waiting."""

import threading
from collections.abc import Mapping

import pytest
from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.errors import BrokerError
from pipeline.ids import ConnectorId
from pipeline.kafka.lag import Progress
from pipeline.readers import reader_of, reads
from pipeline.records import Stop
from pipeline.stops import Stops
from services.telemetry import groups
from services.telemetry.groups import Asked, done_of, keep_asking, lags_of
from tests.services.telemetry.test_connectors import NOW_MS, said
from tests.services.telemetry.test_figures import CONFIG

AWAY = KafkaException(KafkaError(KafkaError._TRANSPORT))
FAST = ConnectorId("fast")
GROUP_OF = reader_of(CONFIG)
URGENT, SUBMIT = reads(CONFIG)["binder-fast"][:2]
TIMER = topics.timer(64)


def lags(
    behind: Mapping[str, int],
    capacity: Capacity | None = None,
    due_ms: Mapping[str, int] | None = None,
) -> dict[str, int]:
    told = {topic: Progress(10, count) for topic, count in behind.items()}
    own = capacity or Capacity(CONFIG, lambda: NOW_MS)
    return lags_of(told, GROUP_OF, own, Stops(), CONFIG, due_ms or {}, NOW_MS)


@pytest.mark.parametrize(
    ("behind", "due_ms", "expected"),
    [
        ({topics.MT_REQUEST: 3, topics.wait(FAST): 900}, {}, {"intake": 3}),
        ({topics.ROUTER_IN: 7}, {}, {"router": 7}),
        ({TIMER: 5}, {}, {"scheduler": 0}),
        ({TIMER: 5}, {TIMER: NOW_MS + 1}, {"scheduler": 0}),
        ({TIMER: 5}, {TIMER: NOW_MS - 1}, {"scheduler": 5}),
        ({URGENT: 2, SUBMIT: 40}, {}, {"binder-fast": 42}),
    ],
)
def test_what_waits_by_design_is_no_lag(
    behind: Mapping[str, int], due_ms: Mapping[str, int], expected: dict[str, int]
) -> None:
    assert lags(behind, due_ms=due_ms) == expected


@pytest.mark.parametrize(
    ("about", "lag"),
    [({}, 0), ({"tenant": "acme"}, 3), ({"tenant": "default", "campaign": "spring"}, 7)],
)
def test_requests_of_who_is_paused_are_no_lag(about: dict[str, str], lag: int) -> None:
    own, stops = topics.request("acme", "bulk"), Stops()
    group_of = {topics.MT_REQUEST: "intake", own: "intake"}
    told = {topics.MT_REQUEST: Progress(10, 3), own: Progress(10, 4)}
    stops.put("s", Stop(action="pause", at_ms=NOW_MS, **about))
    capacity = Capacity(CONFIG, lambda: NOW_MS)
    assert lags_of(told, group_of, capacity, stops, CONFIG, {}, NOW_MS) == {"intake": lag}


def test_what_a_binder_has_done_out_of_order_is_no_lag() -> None:
    capacity = Capacity(CONFIG, lambda: NOW_MS)
    capacity.hear(said(0, ahead=30, ahead_priority=1))
    behind = {URGENT: 2, SUBMIT: 40}
    capacity.ask()(behind)
    assert lags(behind, capacity) == {"binder-fast": 11}


def test_what_is_done_is_summed_over_the_topics_of_a_group() -> None:
    told = {URGENT: Progress(4, 0), SUBMIT: Progress(6, 9), topics.ROUTER_IN: Progress(1, 0)}
    assert done_of(told, GROUP_OF) == {"binder-fast": 10, "router": 1}


class Stopping(threading.Event):
    """Is set after so many looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_a_broker_that_is_slow_at_the_start_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, asked, closed = [], [], []

    class Groups:
        def __init__(self, *_: object) -> None:
            made.append(1)
            if len(made) == 1:
                raise BrokerError("no broker answers")

        def ask(self) -> Asked:
            asked.append(len(made))
            if len(asked) == 1:
                raise AWAY
            return Asked(behind=7)

        def close(self) -> None:
            closed.append(1)

    monkeypatch.setattr(groups, "Groups", Groups)
    taken: list[Asked] = []
    with capture_logs() as log:
        capacity = Capacity(CONFIG, lambda: NOW_MS)
        keep_asking(CONFIG, capacity, Stops(), taken.append, 0.1, Stopping(4))
    assert (len(made), asked, closed) == (2, [2, 2, 2], [1])
    assert [one.behind for one in taken] == [7, 7]
    assert [line["event"] for line in log] == ["the backlogs on show are old"] * 2
