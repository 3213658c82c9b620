"""Query, cancel and replace: whom the tracker asks in each state, and what the answer is."""

from typing import Any

import pytest

from pipeline.ids import MessageId
from pipeline.records import Command, CommandResult, SmscCommanded, Wake
from services.tracker.commands import COMMAND_DUE, DETAILS, DUE_S
from services.tracker.core import ENTRY, TrackerRecord
from services.tracker.facts import RECEIPT_LATE
from services.tracker.orders import KNOWN_MAX
from tests.services.tracker.builders import (
    ASKED_MS,
    DAY_MS,
    FAST,
    MESSAGE,
    SLOW,
    Told,
    head,
    receipt,
    rejected,
    routed,
    scheduled,
    submitted,
    timeout,
    waiting,
)

REFUSED_WAY = {"retry_on": ("ESME_RSUBMITFAIL",), "retry_after_s": 600}


def command(action: str = "cancel", **changed: Any) -> Command:
    text = "new" if action == "replace" else None
    fields = {"command_id": "c1", "message_id": MESSAGE, "action": action, "text": text}
    return Command(**{**fields, **changed})


def said(action: str = "cancel", segment: int | None = 1, **changed: Any) -> SmscCommanded:
    """An answer of the SMSC, or without a segment of the router."""
    fields: dict[str, Any] = {
        "command_id": "c1",
        "message_id": MESSAGE,
        "segment": segment,
        "hop": None if segment is None else 0,
        "connector": None if segment is None else FAST,
        "action": action,
        "outcome": "done" if segment is None else "answered",
        "command_status": None if segment is None else 0,
        "replica": "binder-0",
        "answered_ms": ASKED_MS + 9000,
    }
    return SmscCommanded(**{**fields, **changed})


def refused(status: int = 0x11, **changed: Any) -> SmscCommanded:
    return said(command_status=status, reason="ESME_RCANCELFAIL", **changed)


LATE = Wake(key=MESSAGE, kind=RECEIPT_LATE, what="1|0", set_ms=ASKED_MS)
CHANGELOG_OCTETS_MAX = 1_000_000  # message.max.bytes of the producer that writes it


def due(command_id: str = "c1", set_ms: int = ASKED_MS) -> Wake:
    return Wake(key=MESSAGE, kind=COMMAND_DUE, what=command_id, set_ms=set_ms)


def gist(result: CommandResult) -> tuple[Any, ...]:
    segments = [(s.segment, s.outcome, s.reason) for s in result.segments]
    return result.outcome, result.reason, result.state, segments


DELIVERED = [routed(), submitted(), receipt()]
ON_ITS_WAY = [routed()]
AT_SMSC = [routed(), submitted()]
TIMED_OUT = [routed(), submitted(), timeout()]
IN_DOUBT = [routed(), submitted(outcome="unknown")]
NO_RECEIPT = [routed(), submitted(receipt_expected=False)]
TWO = [routed(segments=2), submitted(1, 2)]
PARTIAL = [*TWO, submitted(2, 2), receipt(segment=2, segments=2)]
FIRST_IS_ENOUGH = [routed(segments=2, receipts="any"), *PARTIAL[1:]]
SILENT = [routed(silence="submitted"), submitted(), timeout()]
ASKED_FOR = [routed(retry_on=("timeout",), receipt_within_s=30), submitted(), LATE]
PUT_OFF = [routed(**REFUSED_WAY), submitted(outcome="rejected", reason="ESME_RSUBMITFAIL")]


