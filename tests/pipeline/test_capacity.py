"""How much is queued for a connector, and how long that takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.capacity import STALE_MS, THROTTLED_QUEUE_S, Capacity, Filled
from pipeline.config import Config
from pipeline.connectors import ConnectorConfig, RateGroupConfig
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState

FAST, SLOW, SHARED = ConnectorId("fast"), ConnectorId("slow"), ConnectorId("shared")
NOW_MS = 1_790_000_000_000
NORMAL, URGENT = "sms.mt.submit.fast.g2", "sms.mt.submit.fast.g2.priority"
FORMER = "sms.mt.submit.fast.g1"
LIMIT_S = 60


def connector(**changed: Any) -> ConnectorConfig:
    needed = {"hosts": ("h",), "system_id": "s", "password": "p", "rate_per_s": 100}
    return ConnectorConfig(**{**needed, **changed})


CONFIG = Config(
    dev=True,
    connectors={
        FAST: connector(generation=2, bulk_queue_s=LIMIT_S),
        SLOW: connector(rate_per_s=4),
        SHARED: connector(rate_scope="group", rate_group="both", binds=1),
        "other": connector(rate_scope="group", rate_group="both", binds=3),
    },
    rate_groups={"both": RateGroupConfig(rate_per_s=80)},
)


def said(**changed: Any) -> ConnectorState:
    fields: dict[str, Any] = {
        "connector": FAST,
        "partition": 0,
        "replica": "binder-0",
        "state": "bound",
        "window_requests_max": 10,
        "rate_per_s": 50.0,
        "contract_per_s": 50.0,
        "at_ms": NOW_MS,
    }
    return ConnectorState(**{**fields, **changed})


def capacity(behind: dict[str, int] | None, *words: ConnectorState) -> Capacity:
    own = Capacity(CONFIG, lambda: NOW_MS)
    for word in words:
        own.hear(word)
    if behind is not None:
        own.ask()(behind)
    return own


BOTH = (said(), said(partition=1))  # 100 segments a second together


@pytest.mark.parametrize(
    ("behind", "words", "wait_s", "urgent_wait_s"),
    [
        (None, BOTH, 0, 0),
        ({}, BOTH, 0, 0),
        ({NORMAL: 1000, URGENT: 100}, BOTH, 11, 1),
        ({NORMAL: 1000, URGENT: 100, FORMER: 900}, BOTH, 20, 1),
        ({NORMAL: 1000}, (), 10, 0),  # by contract
        ({NORMAL: 1000}, (said(rate_per_s=10.0),), 100, 0),
        ({NORMAL: 1000}, (said(rate_per_s=10.0, at_ms=NOW_MS - STALE_MS - 1),), 10, 0),
        ({NORMAL: 1000}, (said(rate_per_s=10.0, is_receiver=True),), 10, 0),
        ({NORMAL: 1000}, (said(connector=SLOW, rate_per_s=1.0),), 10, 0),
        ({NORMAL: 1000}, (said(ahead=500), said(partition=1, ahead=300)), 2, 0),
        ({NORMAL: 1000}, (said(ahead=5000), said(partition=1)), 0, 0),
        (
            {NORMAL: 100, URGENT: 300},
            (said(ahead=500, ahead_priority=100), said(partition=1)),
            2,
            2,
        ),
    ],
)
def test_what_is_queued_takes_as_long_as_the_rate_in_force_says(
    behind: dict[str, int] | None,
    words: tuple[ConnectorState, ...],
    wait_s: float,
    urgent_wait_s: float,
) -> None:
    own = capacity(behind, *words)
    assert own.wait_s(FAST, is_urgent=False) == wait_s
    assert own.wait_s(FAST, is_urgent=True) == urgent_wait_s


def test_a_group_gives_each_connector_its_part() -> None:
    own = capacity({"sms.mt.submit.shared.g1": 200})
    assert own.wait_s(SHARED, is_urgent=False) == 10


def test_what_we_have_written_counts_until_an_answer_holds_it() -> None:
    own = capacity({NORMAL: 1000}, *BOTH)
    own.wrote(FAST, 200, is_urgent=False)
    own.wrote(FAST, 100, is_urgent=True)
    assert (own.wait_s(FAST, is_urgent=False), own.wait_s(FAST, is_urgent=True)) == (13, 1)
    own.ask()({NORMAL: 1000})  # all of it may be in a transaction that is open
    assert (own.wait_s(FAST, is_urgent=False), own.wait_s(FAST, is_urgent=True)) == (13, 1)
    answered = own.ask()
    own.wrote(FAST, 500, is_urgent=False)  # the answer may not hold it
    answered({NORMAL: 1200, URGENT: 100})
    assert (own.wait_s(FAST, is_urgent=False), own.wait_s(FAST, is_urgent=True)) == (18, 1)


def test_more_than_the_limit_of_its_rate_is_full() -> None:
    assert not capacity({NORMAL: LIMIT_S * 100}, *BOTH).is_full(FAST)
    assert capacity({NORMAL: LIMIT_S * 100 + 1}, *BOTH).is_full(FAST)
    assert not capacity(None, *BOTH).is_full(FAST)
    assert capacity({NORMAL: 700}, *BOTH).filled(FAST) == Filled(700, LIMIT_S * 100)
    assert capacity(None, *BOTH).filled(FAST) is None


@pytest.mark.parametrize(
    ("rate_per_s", "behind", "is_throttled"),
    [(50.0, 1000, False), (26.0, 1000, False), (24.0, 1000, True), (24.0, 24, False)],
)
def test_throttled_is_who_takes_less_than_half_and_has_some_to_go_on_with(
    rate_per_s: float, behind: int, is_throttled: bool
) -> None:
    assert THROTTLED_QUEUE_S == 1
    own = capacity({NORMAL: behind}, said(rate_per_s=rate_per_s))
    assert own.is_throttled(FAST) is is_throttled


def test_what_waits_elsewhere_is_known_and_asked_for_even_of_nobodys_connector() -> None:
    there = ["sms.mt.wait.fast", "sms.mt.wait.gone", "sms.mt.wait.fast.dlq", NORMAL, "sms.mo"]
    own = capacity({NORMAL: 0, "sms.mt.wait.fast": 7})
    assert own.waiting(FAST) == 7
    assert own.waiting(SLOW) == 0
    assert own.group_of(there) == {
        "sms.mt.wait.fast": "intake",
        "sms.mt.wait.gone": "intake",
        NORMAL: "binder-fast",
    }


@given(st.lists(st.tuples(st.integers(1, 255), st.integers(0, 40)), max_size=300))
def test_never_more_is_queued_than_the_limit_and_one_message(
    steps: list[tuple[int, int]],
) -> None:
    """Bulk of some segments comes, is written if there is room; the binder sends some."""
    own, queued = capacity({"sms.mt.submit.slow.g1": 0}), 0
    limit = 4 * CONFIG.connectors[SLOW].bulk_queue_s
    for number, (segments, sent) in enumerate(steps):
        if not own.is_full(SLOW):
            own.wrote(SLOW, segments, is_urgent=False)
            queued += segments
            assert queued <= limit + segments
        queued = max(0, queued - sent)
        if number % 7 == 0:
            own.ask()({"sms.mt.submit.slow.g1": queued})


def test_a_connector_that_joins_is_known_and_none_is_forgotten() -> None:
    own = capacity({NORMAL: 1000}, *BOTH)
    new = ConnectorId("new")
    connectors = {new: connector(rate_per_s=5, bulk_queue_s=LIMIT_S)}
    own.configure(CONFIG.model_copy(update={"connectors": connectors}))
    assert own.is_configured(new)
    assert own.wait_s(FAST, is_urgent=False) == 10
    own.wrote(new, 20, is_urgent=False)
    assert own.wait_s(new, is_urgent=False) == 0
    answered = own.ask()
    own.wrote(FAST, 100, is_urgent=False)
    answered({"sms.mt.submit.new.g1": 20, NORMAL: 1000})
    assert own.wait_s(new, is_urgent=False) == 8
    assert own.wait_s(FAST, is_urgent=False) == 11


@pytest.mark.parametrize(
    ("behind", "words", "is_down", "detour_per_s"),
    [
        ({NORMAL: 0}, (), True, 0),  # all are down
        ({NORMAL: 0}, (said(connector=SLOW),), True, 100),
        (None, (said(connector=SLOW),), True, 0),  # nobody knows its rate
        ({NORMAL: 0}, (said(connector=SLOW), said()), False, 0),
        ({NORMAL: 0}, (said(connector=SLOW), said(at_ms=NOW_MS - STALE_MS)), False, 0),
        ({NORMAL: 0}, (said(connector=SLOW), said(at_ms=NOW_MS - STALE_MS - 1)), True, 100),
        ({NORMAL: 0}, (said(connector=SLOW), said(), said(state="open")), False, 0),
        ({NORMAL: 0}, (said(connector=SLOW), said(state="stopped", rate_per_s=20.0)), True, 20),
        ({NORMAL: 0}, (said(connector=SLOW), said(is_receiver=True)), True, 100),
        ({NORMAL: 0}, (said(connector=SLOW, at_ms=NOW_MS - STALE_MS - 1),), True, 0),
        ({NORMAL: 0, "sms.mt.submit.slow.g1": 10_000}, (said(connector=SLOW),), True, 0),
    ],
)
def test_what_waits_for_one_that_is_down_may_go_round_it_while_another_has_room(
    behind: dict[str, int] | None,
    words: tuple[ConnectorState, ...],
    is_down: bool,
    detour_per_s: float,
) -> None:
    own = capacity(behind, *words)
    assert own.is_down(FAST) is is_down
    assert own.detour_per_s(FAST) == detour_per_s
