"""Turns: lanes by weight, tenants of a lane alike, what is urgent always."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.queues import OWED_MAX, Bucket, Queues

WEIGHTS = {"priority": 16, "normal": 4, "bulk": 1}
PLENTY = 100_000


def queues(
    rates: dict[str, float | None] | None = None, credit: int = PLENTY, **lane_rates: float | None
) -> Queues[str]:
    own: Queues[str] = Queues(WEIGHTS, rates or {"acme": None, "bank": None}, lane_rates)
    own.credit = credit
    return own


def fill(own: Queues[str], lane: str, tenant: str, count: int) -> None:
    own.flow(lane, tenant).waiting.extend(f"{lane} {tenant} {n}" for n in range(count))


def parts(taken: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in taken:
        name = item.rsplit(" ", 1)[0]
        found[name] = found.get(name, 0) + 1
    return found


def test_lanes_that_all_have_something_give_by_their_weights() -> None:
    own = queues()
    for lane in WEIGHTS:
        fill(own, lane, "acme", 10_000)
    found = parts(own.take(21 * 16 * 10, 0))
    assert found == {"priority acme": 2560, "normal acme": 640, "bulk acme": 160}


def test_a_lane_alone_gives_all_there_is() -> None:
    own = queues()
    fill(own, "bulk", "acme", 700)
    assert len(own.take(500, 0)) == 500
    assert len(own.take(500, 0)) == 200
    assert own.take(500, 0) == []


def test_tenants_of_a_lane_give_alike_however_much_one_has() -> None:
    own = queues()
    fill(own, "bulk", "acme", 100_000)
    fill(own, "bulk", "bank", 200)
    assert parts(own.take(300, 0)) == {"bulk acme": 150, "bulk bank": 150}


def test_a_code_goes_with_the_next_batch_whatever_waits() -> None:
    own = queues()
    for lane in ("normal", "bulk"):
        fill(own, lane, "acme", 100_000)
    fill(own, "priority", "bank", 1)
    assert own.take(500, 0)[0] == "priority bank 0"


def test_without_credit_only_what_is_urgent_goes() -> None:
    own = queues(credit=30)
    for lane in WEIGHTS:
        fill(own, lane, "acme", 50)
    taken = own.take(500, 0)
    assert parts(taken)["priority acme"] == 50
    assert len(taken) == 80


def test_a_tenant_above_its_rate_waits_and_its_codes_do_not() -> None:
    own = queues({"acme": 10.0, "bank": None})
    fill(own, "normal", "acme", 100)
    fill(own, "normal", "bank", 100)
    own.take(500, 100.0)
    assert len(own.flow("normal", "acme").waiting) == 90
    fill(own, "priority", "acme", 30)
    assert len(own.take(500, 100.0)) == 30
    assert own.take(500, 102.9) == []  # the codes counted: 30 less than nothing
    assert own.take(500, 103.2) == ["normal acme 10", "normal acme 11"]


def test_a_share_of_the_partitions_is_a_share_of_the_rate() -> None:
    own = queues({"acme": 100.0})
    own.own("acme", 0.25)
    fill(own, "bulk", "acme", 1000)
    own.take(500, 10.0)
    assert len(own.take(500, 11.0)) == 25


def test_a_tenant_has_its_rate_in_segments_though_they_are_known_only_after_taking() -> None:
    own = queues({"acme": 10.0, "bank": None})
    fill(own, "bulk", "acme", 10_000)
    fill(own, "bulk", "bank", 10)
    segments = 0
    for tenth in range(1000):
        for item in own.take(500, 1000 + tenth / 10):
            if item.startswith("bulk acme"):
                size = 1 + int(item.split()[2]) % 7  # 1 to 7, 4 in the mean
                own.charge("bulk", "acme", size - 1)
                segments += size
    assert segments == pytest.approx(10 * 100, abs=10 + 7 * 10)
    assert not own.flow("bulk", "bank").waiting


def test_a_code_of_a_tenant_that_is_far_above_its_rate_goes_at_once() -> None:
    own = queues({"acme": 10.0, "bank": None})
    own.charge("normal", "acme", 5000)
    fill(own, "priority", "acme", 1)
    fill(own, "normal", "acme", 1)
    assert own.take(500, 10.0) == ["priority acme 0"]
    assert own.take(500, 400.0) == []  # 5001 segments are 500 s


def test_a_lane_above_its_rate_waits_and_the_others_do_not() -> None:
    own = queues(bulk=10.0)
    for lane in WEIGHTS:
        fill(own, lane, "acme", 100)
    own.take(500, 99.0)
    for lane in ("priority", "normal"):
        fill(own, lane, "acme", 30)
    assert parts(own.take(500, 100.0)) == {
        "priority acme": 30,
        "normal acme": 30,
        "bulk acme": 10,
    }
    assert own.take(500, 100.05) == []
    assert len(own.take(500, 100.35)) == 3


def test_a_lane_at_its_rate_is_still_dealt_out_alike() -> None:
    """Also where what may go at a time is less than one for each tenant."""
    own = queues({"acme": None, "bank": None, "shop": None}, bulk=100.0)
    fill(own, "bulk", "acme", 10_000)
    fill(own, "bulk", "bank", 10_000)
    fill(own, "bulk", "shop", 200)
    taken = [item for step in range(1500) for item in own.take(500, 1000 + step / 150)]
    found = parts(taken)
    assert found["bulk shop"] == 200
    assert found["bulk acme"] == pytest.approx(found["bulk bank"], abs=2)
    assert len(taken) == pytest.approx(10 * 100, abs=100 + 2)


def test_a_lane_has_its_rate_in_segments_and_of_it_the_share_of_its_partitions() -> None:
    own = queues(normal=40.0)
    own.own_lane("normal", 0.25)
    own.own_lane("bulk", 0.25)
    fill(own, "normal", "acme", 1000)
    fill(own, "bulk", "bank", 700)
    assert len(own.take(1000, 10.0)) == 710
    assert own.is_limited("normal", "acme")
    assert not own.is_limited("bulk", "acme")
    own.charge("normal", "acme", 20)
    assert own.take(500, 12.0) == []
    assert len(own.take(500, 12.5)) == 5


def test_a_tenant_that_is_held_keeps_even_its_codes() -> None:
    own = queues()
    fill(own, "priority", "acme", 5)
    fill(own, "priority", "bank", 5)
    own.hold(["acme"])
    assert parts(own.take(500, 0)) == {"priority bank": 5}
    own.hold([])
    assert parts(own.take(500, 0)) == {"priority acme": 5}


def test_what_is_gone_is_not_taken() -> None:
    own = queues()
    fill(own, "bulk", "acme", 10)
    own.forget(lambda item: item.endswith(("0", "5")))
    assert len(own.take(500, 0)) == 8


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(WEIGHTS)), st.sampled_from(["acme", "bank"])), max_size=300
    ),
    st.integers(1, 40),
)
def test_all_is_taken_once_and_each_flow_in_its_order(
    came: list[tuple[str, str]], most: int
) -> None:
    own = queues()
    for number, (lane, tenant) in enumerate(came):
        own.flow(lane, tenant).waiting.append(f"{lane} {tenant} {number}")
    taken: list[str] = []
    while batch := own.take(most, 0):
        assert len(batch) <= most
        taken += batch
    assert sorted(taken) == sorted(f"{lane} {t} {n}" for n, (lane, t) in enumerate(came))
    for lane, tenant in set(came):
        numbers = [int(i.split()[2]) for i in taken if i.startswith(f"{lane} {tenant} ")]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("rate", [0.5, 1, 30, 2500])
def test_a_bucket_gives_its_rate_and_at_most_a_second_of_it_at_once(rate: float) -> None:
    bucket, given_away = Bucket(rate), 0
    for tenth in range(10_000):
        count = int(bucket.left(1000 + tenth / 10))
        assert count <= max(1, rate)
        bucket.take(count)
        given_away += count
    assert given_away == pytest.approx(1000 * rate, abs=rate + 2)


def test_a_rate_that_is_another_holds_from_now_on() -> None:
    own = queues({"acme": None, "bank": 50.0})
    own.own("acme", 0.5)
    fill(own, "bulk", "acme", 10_000)
    assert len(own.take(500, 10.0)) == 500
    own.limit({"acme": 100.0, "nobody": 1.0})
    own.take(500, 11.0)
    assert len(own.take(500, 12.0)) == 50
    assert own.is_limited("bulk", "acme")
    own.limit({"acme": None})
    assert len(own.take(500, 12.0)) == 500
    assert own.is_limited("bulk", "bank")


@given(
    grants=st.lists(st.integers(0, OWED_MAX), min_size=50, max_size=80),
    lanes=st.sets(st.sampled_from(["normal", "bulk"]), min_size=1),
)
def test_what_comes_back_neither_starves_nor_goes_before(
    grants: list[int], lanes: set[str]
) -> None:
    """All have more than may go: it has what one more lane of the least weight would have."""
    own, back, given_away = queues(credit=0), 0, 0.0
    for lane in lanes:
        fill(own, lane, "acme", 10_000)
    for grant in grants:
        own.credit = grant
        found = parts(own.take(500, 0))
        own.came_back(own.credit, 500)
        given_away += found.get("normal acme", 0) / 4 + found.get("bulk acme", 0)
        back += grant - sum(found.values())
    assert back <= given_away
    assert back >= given_away - max(grants) - 1


@given(st.lists(st.integers(0, 120), max_size=40))
def test_all_the_credit_is_for_the_lanes_while_nothing_comes_back(grants: list[int]) -> None:
    own = queues(credit=0)
    fill(own, "normal", "acme", 40 * 120)
    for grant in grants:
        own.credit = grant
        taken = 0
        for _ in range(2):
            taken += len(own.take(500, 0))
            own.came_back(0, 500)
        assert (taken, own.credit) == (grant, 0)