@pytest.mark.parametrize(
    ("action", "facts", "asked", "answer"),
    [
        # whom the router is asked about (None: about nobody), and the answer that is there at once
        ("query", DELIVERED, None, ("done", None, "delivered", [(1, "done", "delivered")])),
        ("query", ON_ITS_WAY, None, ("done", None, "routed", [(1, "done", "routed")])),
        ("query", [scheduled()], None, ("done", None, "scheduled", [])),
        ("query", AT_SMSC, [1], None),
        ("query", TIMED_OUT, [1], None),
        ("query", TWO, [1], None),
        ("cancel", DELIVERED, None, ("refused", "delivered", "delivered", [])),
        ("cancel", [rejected("no_route")], None, ("refused", "rejected", "rejected", [])),
        ("cancel", IN_DOUBT, None, ("refused", "unknown", "unknown", [])),
        ("cancel", [scheduled()], [], None),
        ("cancel", [waiting()], [], None),
        ("cancel", PUT_OFF, [], None),
        ("cancel", ON_ITS_WAY, [1], None),
        ("cancel", AT_SMSC, [1], None),
        ("cancel", TIMED_OUT, [1], None),
        ("cancel", NO_RECEIPT, [1], None),
        ("cancel", TWO, [1, 2], None),
        ("cancel", PARTIAL, [1], None),
        ("cancel", SILENT, [1], None),
        ("cancel", FIRST_IS_ENOUGH, None, ("refused", "delivered", "delivered", [])),
        ("replace", DELIVERED, None, ("refused", "delivered", "delivered", [])),
        ("replace", ON_ITS_WAY, None, ("refused", "on_its_way", "routed", [])),
        ("replace", TWO, None, ("refused", "several_segments", "sending", [])),
        ("replace", ASKED_FOR, None, ("refused", "on_its_way", "routed", [])),
        ("replace", [scheduled()], [], None),
        ("replace", AT_SMSC, [1], None),
    ],
)
def test_in_each_state_those_are_asked_who_can_do_it(
    action: str,
    facts: list[TrackerRecord],
    asked: list[int] | None,
    answer: tuple[Any, ...] | None,
) -> None:
    told = Told(*facts)
    told.tell(command(action))
    assert [gist(result) for result in told.results] == ([] if answer is None else [answer])
    if asked is None:
        assert told.commanded == []
        return
    (order,) = told.commanded
    assert [segment.segment for segment in order.segments] == asked
    assert (order.action, order.command_id, order.head) == (action, "c1", told.status.head)
    assert order.text == ("new" if action == "replace" else None)
    assert told.later[-1].record == due(set_ms=order.asked_ms)
    assert told.later[-1].due_ms == order.deadline_ms == order.asked_ms + DUE_S * 1000


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"message_id": MessageId("none")}, "unknown_message"),
        ({"tenant": "other"}, "unknown_message"),
        ({"action": "recall"}, "bad_action"),
        ({"action": "replace", "text": None}, "no_text"),
        ({"action": "query", "text": "why"}, "no_text"),
    ],
)
def test_what_can_t_be_done_is_refused_with_a_sentence(
    changed: dict[str, Any], reason: str
) -> None:
    told = Told() if "message_id" in changed else Told(*AT_SMSC)
    told.tell(command(**{**changed, "message_id": MESSAGE}))
    (result,) = told.results
    assert (result.outcome, result.reason, result.detail) == ("refused", reason, DETAILS[reason])
    assert told.commanded == []


def test_what_an_smsc_has_cancelled_is_cancelled() -> None:
    told = Told(*AT_SMSC, command())
    assert told.tell(said()) == ["segment_cancelled"]
    assert (told.status.state, told.status.terminal, told.ends) == (
        "cancelled",
        True,
        ["cancelled"],
    )
    assert gist(told.results[-1]) == ("done", None, "cancelled", [(1, "done", None)])
    assert told.tell(receipt("DELETED"), said(), receipt("DELETED")) == []
    assert len(told.results) == 1


@pytest.mark.parametrize("silence", ["unknown", "submitted"])
def test_what_may_have_arrived_in_silence_is_cancelled_only_where_it_is_in_doubt(
    silence: str,
) -> None:
    told = Told(routed(silence=silence), submitted(), timeout(), command(), said())
    assert told.ends == (["unknown", "cancelled"] if silence == "unknown" else ["submitted"])
    assert told.results[-1].outcome == "done"


def test_what_was_accepted_costs_also_when_it_is_cancelled() -> None:
    told = Told(routed(price="0.05", currency="EUR"), submitted(), command(), said())
    assert (told.status.state, told.status.spent) == ("cancelled", "0.05")


@pytest.mark.parametrize("receipts", ["all", "failures"])
def test_the_router_is_told_which_receipts_were_asked_for(receipts: str) -> None:
    told = Told(routed(receipts=receipts), submitted(), command("replace"))
    assert told.commanded[-1].receipts == receipts


