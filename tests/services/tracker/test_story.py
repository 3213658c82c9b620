"""Which receipts were asked for, and what it means that none comes."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.tracker.core import MtFact
from services.tracker.states import FAILED
from tests.services.tracker.builders import (
    SLOW,
    Told,
    essence,
    receipt,
    routed,
    submitted,
    timeout,
)

ANY: dict[str, Any] = {"receipts": "any"}
FAILURES: dict[str, Any] = {"receipts": "failures"}
ARRIVED: dict[str, Any] = {"silence": "delivered"}
ON: dict[str, Any] = {"retry_on": ("undeliverable", "timeout"), "receipt_within_s": 60}
SECOND: dict[str, Any] = {"hop": 1, "connector": SLOW}
BOTH = (submitted(1, 2), submitted(2, 2))


def of_two(segment: int, state: str = "DELIVERED") -> MtFact:
    return receipt(state, segment, 2)


def late(segment: int) -> MtFact:
    return replace(timeout(segment), kind="receipt_late", what=f"{segment}|0")


@pytest.mark.parametrize(
    ("facts", "ends", "reason"),
    [
        ([routed(2, **ANY), *BOTH, of_two(2)], ["delivered"], None),
        ([*BOTH, of_two(2), routed(2, **ANY)], ["delivered"], None),
        ([routed(2, **ANY), of_two(2), *BOTH], ["delivered"], None),
        ([routed(2, **ANY), submitted(1, 2), of_two(1)], [], None),
        ([routed(2, **ANY), *BOTH, of_two(1, "UNDELIVERABLE")], ["undeliverable"], "undeliverable"),
        ([routed(2, **ANY), *BOTH, of_two(1), timeout(2)], ["delivered"], None),
        (
            [routed(2, **ANY), *BOTH, timeout(1), timeout(2), of_two(2)],
            ["unknown", "delivered"],
            None,
        ),
        ([routed(2, **ANY), *BOTH, of_two(1, "ENROUTE")], [], None),
        (
            [
                routed(2, **ANY),
                submitted(1, 2),
                of_two(1),
                submitted(2, 2, outcome="rejected", reason="no"),
            ],
            ["rejected"],
            "no",
        ),
        (
            [
                routed(2, **ANY),
                submitted(1, 2),
                submitted(2, 2, outcome="unknown", reason="link_lost"),
                of_two(1),
            ],
            ["unknown"],
            "link_lost",
        ),
        ([routed(**FAILURES), submitted()], [], None),
        ([routed(**FAILURES), submitted(), timeout()], ["unknown"], "dlr_timeout"),
        ([routed(**FAILURES), submitted(), receipt("EXPIRED")], ["expired"], "expired"),
        (
            [routed(**FAILURES, **ARRIVED), submitted(), timeout()],
            ["delivered"],
            "silence:delivered",
        ),
        (
            [routed(silence="submitted"), submitted(), timeout()],
            ["submitted"],
            "silence:submitted",
        ),
        ([routed(**ARRIVED), submitted(), receipt("EXPIRED"), timeout()], ["expired"], "expired"),
        (
            [routed(**ARRIVED), submitted(), timeout(), receipt()],
            ["delivered"],
            "silence:delivered",
        ),
        (
            [routed(2, **ARRIVED), *BOTH, of_two(1), timeout(2)],
            ["delivered"],
            "silence:delivered",
        ),
        (
            [routed(**ARRIVED), submitted(outcome="unknown", reason="link_lost"), timeout()],
            ["unknown"],
            "link_lost",
        ),
    ],
)
def test_what_receipts_say_of_a_message_follows_from_which_were_asked_for(
    facts: list[MtFact], ends: list[str], reason: str | None
) -> None:
    told = Told(*facts)
    assert (told.ends, told.status.reason) == (ends, reason)


def test_no_receipt_is_missing_where_another_stands_for_it() -> None:
    told = Told(routed(2, **ANY), *BOTH, of_two(1))
    assert told.tell(timeout(2)) == []
    assert [segment.state for segment in told.status.segments] == ["delivered", "accepted"]
    plain = Told(routed(2), *BOTH, of_two(1))
    assert plain.tell(timeout(2)) == ["dlr_timeout"]


def test_silence_of_a_lost_answer_resolves_no_doubt() -> None:
    told = Told(routed(**ARRIVED), submitted(outcome="unknown", reason="link_lost"))
    assert told.tell(timeout()) == []
    told.tell(receipt())
    assert told.ends == ["unknown", "delivered"]


@pytest.mark.parametrize("mode", [FAILURES, ARRIVED, {"silence": "submitted"}])
def test_no_way_is_left_for_a_receipt_that_need_not_come(mode: dict[str, Any]) -> None:
    told = Told(routed(**mode, **ON), submitted(), late(1))
    assert (told.reroutes, told.later, told.ends) == ([], [], [])
    told.tell(receipt("UNDELIVERABLE"))
    assert told.reroutes == [1]


def test_one_receipt_that_failed_is_enough_for_another_way_where_it_stands_for_all() -> None:
    told = Told(routed(2, **ANY, **ON), *BOTH, of_two(2, "UNDELIVERABLE"))
    assert told.reroutes == [1]
    told.tell(routed(2, **ANY, **SECOND), submitted(1, 2, **SECOND), submitted(2, 2, **SECOND))
    assert told.ends == []
    told.tell(receipt("DELIVERED", 1, 2, **SECOND))
    assert told.ends == ["delivered"]


def test_one_that_failed_for_another_reason_keeps_it_where_it_is() -> None:
    told = Told(routed(2, **ANY, **ON), *BOTH, of_two(2, "EXPIRED"))
    assert (told.reroutes, told.ends) == ([], ["expired"])


def test_one_late_receipt_says_that_an_earlier_way_has_delivered_where_it_stands_for_all() -> None:
    told = Told(routed(2, **ANY, **ON), *BOTH, late(1), late(2), routed(2, **SECOND))
    assert told.reroutes == [1]
    told.tell(of_two(2))
    assert (told.ends, told.status.deliveries) == (["delivered"], 1)
    assert told.tell(replace(timeout(1), what="1|0")) == []


@dataclass(frozen=True)
class Life:
    """A message's facts as they may be read, its timers behind them, and its end."""

    straight: list[MtFact]
    read: list[MtFact]
    end: str


