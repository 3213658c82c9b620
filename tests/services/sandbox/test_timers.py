"""What is due later happens in order, never early, with one alarm for all."""

import asyncio

import pytest

from services.sandbox.timers import Timers, now_ns

DEADLINE_S = 5
MS_NS = 1_000_000


async def test_things_happen_in_the_order_of_their_times_and_never_early() -> None:
    timers, done = Timers(), asyncio.Event()
    happened: list[int] = []
    begun_ns = now_ns()

    def happen(delay_ms: int) -> None:
        assert now_ns() - begun_ns >= delay_ms * MS_NS
        happened.append(delay_ms)
        if len(happened) == 5:
            done.set()

    for delay_ms in (30, 5, 20, 5, 0):
        timers.at(begun_ns + delay_ms * MS_NS, happen, delay_ms)
    await asyncio.wait_for(done.wait(), DEADLINE_S)
    assert happened == [0, 5, 5, 20, 30]
    assert len(timers) == 0


async def test_equal_times_keep_their_order() -> None:
    timers, done = Timers(), asyncio.Event()
    happened: list[int] = []

    def happen(number: int) -> None:
        happened.append(number)
        if number == 99:
            done.set()

    due_ns = now_ns() + MS_NS
    for number in range(100):
        timers.at(due_ns, happen, number)
    await asyncio.wait_for(done.wait(), DEADLINE_S)
    assert happened == list(range(100))


async def test_what_happens_may_plan_more() -> None:
    timers, done = Timers(), asyncio.Event()

    def happen(left: int) -> None:
        if left:
            timers.at(now_ns(), happen, left - 1)
        else:
            done.set()

    timers.at(now_ns(), happen, 50)
    await asyncio.wait_for(done.wait(), DEADLINE_S)


async def test_a_fault_in_one_does_not_stop_the_others() -> None:
    timers, done = Timers(), asyncio.Event()
    faults: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: faults.append(str(context["exception"]))
    )

    def fail(_: object) -> None:
        raise ValueError("on purpose")

    timers.at(now_ns(), fail, None)
    timers.at(now_ns(), lambda _: done.set(), None)
    await asyncio.wait_for(done.wait(), DEADLINE_S)
    assert faults == ["on purpose"]


@pytest.mark.parametrize("count", [0, 3])
async def test_cleared_timers_do_nothing(count: int) -> None:
    timers, done = Timers(), asyncio.Event()
    for _ in range(count):
        timers.at(now_ns(), lambda _: pytest.fail("it was cleared"), None)
    timers.clear()
    timers.at(now_ns() + MS_NS, lambda _: done.set(), None)
    await asyncio.wait_for(done.wait(), DEADLINE_S)