def test_that_it_was_deleted_may_be_heard_before_that_it_took_the_cancel() -> None:
    told = Told(*AT_SMSC, command(), receipt("DELETED"))
    assert told.ends == ["cancelled"]
    told.tell(said())
    assert (told.ends, gist(told.results[-1])[:3]) == (["cancelled"], ("done", None, "cancelled"))
    assert Told(*AT_SMSC, receipt("DELETED")).ends == ["undeliverable"]  # nobody had asked for it


def test_what_it_refuses_to_cancel_stays_what_it_is() -> None:
    told = Told(*AT_SMSC, command(), refused())
    assert told.status.state == "accepted"
    assert gist(told.results[-1]) == (
        *("refused", "ESME_RCANCELFAIL", "accepted"),
        [(1, "refused", "ESME_RCANCELFAIL")],
    )


def test_a_query_tells_what_the_smsc_says_and_changes_nothing() -> None:
    told = Told(*AT_SMSC, command("query"))
    before = told.status
    told.tell(said("query", message_state="DELIVERED", final_date="250101", error_code=3))
    (result,) = told.results
    assert (result.outcome, result.state, told.status) == ("done", "accepted", before)
    (segment,) = result.segments
    found = segment.message_state, segment.final_date, segment.error_code
    assert found == ("DELIVERED", "250101", 3)


def test_what_is_on_its_way_is_cancelled_before_it_is_written() -> None:
    told = Told(*ON_ITS_WAY, command())
    told.tell(submitted(outcome="cancelled", reason="command"))
    assert gist(told.results[-1]) == ("done", None, "cancelled", [(1, "done", "cancelled")])
    assert len(told.commanded) == 1


def test_what_was_begun_is_cancelled_at_the_smsc_as_soon_as_it_is_there() -> None:
    told = Told(routed(segments=2), command())
    told.tell(submitted(1, 2))
    assert [s.segment for s in told.commanded[-1].segments] == [1]
    assert told.commanded[-1].segments[0].smsc_message_id == "1a2b3c41"
    told.tell(said(segment=1))
    assert told.results == []  # the other one is on its way yet
    told.tell(submitted(2, 2))
    assert [s.segment for s in told.commanded[-1].segments] == [2]
    told.tell(refused(segment=2))
    assert gist(told.results[-1]) == (
        *("refused", "ESME_RCANCELFAIL", "cancelled"),
        [(1, "done", None), (2, "refused", "ESME_RCANCELFAIL")],
    )


def test_who_does_not_answer_in_time_has_not_and_is_still_cancelled_later() -> None:
    told = Told(*ON_ITS_WAY, command())
    told.tell(due())
    assert gist(told.results[-1]) == ("no_answer", "routed", "routed", [(1, "no_answer", "routed")])
    told.tell(submitted())
    assert len(told.commanded) == 2
    assert told.tell(said()) == ["segment_cancelled"]
    assert (told.ends, len(told.results)) == (["cancelled"], 1)
    told.tell(due())
    assert len(told.results) == 1


@pytest.mark.parametrize("facts", [[scheduled()], [waiting()], PUT_OFF])
def test_what_is_on_no_way_ends_at_the_router(facts: list[TrackerRecord]) -> None:
    told = Told(*facts, command(), rejected("cancelled"), said(segment=None))
    outcome, reason, state, _ = gist(told.results[-1])
    failed = facts is PUT_OFF  # how it failed is its end
    assert (outcome, reason, state) == ("done", None, "rejected" if failed else "cancelled")
    assert told.status.terminal


def test_what_has_just_found_a_way_is_followed_on_it() -> None:
    told = Told(scheduled(), command(), routed())
    told.tell(said(segment=None, outcome="refused", reason="routed"))
    assert told.results == []
    told.tell(submitted())
    assert [s.segment for s in told.commanded[-1].segments] == [1]
    told.tell(said())
    assert gist(told.results[-1])[:3] == ("done", None, "cancelled")


def test_the_router_s_refusal_is_the_answer() -> None:
    told = Told(scheduled(), command("replace"))
    told.tell(said("replace", None, outcome="refused", reason="routed", detail="Moved."))
    (result,) = told.results
    assert (result.outcome, result.reason, result.detail) == ("refused", "routed", "Moved.")


