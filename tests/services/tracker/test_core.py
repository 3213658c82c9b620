"""The tracker: one state and one end for every message, whatever the order of its facts."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Publish
from pipeline.records import (
    MtEvent,
    MtReroute,
    MtStatus,
    MtSubmitted,
    SegmentStatus,
)
from services.tracker.config import TrackerConfig
from services.tracker.core import MtFact
from tests.services.tracker.builders import (
    ASKED_MS,
    DAY_MS,
    FAST,
    MESSAGE,
    SLOW,
    Told,
    essence,
    head,
    receipt,
    rejected,
    routed,
    scheduled,
    submitted,
    timeout,
    waiting,
)


def test_a_delivered_message_has_a_status_that_says_everything() -> None:
    told = Told(scheduled(), routed(price="0.0125", currency="EUR"), submitted(), receipt())
    events = ["scheduled", "routed", "segment_accepted", "receipt"]
    assert [event.event for event in told.events] == events
    assert [event.state for event in told.events] == [
        "scheduled",
        "routed",
        "accepted",
        "delivered",
    ]
    assert [event.terminal for event in told.events] == [False, False, False, True]
    assert told.status == MtStatus(
        head=head(),
        state="delivered",
        terminal=True,
        path=("fast",),
        rule="rest",
        routes_version="v1",
        segments=(
            SegmentStatus(
                segment=1,
                state="delivered",
                connector=FAST,
                smsc_message_id="1a2b3c41",
                attempts=1,
                submitted_ms=ASKED_MS + 31,
                accepted_ms=ASKED_MS + 51,
                receipt_ms=ASKED_MS + 2001,
                final_ms=ASKED_MS + 2001,
            ),
        ),
        scheduled_ms=ASKED_MS + 20,
        routed_ms=ASKED_MS + 20,
        submitted_ms=ASKED_MS + 31,
        final_ms=ASKED_MS + 2001,
        updated_ms=ASKED_MS + 2001,
        deliveries=1,
        price="0.0125",
        cost="0.0125",
        spent="0.0125",
        currency="EUR",
    )


def test_each_step_has_its_time_and_a_repeated_one_changes_none() -> None:
    told = Told(routed(), submitted(), receipt("ENROUTE", received_ms=ASKED_MS + 900))
    (segment,) = told.status.segments
    assert (segment.accepted_ms, segment.receipt_ms) == (ASKED_MS + 51, ASKED_MS + 900)
    assert (segment.final_ms, told.status.scheduled_ms) == (None, None)
    told.tell(receipt(received_ms=ASKED_MS + 1500), receipt(received_ms=ASKED_MS + 1600))
    (segment,) = told.status.segments
    assert (segment.receipt_ms, segment.final_ms) == (ASKED_MS + 1500, ASKED_MS + 1500)


def test_what_is_put_off_twice_was_put_off_first_whatever_is_read_first() -> None:
    again = msgspec.structs.replace(scheduled(ASKED_MS + 90), send_at_ms=ASKED_MS + 2 * DAY_MS)
    for facts in ([scheduled(), again], [again, scheduled()], [routed(), again, scheduled()]):
        told = Told(*facts)
        assert told.status.scheduled_ms == ASKED_MS + 20


def test_what_was_never_accepted_has_no_time_of_it() -> None:
    told = Told(routed(2), submitted(1, 2, outcome="unknown"), submitted(2, 2, outcome="rejected"))
    assert [segment.accepted_ms for segment in told.status.segments] == [None, None]
    told = Told(routed(), submitted(receipt_expected=False))
    assert told.status.segments[0].accepted_ms == ASKED_MS + 51


def test_a_time_out_has_the_name_that_analytics_know() -> None:
    told = Told(routed(), submitted(), timeout())
    assert [event.event for event in told.events][-1] == "dlr_timeout"


def test_an_event_says_what_analytics_ask_for() -> None:
    told = Told(routed(), submitted(command_status=0), receipt("UNDELIVERABLE", error_code="069"))
    event = told.events[-1]
    assert event == MtEvent(
        event_id=event.event_id,
        message_id=MESSAGE,
        event="receipt",
        state="undeliverable",
        terminal=True,
        reason="undeliverable:069",
        segment=1,
        segments=1,
        connector=FAST,
        smsc_message_id="439041101",
        receipt_state="UNDELIVERABLE",
        tenant="default",
        lane="normal",
        class_="transactional",
        recipient="46701234567",
        country="SE",
        sender="ACME",
        caller_data="mine",
        requested_ms=ASKED_MS,
        at_ms=ASKED_MS + 2001,
        submitted_ms=ASKED_MS + 31,
        rule="rest",
        routes_version="v1",
        hop=0,
    )
    assert told.events[1].command_status == 0


@pytest.mark.parametrize(
    ("facts", "state", "reason"),
    [
        ([scheduled()], "scheduled", None),
        ([waiting()], "waiting", None),
        ([scheduled(), waiting()], "waiting", None),
        ([waiting(), scheduled()], "waiting", None),
        ([waiting(), scheduled(ASKED_MS + 21)], "scheduled", None),  # quiet hours have begun
        ([scheduled(ASKED_MS + 21), waiting()], "scheduled", None),
        ([scheduled(), waiting(at_ms=ASKED_MS + 21)], "waiting", None),
        ([waiting(), scheduled(ASKED_MS + 21), waiting(SLOW, ASKED_MS + 22)], "waiting", None),
        ([waiting(), routed(), scheduled(ASKED_MS + 21)], "routed", None),
        ([waiting(), routed()], "routed", None),
        ([routed(), waiting()], "routed", None),
        ([waiting(), rejected("cancelled")], "cancelled", "cancelled"),
        ([scheduled(), routed()], "routed", None),
        ([scheduled(), rejected("no_route")], "rejected", "no_route"),
        ([rejected("sender_not_allowed")], "rejected", "sender_not_allowed"),
        ([rejected("expired")], "expired", "expired"),
        ([rejected("cancelled")], "cancelled", "cancelled"),
        ([rejected("bad_number", "intake")], "rejected", "bad_number"),
        ([routed()], "routed", None),
        ([routed(), submitted()], "accepted", None),
        ([routed(), submitted(receipt_expected=False)], "submitted", None),
        (
            [routed(), submitted(outcome="rejected", reason="ESME_RINVDSTADR", command_status=11)],
            "rejected",
            "ESME_RINVDSTADR",
        ),
        ([routed(), submitted(outcome="expired", reason="validity")], "expired", "validity"),
        ([routed(), submitted(outcome="cancelled", reason="stop")], "cancelled", "stop"),
        ([routed(), submitted(outcome="returned", reason="drain")], "routed", "drain"),
        ([routed(), submitted(outcome="postponed", reason="full")], "routed", "full"),
        ([routed(), submitted(outcome="unknown", reason="link_lost")], "unknown", "link_lost"),
        ([routed(), submitted(), receipt("ENROUTE")], "accepted", None),
        ([routed(), submitted(), receipt("ENROUTE"), receipt()], "delivered", None),
        ([routed(), submitted(), receipt("EXPIRED")], "expired", "expired"),
        ([routed(), submitted(), receipt("DELETED")], "undeliverable", "deleted"),
        ([routed(), submitted(), receipt("REJECTED")], "undeliverable", "rejected"),
        ([routed(), submitted(), receipt("UNKNOWN")], "unknown", "unknown"),
        ([routed(), submitted(), receipt("SKIPPED", final=True)], "unknown", "skipped"),
        ([routed(), submitted(), timeout()], "unknown", "dlr_timeout"),
        ([routed(2), submitted(1, 2)], "sending", None),
        ([routed(2), submitted(1, 2), submitted(2, 2)], "accepted", None),
        ([routed(2), submitted(1, 2), receipt(segment=1, segments=2)], "sending", None),
        (
            [routed(2), submitted(1, 2), submitted(2, 2), receipt(segment=2, segments=2)],
            "partial",
            None,
        ),
        (
            [
                routed(2),
                submitted(1, 2, receipt_expected=False),
                submitted(2, 2),
                receipt(segment=2, segments=2),
            ],
            "delivered",
            None,
        ),
        ([routed(2), submitted(2, 2, outcome="rejected", reason="no")], "rejected", "no"),
    ],
)
def test_the_facts_of_a_message_make_its_state(
    facts: list[MtFact], state: str, reason: str | None
) -> None:
    told = Told(*facts)
    assert (told.status.state, told.status.reason) == (state, reason)
    assert told.status.terminal == bool(told.ends)
    assert told.ends in ([], [state])


@pytest.mark.parametrize("state", ["DELIVERED", "UNDELIVERABLE", "EXPIRED", "UNKNOWN", "ENROUTE"])
@pytest.mark.parametrize("after", ["DELIVERED", "UNDELIVERABLE", "EXPIRED"])
def test_a_final_receipt_is_final(after: str, state: str) -> None:
    told = Told(routed(), submitted(), receipt(after))
    assert told.tell(receipt(state, repeat=True, received_ms=ASKED_MS + 9000)) == []
    assert told.tell(timeout()) == []
    assert len(told.ends) == 1


@pytest.mark.parametrize(
    "cause", [timeout(), receipt("UNKNOWN"), submitted(outcome="unknown", reason="link_lost")]
)
@pytest.mark.parametrize(
    ("repair", "state"),
    [
        (receipt(), "delivered"),
        (receipt("UNDELIVERABLE"), "undeliverable"),
        (receipt("EXPIRED"), "expired"),
    ],
)
def test_only_unknown_is_repaired_and_that_is_a_second_end(
    cause: MtFact, repair: MtFact, state: str
) -> None:
    answer = () if isinstance(cause, MtSubmitted) else (submitted(),)
    told = Told(routed(), *answer, cause)
    assert told.ends == ["unknown"]
    told.tell(repair, repair)
    assert told.ends == ["unknown", state]
    assert (told.status.state, told.status.final_ms) == (state, ASKED_MS + 2001)


def test_an_acceptance_does_not_open_an_unknown_end() -> None:
    told = Told(routed(), submitted(outcome="unknown", reason="link_lost"))
    assert told.tell(submitted(attempt=2)) == ["segment_accepted"]
    assert (told.status.state, told.ends) == ("unknown", ["unknown"])


def test_unknown_waits_until_no_segment_can_fail_any_more() -> None:
    told = Told(routed(2), submitted(1, 2), submitted(2, 2), timeout(1))
    assert (told.status.state, told.ends) == ("accepted", [])
    told.tell(receipt(segment=2, segments=2))
    assert (told.status.state, told.status.reason) == ("unknown", "dlr_timeout")


def test_what_other_segments_do_after_a_failure_changes_no_end() -> None:
    told = Told(routed(2), submitted(1, 2), submitted(2, 2))
    told.tell(receipt("UNDELIVERABLE", 1, 2))
    assert told.tell(receipt("DELIVERED", 2, 2)) == ["receipt"]
    assert told.ends == ["undeliverable"]
    assert [s.state for s in told.status.segments] == ["undeliverable", "delivered"]


@pytest.mark.parametrize("reason", ["duplicate", "payload_mismatch"])
def test_a_repeat_is_an_event_and_leaves_the_original_alone(reason: str) -> None:
    told = Told(routed(), submitted(), receipt())
    statuses = list(told.statuses)
    late = head(requested_ms=ASKED_MS + 9000)
    assert told.tell(rejected(reason, head=late)) == [reason]
    event = told.events[-1]
    assert (event.state, event.terminal, event.requested_ms) == (
        "delivered",
        False,
        ASKED_MS + 9000,
    )
    assert told.statuses == statuses


def test_every_repeat_has_an_event_of_its_own() -> None:
    told = Told(routed())
    for late_ms in (100, 200):
        told.tell(rejected("duplicate", head=head(requested_ms=ASKED_MS + late_ms)))
    assert len({event.event_id for event in told.events}) == 3


def test_a_repeat_of_a_message_nobody_remembers_makes_no_status() -> None:
    told = Told(rejected("duplicate"))
    assert told.statuses == []
    assert told.tell(routed()) == ["routed"]
    assert told.status.state == "routed"


@pytest.mark.parametrize("admitted", [routed(), scheduled(), rejected("no_route"), submitted()])
def test_a_message_refused_at_intake_starts_over_when_it_is_admitted(admitted: MtFact) -> None:
    told = Told(rejected("bad_number", "intake", head=head(recipient=None)))
    assert told.ends == ["rejected"]
    told.tell(admitted)
    assert told.status.head.recipient == "46701234567"
    assert told.status.reason in (None, "no_route")
    assert told.tell(rejected("bad_number", "intake", head=head(recipient=None))) == []


def test_a_refusal_at_intake_leaves_an_admitted_message_alone() -> None:
    told = Told(routed(), submitted())
    late = head(recipient=None, requested_ms=ASKED_MS + 100)
    assert told.tell(rejected("bad_number", "intake", head=late)) == ["rejected"]
    assert (told.status.state, told.ends) == ("accepted", [])
    told.tell(receipt())
    assert told.ends == ["delivered"]


def test_intake_may_say_it_again_after_a_crash() -> None:
    refusal = rejected("bad_number", "intake")
    told = Told(refusal)
    assert told.tell(msgspec.structs.replace(refusal, rejected_ms=ASKED_MS + 999)) == []


def test_an_id_the_router_has_forgotten_is_a_message_anew() -> None:
    told = Told(routed(), submitted(), timeout())
    later = ASKED_MS + 2 * DAY_MS
    again: dict[str, Any] = {"requested_ms": later, "answered_ms": later + 50}
    told.tell(routed(head=head(requested_ms=later)), submitted(**again), timeout())
    assert told.ends == ["unknown", "unknown"]


@pytest.mark.parametrize(
    "again",
    [
        submitted(smsc_message_id="ffff", submitted_ms=ASKED_MS + 900),
        submitted(smsc_message_id="ffff", attempt=2),
        submitted(smsc_message_id="ffff", hop=1, connector=SLOW),
    ],
)
@pytest.mark.parametrize("is_delivered", [True, False])
def test_a_segment_accepted_twice_is_an_event_and_not_a_second_end(
    again: MtFact, is_delivered: bool
) -> None:
    told = Told(routed(), submitted())
    if is_delivered:
        told.tell(receipt())
    assert told.tell(again, again) == ["segment_accepted"]
    told.tell(receipt(), receipt(smsc_message_id="65535"), timeout())
    assert told.ends == ["delivered"]
    assert told.status.segments[0].smsc_message_id == "ffff"


@pytest.mark.parametrize("late", [scheduled(), routed(hop=1), rejected("no_route")])
def test_no_fact_of_the_router_undoes_an_end(late: MtFact) -> None:
    told = Told(routed(), submitted(), receipt("UNDELIVERABLE"))
    assert len(told.tell(late)) == 1
    assert (told.status.state, told.ends) == ("undeliverable", ["undeliverable"])


def test_the_status_of_a_refused_message_stays_when_a_receipt_comes_all_the_same() -> None:
    told = Told(rejected("no_route"))
    assert told.tell(receipt()) == ["receipt"]
    assert (told.status.state, told.ends) == ("rejected", ["rejected"])


def returned(segment: int, segments: int, **changed: Any) -> MtSubmitted:
    why = {"outcome": "returned", "reason": "connector_down"}
    return submitted(segment, segments, **{**why, **changed})


def test_what_came_back_whole_asks_for_another_way_once_a_hop() -> None:
    told = Told(routed(2), returned(1, 2))
    assert told.reroutes == []
    told.tell(returned(2, 2))
    told.tell(returned(2, 2), returned(1, 2))
    assert told.reroutes == [1]
    told.tell(routed(3, hop=1, connector=SLOW))
    for segment in (2, 3, 1):
        told.tell(returned(segment, 3, hop=1, connector=SLOW))
    assert told.reroutes == [1, 2]
    assert told.ends == []


def test_what_quiet_hours_gave_back_is_told_why_and_goes_on_in_the_morning() -> None:
    told = Told(routed(2))
    effects = [
        effect
        for segment in (1, 2)
        for effect in told.tracker.decide(
            told.state, returned(segment, 2, reason="quiet_hours"), ASKED_MS
        )
        if isinstance(effect.record, MtReroute)
    ]
    assert effects == [
        Publish(
            "sms.router.in",
            "46701234567",
            MtReroute(head=head(), hop=1, reason="quiet_hours", asked_ms=ASKED_MS + 52),
        )
    ]
    assert told.tell(scheduled()) == ["scheduled"]
    told.tell(routed(2, hop=1), submitted(1, 2, hop=1), submitted(2, 2, hop=1))
    assert (told.status.state, told.status.reason, told.ends) == ("accepted", None, [])


def test_every_event_says_the_rule_and_the_version_that_decided_last() -> None:
    told = Told(scheduled(), waiting(), routed())
    told.tell(submitted(outcome="returned", reason="down"))
    told.tell(routed(hop=1, connector=SLOW, rule="second", routes_version="v2"))
    told.tell(submitted(hop=1, connector=SLOW), receipt(hop=1, connector=SLOW))
    told.tell(rejected("duplicate", source="elsewhere/0/1"))
    assert [(e.event, e.rule, e.routes_version) for e in told.events] == [
        ("scheduled", "early", "v0"),
        ("waiting", "bulk", "v0"),
        ("routed", "rest", "v1"),
        ("segment_returned", "rest", "v1"),
        ("way_left", "rest", "v1"),
        ("routed", "second", "v2"),
        ("segment_accepted", "second", "v2"),
        ("receipt", "second", "v2"),
        ("duplicate", "second", "v2"),
    ]
    assert (told.status.rule, told.status.routes_version) == ("second", "v2")


@pytest.mark.parametrize("rule", ["premium", None])
def test_what_is_refused_says_by_which_rule_and_version(rule: str | None) -> None:
    told = Told(rejected("premium_number", rule=rule, routes_version="v3"))
    assert [(e.rule, e.routes_version) for e in told.events] == [(rule, "v3")]
    assert (told.status.rule, told.status.routes_version) == (rule, "v3")


def test_a_refusal_of_another_way_leaves_the_status_with_the_rule_it_went_by() -> None:
    facts = [
        routed(),
        submitted(outcome="returned", reason="down"),
        rejected("no_way_left", rule="second", routes_version="v2"),
    ]
    for order in permutations(facts):
        told = Told(*order)
        assert (told.status.rule, told.status.routes_version) == ("rest", "v1")
        ended = next(event for event in told.events if event.event == "rejected")
        assert (ended.rule, ended.routes_version) == ("second", "v2")


def test_what_was_cancelled_while_it_was_scheduled_ends_as_cancelled() -> None:
    told = Told(scheduled(), rejected("cancelled", rejected_ms=ASKED_MS + DAY_MS))
    assert (told.status.state, told.status.terminal, told.status.segments) == (
        *("cancelled", True, ()),
    )
    assert told.ends == ["cancelled"]


def test_what_is_written_in_part_or_over_asks_for_no_other_way() -> None:
    told = Told(routed(2), submitted(1, 2), returned(2, 2))
    assert told.reroutes == []
    told = Told(routed(), rejected("cancelled"), returned(1, 1))
    assert told.reroutes == []


def test_what_comes_back_from_an_earlier_hop_is_no_news() -> None:
    told = Told(routed(hop=0), routed(hop=1, connector=SLOW), returned(1, 1, hop=0))
    assert told.reroutes == []


def test_a_further_connector_gets_fresh_segments() -> None:
    told = Told(routed(2), submitted(1, 2, outcome="returned", reason="down"))
    told.tell(routed(3, hop=1, connector=SLOW, rule="second"))
    assert told.status.path == ("fast", "slow")
    assert [s.connector for s in told.status.segments] == [SLOW] * 3
    assert (told.status.rule, told.status.state, told.status.reason) == ("second", "routed", None)


@pytest.mark.parametrize(
    ("fact", "state", "lane"),
    [
        (submitted(2, 3, submit_lane="priority"), "sending", "priority"),
        (receipt("DELIVERED", 2, 3), "sending", "normal"),
        (receipt("UNDELIVERABLE", 2, 3, tenant=None, submitted_ms=None), "undeliverable", "normal"),
        (receipt("DELIVERED", 2, None), "sending", "normal"),
    ],
)
def test_a_fact_of_a_lost_message_builds_a_status(fact: MtFact, state: str, lane: str) -> None:
    told = Told(fact)
    assert (told.status.state, told.status.head.lane) == (state, lane)
    assert told.status.head.recipient == "46701234567"
    assert told.status.segments[1].state in ("accepted", "delivered", "undeliverable")


@pytest.mark.parametrize(
    "fact",
    [
        timeout(),
        submitted(outcome="intent"),
        receipt(message_id=None),
        msgspec.structs.replace(timeout(), kind="mo_partial"),
        msgspec.structs.replace(timeout(), what="x"),
    ],
)
def test_what_is_no_news_of_a_message_says_nothing(fact: MtFact) -> None:
    assert Told().tell(fact) == []


def test_what_waits_for_its_time_is_known_as_long_as_that_may_take() -> None:
    told = Told(scheduled(), now_ms=ASKED_MS)
    assert told.tell(scheduled(), now_ms=ASKED_MS + 30 * DAY_MS) == []


def test_a_status_outlives_its_last_fact_by_its_life() -> None:
    told = Told(routed(), now_ms=ASKED_MS)
    alive_ms = ASKED_MS + TrackerConfig().life_s * 1000 - 1
    assert told.tell(routed(), now_ms=alive_ms) == []
    assert told.tell(routed(), now_ms=alive_ms + 1) == ["routed"]


SEGMENT_ENDS = ("DELIVERED", "UNDELIVERABLE", "EXPIRED", "no receipt", "rejected")


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[MtFact], list[MtFact]]:
    """A message's facts in the order in which they happened, and as they may be read."""
    total = draw(st.integers(1, 3))
    failure = draw(st.sampled_from(SEGMENT_ENDS))
    facts: list[MtFact] = [routed(total)]
    for segment in range(1, total + 1):
        end = draw(st.sampled_from(["DELIVERED", "no receipt", failure]))
        if end == "rejected":
            facts.append(submitted(segment, total, outcome="rejected", reason="ESME_RSYSERR"))
            continue
        facts.append(submitted(segment, total, receipt_expected=end != "no receipt"))
        if end != "no receipt":
            facts += draw(st.lists(st.just(receipt("ENROUTE", segment, total)), max_size=1))
            facts.append(receipt(end, segment, total))
    repeats = draw(st.lists(st.sampled_from(facts), max_size=6))
    return facts, draw(st.permutations(facts + repeats))


@given(histories())
def test_no_order_and_no_repetition_of_facts_changes_the_outcome(
    history: tuple[list[MtFact], list[MtFact]],
) -> None:
    happened, read = history
    straight, shuffled = Told(*happened), Told(*read)
    assert essence(straight.status) == essence(shuffled.status)
    assert straight.ends == shuffled.ends == [straight.status.state]
    assert len({event.event_id for event in shuffled.events}) == len(shuffled.events)


@given(histories(), st.integers(0, 20))
def test_a_timeout_in_between_is_repaired_by_what_comes_after(
    history: tuple[list[MtFact], list[MtFact]], place: int
) -> None:
    happened, read = history
    straight, late = Told(*happened), Told(*read[:place], timeout(1), *read[place:])
    assert essence(straight.status) == essence(late.status)
    assert late.ends in (straight.ends, ["unknown", *straight.ends])
