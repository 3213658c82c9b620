"""The scheduler: by powers of two to the due time, never before it."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.records import Timer
from services.scheduler.core import ripe_ms, target

NOW_MS = 1_790_000_000_000
AHEAD_MAX_S = 2**22 - 0.25  # 48 days: send_at is at most 30 days ahead, a validity at most 7
AHEAD_MAX_MS = int(AHEAD_MAX_S * 1000)
HOPS_MAX = 25
SHORTEST_MS = 250
TARGET = "sms.correlator.in"


def timer(due_ms: int) -> Timer:
    return Timer(due_ms=due_ms, topic=TARGET, key="46701234567", value=b"wake")


def travel(ahead_ms: int, delays_ms: list[int]) -> tuple[int, int]:
    """How late a lone timer arrives, in ms, and after how many hops; each is moved late."""
    waiting, now_ms, hops = timer(NOW_MS + ahead_ms), NOW_MS, 0
    while (topic := target(waiting, now_ms)) != TARGET:
        now_ms = ripe_ms(now_ms, topics.TIMER_WAIT_S[topic]) + delays_ms[hops % len(delays_ms)]
        hops += 1
    return now_ms - waiting.due_ms, hops


@pytest.mark.parametrize(
    ("left_ms", "topic"),
    [
        (-86_400_000, TARGET),
        (-1, TARGET),
        (0, TARGET),
        (1, "sms.timer.0.25s"),
        (499, "sms.timer.0.25s"),
        (500, "sms.timer.0.5s"),
        (999, "sms.timer.0.5s"),
        (1_000, "sms.timer.1s"),
        (1_999, "sms.timer.1s"),
        (2_000, "sms.timer.2s"),
        (11_400, "sms.timer.8s"),
        (86_400_000, "sms.timer.65536s"),
        (AHEAD_MAX_MS, "sms.timer.2097152s"),
    ],
)
def test_what_is_not_due_waits_as_long_as_one_topic_can_and_no_longer(
    left_ms: int, topic: str
) -> None:
    assert target(timer(NOW_MS + left_ms), NOW_MS) == topic


@pytest.mark.parametrize("wait_s", topics.TIMER_SECONDS)
def test_a_record_is_ripe_when_the_wait_of_its_topic_is_over(wait_s: float) -> None:
    assert ripe_ms(NOW_MS, wait_s) == NOW_MS + wait_s * 1000


@given(
    st.integers(0, AHEAD_MAX_MS),
    st.lists(st.integers(0, 500), min_size=1, max_size=HOPS_MAX),
)
def test_a_timer_takes_at_most_25_hops_is_never_early_and_late_by_less_than_a_quarter_second(
    ahead_ms: int, delays_ms: list[int]
) -> None:
    late_ms, hops = travel(ahead_ms, delays_ms)
    assert 0 <= late_ms < SHORTEST_MS + max(delays_ms)
    assert hops <= HOPS_MAX


def test_the_longest_wait_takes_all_hops_but_one_and_arrives_in_time() -> None:
    assert travel(AHEAD_MAX_MS, [0]) == (0, HOPS_MAX - 1)


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 40_000)), min_size=1, max_size=40))
def test_timers_that_queue_in_one_partition_do_not_hold_one_another_up(
    timers: list[tuple[int, int]],
) -> None:
    """A partition is strictly in order: a record waits for those before it."""
    asked = deque((NOW_MS + at, timer(NOW_MS + at + ahead)) for at, ahead in sorted(timers))
    queues: dict[str, deque[tuple[int, Timer]]] = {
        "asked": asked,
        **{t: deque() for t in topics.TIMER_WAIT_S},
    }
    lateness_ms = []
    while any(queues.values()):
        now_ms, topic = min(
            (ripe_ms(queue[0][0], topics.TIMER_WAIT_S.get(topic, 0)), topic)
            for topic, queue in queues.items()
            if queue
        )
        _, waiting = queues[topic].popleft()
        onward = target(waiting, now_ms)
        if onward == TARGET:
            lateness_ms.append(now_ms - waiting.due_ms)
        else:
            queues[onward].append((now_ms, waiting))
    assert len(lateness_ms) == len(timers)
    assert all(0 <= late_ms < SHORTEST_MS for late_ms in lateness_ms)