@pytest.mark.parametrize("action", ["query", "cancel", "replace"])
def test_a_command_that_comes_again_is_answered_again_and_done_once(action: str) -> None:
    told = Told(*AT_SMSC, command(action))
    told.tell(command(action))
    assert (len(told.commanded), told.results) == (1, [])
    told.tell(said(action))
    told.tell(command(action))
    assert len(told.commanded) == 1
    assert len(told.results) == 2
    assert told.results[0] == told.results[1]


def test_only_so_many_are_kept_and_none_that_waits_is_forgotten() -> None:
    told = Told(*AT_SMSC)
    for number in range(KNOWN_MAX + 1):
        told.tell(command("query", command_id=f"q{number}"))
    assert len(told.commanded) == KNOWN_MAX
    assert told.results.pop().reason == "too_many"
    told.tell(said("query", command_id="q0"))
    told.tell(command("query", command_id="new"))
    assert told.commanded[-1].command_id == "new"
    told.tell(*(due(f"q{number}") for number in range(KNOWN_MAX)), due("new"))
    assert {r.command_id for r in told.results} == {
        "new",
        *(f"q{number}" for number in range(KNOWN_MAX)),
    }


def test_what_is_said_again_and_otherwise_changes_no_result() -> None:
    """A binder that dies before its commit asks once more, and then there is nothing to cancel."""
    told = Told(*[routed(segments=2), submitted(1, 2), submitted(2, 2)], command())
    told.tell(said(segment=1), refused(segment=1))
    assert told.results == []
    told.tell(said(segment=2))
    assert gist(told.results[-1])[:2] == ("done", None)


def on_the_next(outcome: str = "accepted", segment: int = 1, segments: int = 1) -> TrackerRecord:
    return submitted(segment, segments, hop=1, connector=SLOW, outcome=outcome)


NEXT = routed(hop=1, connector=SLOW)


def test_a_cancel_goes_along_to_the_way_that_was_asked_for() -> None:
    told = Told(*ASKED_FOR, command(), NEXT)
    told.tell(said())
    assert told.results == []  # binder 2 may have begun it
    told.tell(on_the_next())
    assert [(order.hop, len(order.segments)) for order in told.commanded] == [(0, 1), (1, 1)]
    assert told.commanded[-1].segments[0].connector == SLOW
    told.tell(said(hop=0), refused(hop=0))  # nobody waits for these any more
    assert told.results == []
    told.tell(said(hop=1, connector=SLOW))
    assert gist(told.results[-1]) == (
        *("done", None, "cancelled"),
        [(1, "done", None), (1, "done", None)],
    )
    assert [segment.connector for segment in told.results[-1].segments] == [FAST, SLOW]


def test_the_worst_of_both_ways_is_the_result() -> None:
    told = Told(*ASKED_FOR, command(), NEXT, on_the_next("cancelled"), refused())
    assert gist(told.results[-1])[:2] == ("refused", "ESME_RCANCELFAIL")


def test_who_is_silent_on_a_way_that_was_left_has_not_answered() -> None:
    told = Told(*ASKED_FOR, command(), NEXT, on_the_next("cancelled"), due())
    (result,) = told.results
    assert (result.outcome, result.reason) == ("no_answer", "no_answer")
    assert {s.connector: s.outcome for s in result.segments} == {FAST: "no_answer", SLOW: "done"}


def test_all_of_a_message_is_cancelled_on_a_way_where_it_has_more_segments() -> None:
    told = Told(*ON_ITS_WAY, command(), submitted(outcome="returned", reason="connector_down"))
    told.tell(routed(segments=2, hop=1, connector=SLOW))
    told.tell(on_the_next(segment=1, segments=2), on_the_next(segment=2, segments=2))
    assert [[s.segment for s in order.segments] for order in told.commanded] == [[1], [1], [2]]


def test_a_cancel_that_nobody_answered_still_goes_along() -> None:
    told = Told(scheduled(), command(), due(), routed(), submitted())
    assert [len(order.segments) for order in told.commanded] == [0, 1]
    assert [result.outcome for result in told.results] == ["no_answer"]


REJECTED = submitted(outcome="rejected", reason="ESME_RSUBMITFAIL", command_status=0x45)
WAY_FOUND = said(segment=None, outcome="refused", reason="routed")


