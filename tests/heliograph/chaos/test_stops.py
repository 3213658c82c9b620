"""What is held against a round of stops, by when the carrier read what."""

from collections import Counter
from collections.abc import Mapping
from typing import cast

import pytest

from heliograph.chaos.stage import After
from heliograph.chaos.stops import Round, ended, obeyed, stood_still, unharmed
from heliograph.tallies import Evidence
from heliograph.verify import Verdict

ROUND = Round("tenant", "s", "o", paused_ms=1000, resumed_ms=6000, cancelled_ms=9000)
SOUND = {"s1": 500, "s2": 1900, "s3": 6100, "s4": 9050, "o1": 3000, "o2": 9500}


def after(reads: Mapping[str, float], **outcomes: int) -> After:
    """What is left when the carrier has read these, at these times."""
    segments = [{"message_id": name, "read_ms": at_ms} for name, at_ms in reads.items()]
    verdict, evidence = cast(Verdict, None), cast(Evidence, None)
    return After(verdict, evidence, 0, 0, Counter(outcomes), segments, {}, [])


@pytest.mark.parametrize(
    ("changed", "is_obeyed", "is_still"),
    [
        ({}, True, True),
        ({"s2": 4900}, False, True),  # paused too late
        ({"s2": 5500}, False, False),  # never really
        ({"s3": 8100}, False, True),  # it went on too late
        ({"s3": 500, "s4": 500}, False, True),  # never
        ({"s4": 11_100}, False, True),  # cancelled too late
        ({"o1": 500}, True, False),  # the others stood still as well
    ],
)
def test_each_order_is_in_force_within_two_seconds(
    changed: dict[str, float], is_obeyed: bool, is_still: bool
) -> None:
    found = after(SOUND | changed)
    assert obeyed(ROUND)(found).holds is is_obeyed
    assert stood_still(ROUND)(found).holds is is_still


def test_how_long_each_took_is_told() -> None:
    told = obeyed(ROUND)(after(SOUND))
    assert told.figure == "tenant paused after 900 ms, went on after 100 ms, cancelled after 50 ms"
    assert told.is_of_time


@pytest.mark.parametrize(
    ("outcomes", "holds"),
    [
        ({"delivered": 6, "cancelled": 2}, True),
        ({"delivered": 6, "cancelled": 1}, False),
        ({"delivered": 5, "cancelled": 3}, False),  # one that had gone, or another
        ({"delivered": 6, "cancelled": 2, "unknown": 1}, False),
    ],
)
def test_what_was_named_and_not_carried_is_cancelled_and_nothing_else(
    outcomes: dict[str, int], holds: bool
) -> None:
    stopped = {"tenant": {"s1", "s2", "s3", "s4", "s5", "s6"}}
    assert ended(stopped)(after(SOUND, **outcomes)).holds is holds
    assert not ended({"tenant": {"s1"}})(after(SOUND, delivered=6)).holds  # nothing was stopped


def test_no_other_is_left_out() -> None:
    assert unharmed({"o1", "o2"})(after(SOUND)).holds
    assert not unharmed({"o1", "o2", "o3"})(after(SOUND)).holds
