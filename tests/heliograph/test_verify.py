"""The judge finds what is lost, doubled or told twice, and nothing else."""

from collections.abc import Callable

import pytest

from heliograph.verify import Evidence, judge
from pipeline.ids import MessageId
from tests.builders import dlr, mt_event, mt_submitted


def good() -> Evidence:
    """Two messages, one asked for twice; all is well."""
    evidence = Evidence()
    evidence.requests.update({MessageId("m1"): 2, MessageId("m2"): 1})
    for event in (
        mt_event("m1"),
        mt_event("m1", event="duplicate"),
        mt_event("m1", event="receipt", state="delivered", terminal=True),
        mt_event("m2", event="rejected", state="rejected", terminal=True),
    ):
        evidence.events[event.event_id] = event
    evidence.submitted.append(mt_submitted("m1"))
    evidence.ledger["m1", 1] += 1
    evidence.receipts.append(dlr("m1"))
    return evidence


def test_a_good_run_is_good() -> None:
    verdict = judge(good())
    assert verdict.is_good
    assert (verdict.requested, verdict.duplicate_requests, verdict.segments) == (3, 1, 1)
    assert verdict.outcomes == {"delivered": 1, "rejected": 1}
    assert (verdict.lost, verdict.duplicated, verdict.receipts_joined) == (0, 0, 1)


def lose_an_outcome(evidence: Evidence) -> None:
    del evidence.events["m2/rejected/None"]


def lose_a_segment(evidence: Evidence) -> None:
    del evidence.ledger["m1", 1]


def tell_nothing(evidence: Evidence) -> None:
    evidence.submitted.clear()


def send_twice(evidence: Evidence) -> None:
    evidence.ledger["m1", 1] += 1


def end_twice(evidence: Evidence) -> None:
    event = mt_event("m2", event="receipt", terminal=True)
    evidence.events[event.event_id] = event


def forget_a_repeat(evidence: Evidence) -> None:
    del evidence.events["m1/duplicate/None"]


@pytest.mark.parametrize(
    ("harm", "words", "lost", "duplicated"),
    [
        (lose_an_outcome, "1 requests have no outcome, for example m2", 1, 0),
        (lose_a_segment, "published as accepted, but no carrier has them", 1, 0),
        (tell_nothing, "accepted by a carrier, but nothing says so", 1, 0),
        (send_twice, "accepted more than once", 0, 1),
        (end_twice, "several outcomes, for example m2", 0, 0),
        (forget_a_repeat, "not one event for each of their requests, for example m1", 0, 0),
    ],
)
def test_each_harm_is_found(
    harm: Callable[[Evidence], None], words: str, lost: int, duplicated: int
) -> None:
    evidence = good()
    harm(evidence)
    verdict = judge(evidence)
    assert any(words in fault for fault in verdict.faults), verdict.faults
    assert (verdict.lost, verdict.duplicated) == (lost, duplicated)
    assert not verdict.is_good


def test_what_a_kill_may_double_is_no_fault_up_to_its_bound() -> None:
    evidence = good()
    evidence.ledger["m1", 1] += 2
    assert judge(evidence, duplicates_max=2).is_good
    assert judge(evidence, duplicates_max=2).duplicated == 2
    assert not judge(evidence, duplicates_max=1).is_good