@st.composite
def lives(draw: st.DrawFn) -> Life:
    total = draw(st.integers(1, 3))
    receipts = draw(st.sampled_from(["all", "first", "last", "any", "failures", "none"]))
    silence = draw(st.sampled_from(["unknown", "delivered", "submitted"]))
    failure = draw(st.sampled_from(["UNDELIVERABLE", "EXPIRED"]))
    of_all = draw(st.sampled_from(["DELIVERED", failure]))
    facts: list[MtFact] = [routed(total, receipts=receipts, silence=silence)]
    timers: list[MtFact] = []
    states: list[str | None] = []
    for segment in range(1, total + 1):
        only = {"first": 1, "last": total}.get(receipts, segment)
        is_asked = receipts != "none" and segment == only
        facts.append(submitted(segment, total, receipt_expected=is_asked))
        said = of_all if receipts == "any" else draw(st.sampled_from(["DELIVERED", failure]))
        is_told = said == failure if receipts == "failures" else draw(st.booleans())
        if is_asked and is_told:
            facts += draw(st.lists(st.just(receipt("ENROUTE", segment, total)), max_size=1))
            facts.append(receipt(said, segment, total))
        elif is_asked:
            timers.append(timeout(segment))
        states.append(said.lower() if is_asked and is_told else None if is_asked else "submitted")
    heard = next((state for state in states if state), None) if receipts == "any" else None
    ended = [state or heard or silence for state in states]
    order = [*FAILED, "unknown", "delivered", "submitted"]
    repeats = draw(st.lists(st.sampled_from(facts), max_size=4))
    read = draw(st.permutations(facts + repeats)) + draw(st.permutations(timers))
    return Life(facts + timers, read, next(state for state in order if state in ended))


@given(lives())
def test_whatever_is_asked_for_every_order_comes_to_the_end_that_it_means(life: Life) -> None:
    straight, shuffled = Told(*life.straight), Told(*life.read)
    assert essence(straight.status) == essence(shuffled.status)
    assert straight.ends == shuffled.ends == [life.end]
    assert len({event.event_id for event in shuffled.events}) == len(shuffled.events)
