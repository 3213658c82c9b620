"""Carriers' claims against what was told as accepted, to the segment."""

from zoneinfo import ZoneInfo

import msgspec
import pytest

from heliograph.reconciling import Claim, Reconciliation, reconcile
from heliograph.reporting import Fold, Window
from pipeline.records import MtEvent
from tests.builders import mt_event

MIDNIGHT_MS = 1_793_055_600_000  # of Stockholm, 27 October 2026
WINDOW = Window(MIDNIGHT_MS - 86_400_000, MIDNIGHT_MS + 86_400_000)
ZONES = {"fast": ZoneInfo("Europe/Stockholm")}
FIRST, SECOND = "2026-10-26", "2026-10-27"


def write(smsc_message_id: str | None, at_ms: int = MIDNIGHT_MS, **changed: object) -> MtEvent:
    own = {"event": "segment_accepted", "event_id": f"{smsc_message_id}/{at_ms}", "segment": 1}
    own |= {"connector": "fast", "hop": 0, "submitted_ms": at_ms}
    return mt_event(**{**own, "smsc_message_id": smsc_message_id, **changed})


def claim(smsc_message_id: str, at_ms: float = MIDNIGHT_MS, message_id: str | None = "m1") -> Claim:
    own = None if message_id is None else (message_id, 1)
    return Claim(("fast", "twin"), smsc_message_id, at_ms, own)


def compared(events: list[MtEvent], claims: list[Claim]) -> Reconciliation:
    fold = Fold(WINDOW)
    for event in events:
        fold.note(event)
    return reconcile(fold, claims, ZONES, ["fast", "twin"])


def test_what_both_sides_have_is_equal_on_our_day_whatever_the_carrier_s_clock_says() -> None:
    found = compared(
        [write("1", MIDNIGHT_MS - 1), write("2", MIDNIGHT_MS)],
        [claim("1", MIDNIGHT_MS + 3), claim("2", MIDNIGHT_MS - 3)],
    )
    assert found.rows == [("fast", FIRST, 1, 1, 0, 0, 0), ("fast", SECOND, 1, 1, 0, 0, 0)]
    assert found.is_equal


def test_what_only_one_side_has_is_told() -> None:
    found = compared([write("1")], [claim("9", message_id="nobody's")])
    assert found.rows == [("fast", SECOND, 1, 1, 0, 1, 1)]
    assert not found.is_equal


def test_an_id_on_another_connector_is_another_one() -> None:
    assert not compared([write("1", connector="other")], [claim("1")]).is_equal
    assert compared([write("1", connector="twin")], [claim("1")]).is_equal


def test_a_segment_that_was_taken_though_its_answer_was_lost_is_explained() -> None:
    doubt = write(None, event="segment_unknown")
    found = compared([doubt], [claim("1")])
    assert found.rows == [("fast", SECOND, 0, 1, 1, 0, 0)]
    again = compared([write("2")], [claim("1"), claim("2")])
    assert again.rows == [("fast", SECOND, 1, 2, 1, 0, 0)]
    assert found.is_equal
    assert again.is_equal


def test_an_id_that_was_used_again_is_each_time_the_nearest() -> None:
    found = compared(
        [write("1", MIDNIGHT_MS - 60_000), write("1", MIDNIGHT_MS + 60_000)],
        [claim("1", MIDNIGHT_MS + 60_003), claim("1", MIDNIGHT_MS - 60_003)],
    )
    assert found.rows == [("fast", FIRST, 1, 1, 0, 0, 0), ("fast", SECOND, 1, 1, 0, 0, 0)]


def test_what_was_written_outside_the_window_is_no_matter_though_the_carrier_read_it_within() -> (
    None
):
    found = compared(
        [write("1", WINDOW.begin_ms - 2), write("2", WINDOW.end_ms)],
        [claim("1", WINDOW.begin_ms + 2), claim("2", WINDOW.end_ms - 2)],
    )
    assert found.rows == []
    assert compared([], [claim("3", WINDOW.end_ms + 1)]).rows == []


FOREIGN = [  # a claim that is not ours by an id that we have, whenever it is read
    claim("1", MIDNIGHT_MS - 5 * 86_400_000, "old"),
    claim("1", MIDNIGHT_MS + 5 * 3_600_000, "other"),
    claim("1", MIDNIGHT_MS + 1, "other"),
    claim("1", MIDNIGHT_MS + 1, None),
    claim("1", MIDNIGHT_MS + 5 * 3_600_000, None),
]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_claim_takes_no_acceptance_that_is_another_s(foreign: Claim) -> None:
    found = compared([write("1")], [foreign, claim("1")])
    is_within = WINDOW.has(int(foreign.at_ms))
    assert found.rows == [("fast", SECOND, 1, 1 + is_within, 0, 0, is_within)]


def test_a_claim_without_our_name_is_the_acceptance_near_it() -> None:
    near, far = claim("1", MIDNIGHT_MS + 299_000, None), claim("1", MIDNIGHT_MS + 301_000, None)
    assert compared([write("1")], [near]).is_equal
    assert compared([write("1")], [far]).rows == [("fast", SECOND, 1, 1, 0, 1, 1)]


def test_what_a_killed_binder_wrote_is_explained() -> None:
    doubt = write(None, event="segment_unknown")
    crash = msgspec.structs.replace(doubt, submitted_ms=None, at_ms=MIDNIGHT_MS + 9000)
    found = compared([crash], [claim("1")])
    assert found.rows == [("fast", SECOND, 0, 1, 1, 0, 0)]
    assert found.is_equal
