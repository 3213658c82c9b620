"""Early, late, doubtful and many: each receipt ends at its own segment, once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Effect
from pipeline.ids import MessageId
from pipeline.records import Dlr, MtSubmitted, Tlv
from pipeline.references import reference_of
from services.correlator.core import HandsetFact
from services.correlator.segments import ROWS_MAX
from tests.services.correlator.builders import (
    DAY_MS,
    FAR,
    NOW_MS,
    SLOW,
    TWIN,
    Handset,
    accepted,
    dlrs,
    published,
    receipt,
)


def doubtful(message: str = "m1", **changed: Any) -> MtSubmitted:
    return accepted("", message, **{"outcome": "unknown", "sender": "12345", **changed})


def orphans(effects: list[Effect]) -> list[Dlr]:
    return dlrs(effects, "sms.dlr.orphan")


def test_an_orphan_whose_segment_comes_is_told_again_as_repaired() -> None:
    handset = Handset()
    handset.tell(receipt())
    assert len(orphans(handset.ring("receipt_parked"))) == 1
    effects = handset.tell(accepted(), after_ms=3_600_000)
    (dlr,) = dlrs(effects)
    assert (dlr.message_id, dlr.repaired, dlr.joined_by) == ("m1", True, "id")
    assert dlrs(effects, "sms.tracker.in") == [dlr]
    assert handset.tell(accepted()) == []
    assert dlrs(handset.tell(accepted("other", "m2"))) == []


def test_an_orphan_is_told_once_as_an_orphan() -> None:
    handset = Handset()
    handset.tell(receipt("1"), receipt("2"))
    first = orphans(handset.ring("receipt_parked"))
    assert [dlr.smsc_message_id for dlr in first] == ["1", "2"]
    handset.tell(receipt("3"))
    assert [dlr.smsc_message_id for dlr in orphans(handset.ring("receipt_parked"))] == ["3"]


def test_an_orphan_from_before_is_not_that_of_a_segment_with_its_id() -> None:
    handset = Handset()
    handset.tell(receipt("77"))
    handset.ring("receipt_parked")
    day_ms = NOW_MS + DAY_MS
    fact = accepted("77", "new", submitted_ms=day_ms, answered_ms=day_ms + 50)
    assert dlrs(handset.tell(fact, after_ms=DAY_MS)) == []
    (dlr,) = dlrs(handset.tell(receipt("77", received_ms=day_ms + 90)))
    assert (dlr.message_id, dlr.repeat, dlr.repaired) == ("new", False, False)


def test_a_late_receipt_of_an_id_that_is_used_again_is_that_of_the_older() -> None:
    handset = Handset()
    handset.tell(accepted("77", "old", submitted_ms=NOW_MS - DAY_MS, answered_ms=NOW_MS - DAY_MS))
    handset.tell(accepted("77", "new", submitted_ms=NOW_MS, answered_ms=NOW_MS + 1))
    text = b"id:77 submit date:2609201413 done date:2609211413 stat:DELIVRD"
    (dlr,) = dlrs(handset.tell(receipt(short_message=text)))
    assert dlr.message_id == "old"


def test_a_segment_whose_answer_was_lost_is_found_when_the_waiting_ends() -> None:
    handset = Handset()
    handset.tell(doubtful())
    assert dlrs(handset.tell(receipt("4711", "ENROUTE"), receipt("4711"))) == []
    found = dlrs(handset.ring("receipt_parked"))
    assert [(dlr.message_id, dlr.state, dlr.joined_by) for dlr in found] == [
        ("m1", "ENROUTE", "addresses"),
        ("m1", "DELIVERED", "id"),
    ]
    (again,) = dlrs(handset.tell(receipt("4711")))
    assert (again.repeat, again.joined_by) == (True, "id")


def test_until_the_waiting_ends_the_answer_of_another_segment_may_come() -> None:
    handset = Handset()
    handset.tell(doubtful(), receipt("4711"))
    (dlr,) = dlrs(handset.tell(accepted("4711", "m2"), after_ms=60_000))
    assert dlr.message_id == "m2"
    assert dlrs(handset.ring("receipt_parked")) == orphans(handset.ring("receipt_parked")) == []


@pytest.mark.parametrize("is_early", [True, False])
def test_a_reference_that_is_echoed_names_the_segment_at_once(is_early: bool) -> None:
    value = reference_of(MessageId("m1"), 1).to_bytes(2, "big")
    echo = receipt("4711", tlvs=(Tlv(tag=0x0204, value=value),), connector="echo")
    lost = doubtful(connector="echo")
    handset = Handset()
    (dlr,) = dlrs(handset.tell(*([echo, lost] if is_early else [lost, echo])))
    assert (dlr.message_id, dlr.joined_by, dlr.final) == ("m1", "reference", True)


@pytest.mark.parametrize("fact", [doubtful(receipt_expected=False), doubtful(outcome="expired")])
def test_of_what_asks_for_no_receipt_or_was_not_sent_none_is_guessed(fact: MtSubmitted) -> None:
    handset = Handset()
    handset.tell(fact, receipt("4711"))
    assert len(orphans(handset.ring("receipt_parked"))) == 1


def test_a_doubt_goes_on_to_the_tracker_once_and_sets_no_time() -> None:
    handset = Handset()
    (forward,) = handset.tell(doubtful())
    assert forward.topic == "sms.tracker.in"
    assert handset.tell(doubtful()) == []


def test_a_receipt_in_a_writing_that_the_profile_excludes_is_joined_after_its_time() -> None:
    handset = Handset()
    handset.tell(accepted("10", connector=FAR))
    assert dlrs(handset.tell(receipt("10", connector=FAR))) == []
    (dlr,) = dlrs(handset.ring("receipt_parked"))
    assert (dlr.joined_by, dlr.repaired) == ("notation", False)
    assert handset.ring("receipt_timeout") == []


def test_the_receipt_of_a_long_validity_is_joined_until_its_time_is_over() -> None:
    handset = Handset()
    handset.tell(accepted(deadline_ms=NOW_MS + 20 * DAY_MS))
    (dlr,) = dlrs(handset.tell(receipt(), after_ms=20 * DAY_MS))
    assert dlr.message_id == "m1"


@given(st.data(), st.integers(1, ROWS_MAX + 8))
def test_in_any_order_and_repeated_each_receipt_is_joined_once_and_none_wrong(
    data: st.DataObject, count: int
) -> None:
    facts: list[HandsetFact] = []
    asked = 0
    for i in range(count):
        submitter, receiver = data.draw(st.sampled_from([(SLOW, TWIN), (FAR, FAR), (SLOW, SLOW)]))
        answer = accepted(f"{0xA000 + i:X}", f"m{i}", connector=submitter, answered_ms=NOW_MS + i)
        told = data.draw(st.lists(st.sampled_from(["ENROUTE", "DELIVRD"]), min_size=1, max_size=3))
        asked += len(told)
        facts += [answer] * data.draw(st.integers(1, 2))
        facts += [receipt(str(0xA000 + i), stat, connector=receiver) for stat in told]
    handset = Handset()
    effects: list[Effect] = []
    for fact in data.draw(st.permutations(facts)):
        effects += handset.tell(fact)
    joined = dlrs(effects)
    assert len(joined) + len(orphans(effects)) == asked
    assert all(dlr.message_id == f"m{int(dlr.smsc_message_id) - 0xA000}" for dlr in joined)
    finals = [dlr.message_id for dlr in joined if dlr.final and not dlr.repeat]
    assert len(finals) == len(set(finals))
    told_on = [e.record for e in published(effects, "sms.tracker.in")]
    assert sum(isinstance(record, MtSubmitted) for record in told_on) == count