def test_what_has_found_a_way_and_ended_on_it_meanwhile_is_told_at_once() -> None:
    told = Told(scheduled(), command(), routed(), REJECTED, WAY_FOUND)
    assert gist(told.results[-1]) == (
        *("refused", "rejected", "rejected"),
        [(1, "refused", "rejected")],
    )
    told = Told(scheduled(), command(), routed(), submitted(outcome="cancelled"), WAY_FOUND)
    assert gist(told.results[-1])[:3] == ("done", None, "cancelled")


def test_an_id_that_is_used_again_leaves_no_command_without_a_result() -> None:
    told = Told(*NO_RECEIPT, command("query"))
    assert told.results == []
    told.tell(routed(head=head(requested_ms=ASKED_MS + 2 * DAY_MS)))
    assert gist(told.results[-1])[:3] == ("no_answer", "submitted", "submitted")
    told.tell(said("query"), due())
    assert len(told.results) == 1


def test_a_cancel_that_waits_is_not_forgotten_for_later_commands() -> None:
    told = Told(*ON_ITS_WAY, command(), due())
    for number in range(KNOWN_MAX + 1):
        told.tell(command("query", command_id=f"q{number}"))
    told.tell(submitted())
    assert [s.segment for s in told.commanded[-1].segments] == [1]
    assert told.tell(receipt("DELETED")) == ["receipt"]
    assert told.ends == ["cancelled"]


def test_a_message_of_most_segments_with_most_commands_can_be_kept() -> None:
    segments = 255
    told = Told(routed(segments=segments))
    told.tell(*(submitted(number, segments) for number in range(1, segments + 1)))
    for number in range(KNOWN_MAX):
        name = f"{number:036}"  # as long as a UUID
        told.tell(command("query", command_id=name))
        more = {"command_id": name, "message_state": "DELIVERED", "error_code": 0}
        more["final_date"] = "2511300101000000"
        told.tell(*(said("query", segment + 1, **more) for segment in range(segments)))
    assert len(told.results) == KNOWN_MAX
    assert len(told.state.octets[ENTRY][0]) < 0.7 * CHANGELOG_OCTETS_MAX
    told.tell(command("query", command_id=f"{0:036}"))
    assert told.results[-1] == told.results[0]


RETRIED = [routed(retry_on=("undeliverable",)), submitted()]


def test_what_an_smsc_has_taken_instead_goes_along_to_another_way() -> None:
    told = Told(*RETRIED, command("replace"), said("replace"), receipt("UNDELIVERABLE"))
    assert [(way.hop, way.replaced_by) for way in told.asked] == [(1, "c1")]
    told = Told(*RETRIED, command("replace"), refused(action="replace"), receipt("UNDELIVERABLE"))
    assert [(way.hop, way.replaced_by) for way in told.asked] == [(1, None)]


def test_what_an_smsc_has_taken_too_late_to_say_so_goes_along_all_the_same() -> None:
    told = Told(*RETRIED, command("replace"), due(), said("replace"), receipt("UNDELIVERABLE"))
    assert told.asked[-1].replaced_by == "c1"


def test_a_text_that_is_taken_where_the_message_is_no_more_is_none() -> None:
    told = Told(*RETRIED, command("replace"), receipt("UNDELIVERABLE"), said("replace"))
    assert told.asked[-1].replaced_by is None
    result = told.results[-1]
    assert (result.outcome, result.reason) == ("refused", "on_its_way")
    assert result.detail == DETAILS["on_its_way"]


TWO_WAYS = [scheduled(), *ASKED_FOR, NEXT, on_the_next()]
LEFT = TWO_WAYS.index(NEXT)


@pytest.mark.parametrize("said_at", range(1, len(TWO_WAYS) + 1))
@pytest.mark.parametrize("over_after", range(len(TWO_WAYS) + 1))
def test_whenever_a_cancel_comes_each_smsc_is_asked_once_and_one_result_told(
    said_at: int, over_after: int
) -> None:
    told = Told(*TWO_WAYS[:said_at], command())
    rest = TWO_WAYS[said_at:]
    told.tell(*rest[:over_after], due(), *rest[over_after:], due(), command())
    asked = [(o.hop, s.segment) for o in told.commanded for s in o.segments if s.smsc_message_id]
    assert asked == ([(0, 1), (1, 1)] if said_at <= LEFT else [(1, 1)])
    assert len(told.results) == 2  # of the second command, which is the first again
    assert told.results[0] == told.results[1]
