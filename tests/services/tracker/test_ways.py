"""Other ways after failures: when one is left, and that all of them together have one end."""

import heapq
from collections import defaultdict
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import PublishLater
from pipeline.records import (
    Dlr,
    MtEvent,
    MtRouted,
    MtStatus,
    MtSubmit,
    MtSubmitted,
    Record,
    Wake,
)
from services.router.retries import Retry
from services.router.routes import Routes
from services.router.trips import HOPS_MAX
from services.tracker.config import TrackerConfig
from services.tracker.core import MtFact, Tracker
from services.tracker.states import DELIVERED, FAILED, UNKNOWN
from services.tracker.story import Story
from tests.entries import MemoryEntries
from tests.services.router import builders as asked
from tests.services.tracker.builders import (
    ASKED_MS,
    FAST,
    SLOW,
    Told,
    receipt,
    rejected,
    routed,
    submitted,
    timeout,
)

FAILURE = "ESME_RSUBMITFAIL"
SAFE = (FAILURE, "undeliverable", "expired")
ON: dict[str, Any] = {"retry_on": SAFE}
TIMED: dict[str, Any] = {"retry_on": (*SAFE, "timeout"), "receipt_within_s": 60}
SECOND: dict[str, Any] = {"hop": 1, "connector": SLOW}
FRAGILE = submitted(receipt_expected=False)


def refused(segment: int = 1, segments: int = 1, status: str = FAILURE, **more: Any) -> MtSubmitted:
    return submitted(segment, segments, outcome="rejected", reason=status, **more)


def returned(segment: int = 1, segments: int = 1, **more: Any) -> MtSubmitted:
    return submitted(segment, segments, outcome="returned", reason="connector_down", **more)


def late(segment: int = 1, hop: int = 0) -> Wake:
    return Wake(key="order-4711", kind="receipt_late", what=f"{segment}|{hop}", set_ms=ASKED_MS)


@pytest.mark.parametrize(
    ("facts", "reason", "failed"),
    [
        ([routed(**ON), refused()], FAILURE, True),
        ([routed(**ON), submitted(), receipt("UNDELIVERABLE")], "undeliverable", True),
        (
            [routed(**ON), submitted(), receipt("UNDELIVERABLE", error_code="69")],
            "undeliverable:69",
            True,
        ),
        ([routed(**ON), submitted(), receipt("EXPIRED")], "expired", True),
        ([routed(retry_on=("rejected",)), submitted(), receipt("REJECTED")], "rejected", True),
        ([routed(2, **ON), refused(1, 2), refused(2, 2)], FAILURE, True),
        (
            [routed(2, **ON), submitted(1, 2), refused(2, 2), receipt("EXPIRED", 1, 2)],
            "expired",
            True,
        ),
        ([routed(2, **ON), refused(1, 2), returned(2, 2)], FAILURE, True),
        ([routed(**TIMED), submitted(), late()], "timeout", True),
        ([routed(2, **TIMED), submitted(1, 2), refused(2, 2), late(1)], FAILURE, True),
        ([routed(**ON), returned()], "connector_down", False),
        ([routed(), returned()], "connector_down", False),
    ],
)
def test_a_way_is_left_when_nothing_of_the_message_can_have_arrived(
    facts: list[MtFact], reason: str, failed: bool
) -> None:
    told = Told(*facts)
    assert (told.reroutes, told.ends) == ([1], [])
    (left,) = [event for event in told.events if event.event == "way_left"]
    assert (left.connector, left.hop, left.reason, left.state) == (FAST, 0, reason, "routed")
    assert (told.status.state, told.status.reason, told.status.terminal) == (
        "routed",
        reason,
        False,
    )
    assert told.asked[-1].failed is failed
    assert told.asked[-1].reason == reason
    told.tell(*facts)
    assert told.reroutes == [1]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([routed(), refused()], "rejected"),
        ([routed(**ON), refused(status="ESME_RINVDSTADR")], "rejected"),
        ([routed(**ON), refused(status="opted_out")], "rejected"),
        ([routed(**ON), submitted(), receipt("REJECTED")], "undeliverable"),
        ([routed(**ON), submitted(), receipt("DELETED")], "undeliverable"),
        ([routed(**ON), submitted(), receipt("UNKNOWN")], "unknown"),
        ([routed(**ON), submitted(), timeout()], "unknown"),
        ([routed(**ON), submitted(), late()], None),
        ([routed(**ON), submitted(outcome="unknown", reason="link_lost")], "unknown"),
        ([routed(**ON), submitted(outcome="expired", reason="validity")], "expired"),
        ([routed(**ON), submitted(outcome="cancelled", reason="expired")], "cancelled"),
        ([routed(**ON), FRAGILE], "submitted"),
        ([routed(2, **ON), refused(1, 2), submitted(2, 2)], None),
        ([routed(2, **ON), refused(1, 2)], None),
        (
            [routed(2, **ON), refused(1, 2), submitted(2, 2), receipt(segment=2, segments=2)],
            "rejected",
        ),
        ([routed(2, **ON), refused(1, 2), submitted(2, 2, receipt_expected=False)], "rejected"),
        ([routed(2, **ON), refused(1, 2), submitted(2, 2), timeout(2)], "rejected"),
        ([routed(2, **ON), refused(1, 2), refused(2, 2, "ESME_RINVDSTADR")], "rejected"),
        ([routed(2, **TIMED), submitted(1, 2), submitted(2, 2), late(1)], None),
        (
            [
                routed(2, **TIMED),
                submitted(1, 2),
                submitted(2, 2),
                receipt(segment=2, segments=2),
                late(1),
            ],
            None,
        ),
        ([routed(**TIMED), submitted(), late(hop=1)], None),
        ([routed(deadline_ms=ASKED_MS + 60_000, **TIMED), submitted(), late()], None),
        (
            [
                routed(deadline_ms=ASKED_MS + 300_000, retry_after_s=240, **TIMED),
                submitted(),
                late(),
            ],
            None,
        ),
        ([routed(deadline_ms=ASKED_MS + 2001, **ON), submitted(), receipt("EXPIRED")], "expired"),
        ([routed(deadline_ms=ASKED_MS + 300_000, retry_after_s=300, **ON), refused()], "rejected"),
    ],
)
def test_a_message_stays_on_its_way_where_a_handset_may_have_some_of_it(
    facts: list[MtFact], state: str | None
) -> None:
    told = Told(*facts)
    assert told.reroutes == []
    assert told.ends == ([] if state is None else [state])
    assert [event.event for event in told.events if event.event == "way_left"] == []


def test_the_next_way_begins_anew_and_its_end_is_the_end() -> None:
    told = Told(routed(2, **ON), refused(1, 2), refused(2, 2))
    told.tell(routed(1, **SECOND), submitted(**SECOND), receipt(**SECOND))
    assert told.ends == [DELIVERED]
    assert told.status.path == ("fast", "slow")
    assert [(s.connector, s.state) for s in told.status.segments] == [(SLOW, DELIVERED)]
    assert [(event.event, event.hop) for event in told.events if event.segment is None] == [
        ("routed", 0),
        ("way_left", 0),
        ("routed", 1),
    ]


@pytest.mark.parametrize("refusal", ["no_way_left", "expired", "cancelled", "opted_out"])
@pytest.mark.parametrize(
    ("failure", "state", "reason"),
    [
        ([receipt("UNDELIVERABLE", error_code="69")], "undeliverable", "undeliverable:69"),
        ([receipt("EXPIRED")], "expired", "expired"),
    ],
)
def test_without_another_way_it_ends_with_what_became_of_it(
    failure: list[MtFact], state: str, reason: str, refusal: str
) -> None:
    told = Told(routed(**ON), submitted(), *failure)
    assert told.tell(rejected(refusal), rejected(refusal)) == ["not_retried"]
    assert told.ends == [state]
    assert (told.events[-1].reason, told.status.reason) == (reason, reason)
    assert (told.status.state, told.status.detail) == (state, "A sentence.")


def test_the_end_of_an_earlier_way_is_told_when_a_later_one_came_back() -> None:
    told = Told(routed(**ON), submitted(), receipt("UNDELIVERABLE"), routed(**SECOND, **ON))
    told.tell(returned(**SECOND), rejected("no_way_left"))
    assert (told.reroutes, told.ends) == ([1, 2], ["undeliverable"])
    assert told.status.reason == "undeliverable"


def test_of_an_earlier_way_only_what_was_written_can_still_arrive() -> None:
    told = Told(routed(2, **TIMED), submitted(1, 2), returned(2, 2), late(1), routed(**SECOND))
    told.tell(refused(status="ESME_RINVDSTADR", **SECOND))
    assert told.ends == ["rejected"]
    told.tell(receipt(segment=1, segments=2))
    assert told.ends == ["rejected"]


def test_what_came_back_and_never_failed_is_refused_as_ever() -> None:
    told = Told(routed(**ON), returned(), rejected("no_way_left"))
    assert (told.ends, told.status.reason) == (["rejected"], "no_way_left")


def test_what_only_waited_too_long_goes_on_waiting_where_no_way_is_left() -> None:
    told = Told(routed(**TIMED), submitted(), late(), rejected("no_way_left"))
    assert (told.ends, told.status.state, told.status.detail) == ([], "accepted", None)
    told.tell(receipt("UNDELIVERABLE"))
    assert told.ends == ["undeliverable"]
    assert told.reroutes == [1]


@pytest.mark.parametrize(
    ("old", "state"),
    [
        ([receipt()], DELIVERED),
        ([receipt("UNDELIVERABLE")], "expired"),
        ([Wake(key="order-4711", kind="receipt_timeout", what="1|0", set_ms=0)], UNKNOWN),
    ],
)
def test_a_late_receipt_of_an_earlier_way_counts(old: list[MtFact], state: str) -> None:
    told = Told(routed(**TIMED), submitted(), late(), routed(**SECOND))
    told.tell(submitted(**SECOND), receipt("EXPIRED", **SECOND))
    assert (told.ends, told.status.state) == ([], "accepted")
    told.tell(*old)
    assert (told.ends, told.status.state) == ([state], state)
    if state == UNKNOWN:
        told.tell(receipt())
        assert told.ends == [UNKNOWN, DELIVERED]


def test_a_failure_of_an_earlier_way_does_not_end_the_newer() -> None:
    told = Told(routed(**TIMED), submitted(), late(), routed(**SECOND), submitted(**SECOND))
    assert told.tell(receipt("UNDELIVERABLE"), receipt("UNDELIVERABLE")) == ["receipt"]
    assert (told.ends, told.status.state) == ([], "accepted")
    assert told.status.segments[0].connector == SLOW


ONCE_MORE: list[MtFact] = [routed(**TIMED), submitted(), late(), routed(**SECOND)]


@pytest.mark.parametrize("again", [receipt(), receipt(**SECOND)])
def test_delivered_by_a_second_way_is_an_event_and_the_status_counts_it(again: Dlr) -> None:
    first = receipt(**SECOND) if again.hop == 0 else receipt()
    told = Told(*ONCE_MORE, submitted(**SECOND))
    told.tell(first)
    assert (told.ends, told.status.deliveries) == ([DELIVERED], 1)
    assert told.tell(again, again) == ["receipt", "delivered_again"]
    event, status = told.events[-1], told.status
    assert (event.hop, event.connector) == (again.hop, SLOW if again.hop else FAST)
    assert (event.terminal, event.state) == (False, DELIVERED)
    assert (told.ends, status.state, status.deliveries) == ([DELIVERED], DELIVERED, 2)
    assert len({event.event_id for event in told.events}) == len(told.events)


def test_all_segments_of_a_way_must_have_arrived_for_it_to_have_delivered() -> None:
    told = Told(routed(2, **TIMED), submitted(1, 2), submitted(2, 2), late(1), late(2))
    told.tell(routed(**SECOND), submitted(**SECOND), receipt(**SECOND))
    assert told.tell(receipt(segment=1, segments=2)) == ["receipt"]
    assert told.status.deliveries == 1
    assert told.tell(receipt(segment=2, segments=2)) == ["receipt", "delivered_again"]
    assert told.status.deliveries == 2


def test_what_arrived_while_the_router_was_asked_may_arrive_once_more() -> None:
    told = Told(*ONCE_MORE[:-1], receipt(), ONCE_MORE[-1], submitted(**SECOND))
    assert (told.ends, told.status.deliveries) == ([DELIVERED], 1)
    assert told.status.segments[0].connector == SLOW
    assert told.tell(receipt(**SECOND)) == ["receipt", "delivered_again"]
    assert (told.ends, told.status.deliveries) == ([DELIVERED], 2)


def test_the_time_for_a_receipt_runs_from_the_acceptance_and_only_where_asked_for() -> None:
    told = Told(routed(**TIMED), submitted())
    (wait,) = told.later
    assert isinstance(wait.record, Wake)
    assert (wait.topic, wait.key, wait.record.what) == ("sms.tracker.in", "order-4711", "1|0")
    assert wait.due_ms == ASKED_MS + 51 + 60_000
    assert Told(routed(**ON), submitted()).later == []
    assert Told(routed(**TIMED), FRAGILE).later == []


def test_what_is_put_off_is_asked_for_when_its_time_has_come_and_only_then() -> None:
    put_off = routed(retry_after_s=300, **ON)
    told = Told(put_off, refused())
    assert told.reroutes == []
    (later,) = told.later
    assert later.due_ms == ASKED_MS + 51 + 300_000
    told.tell(later.record)  # type: ignore[arg-type]
    assert told.reroutes == [1]
    told.tell(routed(**SECOND), submitted(**SECOND), later.record)  # type: ignore[arg-type]
    assert told.reroutes == [1]


def test_what_arrived_while_another_way_was_put_off_is_not_sent_again() -> None:
    told = Told(routed(retry_after_s=300, **TIMED), submitted(), late())
    later = told.later[-1].record
    told.tell(receipt(), later)  # type: ignore[arg-type]
    assert (told.ends, told.reroutes) == ([DELIVERED], [])


# --- router and tracker together ----------------------------------------------------------------

FATES = (
    "refused",
    "denied",
    "undeliverable",
    "expired",
    "delivered",
    "delivered late",
    "undeliverable late",
    "no receipt",
    "unanswered",
    "unanswered, delivered",
    "returned",
)
GRACE_MS = 60_000
LATE_MS = 900_000


class World:
    """Router and tracker with their topics, their scheduler, and carriers that do as `fates` say.

    Every record comes twice: what must happen once for each hop is seen to.
    """

    def __init__(self, rule: Any, fates: list[str], text: str) -> None:
        self.now_ms = asked.NOW_MS
        self.router = asked.router(routes=Routes("v1", (rule,)))
        self.tracker = Tracker(TrackerConfig())
        self.entries = {"sms.router.in": MemoryEntries(), "sms.tracker.in": MemoryEntries()}
        self.fates, self.fated, self.numbers = fates, count(), count()
        self.due: list[tuple[int, int, str, Record]] = []
        self.events: list[MtEvent] = []
        self.statuses: list[MtStatus] = []
        self.ways: list[str] = []
        self.segments: dict[int, int] = {}
        self.arrived: defaultdict[int, set[int]] = defaultdict(set)  # by hop: segments
        self.written_after_the_end: list[MtSubmit] = []
        self._put(0, topics.ROUTER_IN, asked.admitted(asked.request(text=text)))
        while self.due:
            due_ms, _, topic, record = heapq.heappop(self.due)
            self.now_ms = max(self.now_ms, due_ms)
            self._decide(topic, record)

    def _put(self, after_ms: int, topic: str, record: Record) -> None:
        for _ in range(2):
            due = (self.now_ms + after_ms, next(self.numbers), topic, record)
            heapq.heappush(self.due, due)

    def _decide(self, topic: str, record: Any) -> None:
        core: Any = self.router if topic == topics.ROUTER_IN else self.tracker
        entries = self.entries[topic]
        entries.now_ms = self.now_ms
        taken = []
        for effect in core.decide(entries, record, self.now_ms):
            if isinstance(effect, PublishLater):
                self._put(effect.due_ms - self.now_ms, effect.topic, effect.record)
            elif isinstance(effect.record, MtEvent):
                self.events.append(effect.record)
            elif isinstance(effect.record, MtStatus):
                self.statuses.append(effect.record)
            elif isinstance(effect.record, MtSubmit):
                taken.append(effect.record)
            else:
                if isinstance(effect.record, MtRouted):
                    self.ways.append(effect.record.connector)
                self._put(0, effect.topic, effect.record)
        if taken:
            self._carry(taken)

    def _carry(self, submits: list[MtSubmit]) -> None:
        if any(status.terminal for status in self.statuses):
            self.written_after_the_end += submits
        self.segments[submits[0].hop] = len(submits)
        fates = [self.fates[next(self.fated) % len(self.fates)] for _ in submits]
        if "returned" in fates and submits[0].return_after_s is None:
            fates = ["delivered" if fate == "returned" else fate for fate in fates]
        elif "returned" in fates:  # as binders do, the whole message
            fates = ["returned"] * len(fates)
        for submit, fate in zip(submits, fates, strict=True):
            self._meet(submit, fate)

    def _meet(self, submit: MtSubmit, fate: str) -> None:
        def outcome(name: str, **more: Any) -> MtSubmitted:
            return submitted(
                submit.segment,
                submit.segments,
                **{
                    "message_id": submit.message_id,
                    "hop": submit.hop,
                    "outcome": name,
                    "requested_ms": submit.requested_ms,
                    "submitted_ms": self.now_ms,
                    "answered_ms": self.now_ms + 1,
                    **more,
                },
            )

        def report(state: str, after_ms: int) -> None:
            at_ms = self.now_ms + after_ms
            dlr: Dlr = receipt(state, submit.segment, submit.segments)
            dlr = replace(dlr, message_id=submit.message_id, hop=submit.hop, received_ms=at_ms)
            self._put(after_ms, topics.TRACKER_IN, dlr)
            if state == "DELIVERED":
                self.arrived[submit.hop].add(submit.segment)

        reason = {"refused": FAILURE, "denied": "ESME_RINVDSTADR", "returned": "connector_down"}
        name = {"refused": "rejected", "denied": "rejected", "returned": "returned"}.get(fate)
        if name is None:
            name = "unknown" if fate.startswith("unanswered") else "accepted"
        self._put(1, topics.TRACKER_IN, outcome(name, reason=reason.get(fate)))
        if fate.startswith(("undeliverable", "delivered")) or fate == "expired":
            state, _, when = fate.partition(" ")
            report(state.upper(), LATE_MS if when else 1000)
        elif fate == "unanswered, delivered":
            report("DELIVERED", 1000)
        elif fate == "no receipt":
            left_ms = submit.deadline_ms + GRACE_MS - self.now_ms
            what = f"{submit.segment}|{submit.hop}"
            wake = Wake(key=submit.message_id, kind="receipt_timeout", what=what, set_ms=0)
            self._put(left_ms, topics.TRACKER_IN, wake)


@st.composite
def retries(draw: st.DrawFn) -> Retry:
    is_timed, is_later = draw(st.booleans()), draw(st.booleans())
    return Retry(
        on=(*SAFE, "timeout") if is_timed else SAFE,
        receipt_within_s=60 if is_timed else None,
        after_s=draw(st.sampled_from([1, 600])) if is_later else None,
        times=draw(st.integers(1, 9)) if is_later else 0,
    )


@settings(max_examples=500)
@given(
    retries(),
    st.lists(st.sampled_from(FATES), min_size=1, max_size=12),
    st.integers(1, 3),
    st.sampled_from([None, 30]),
    st.sampled_from(["hello", "x" * 161]),
)
def test_whatever_happens_a_message_has_one_end_and_a_handset_gets_it_once(
    retry: Retry, fates: list[str], ways: int, return_after_s: int | None, text: str
) -> None:
    pool = (asked.FAST, asked.SHORT, asked.SLOW)[:ways]
    rule = asked.rule("all", "", *pool, retry=retry, return_after_s=return_after_s)
    world = World(rule, fates, text)
    ends = [event.state for event in world.events if event.terminal]
    assert ends == ends[:1] or (ends[0] == UNKNOWN and len(ends) == 2)
    assert world.statuses[-1].state == ends[-1]
    assert world.statuses[-1].path == tuple(world.ways)
    assert len(world.ways) <= HOPS_MAX
    if retry.after_s is None:
        assert len(set(world.ways)) == len(world.ways)
    assert world.written_after_the_end == []
    wholes = [hop for hop, total in world.segments.items() if len(world.arrived[hop]) == total]
    assert (ends[-1] == DELIVERED) is bool(wholes)
    assert world.statuses[-1].deliveries == len(wholes)
    again = [event.event for event in world.events].count("delivered_again")
    assert again == max(0, len(wholes) - 1)
    assert not (ends[-1] in FAILED and wholes)
    if "timeout" not in retry.on:
        assert all(hop == len(world.ways) - 1 for hop in world.arrived if world.arrived[hop])


def test_the_law_can_fail() -> None:
    """The world does send twice where it is asked to, so that what is looked for is there."""
    retry = Retry(on=("timeout",), receipt_within_s=60)
    rule = asked.rule("all", "", asked.FAST, asked.SHORT, retry=retry)
    world = World(rule, ["delivered late", "delivered"], "hello")
    assert world.ways == [asked.FAST, asked.SHORT]
    assert world.arrived == {0: {1}, 1: {1}}
    assert [event.state for event in world.events if event.terminal] == [DELIVERED]
    assert world.statuses[-1].deliveries == 2
    assert [event.event for event in world.events].count("delivered_again") == 1


def test_a_story_kept_before_there_were_retries_is_read() -> None:
    kept: list[Any] = [None, [], 0, 3, True, []]
    story = msgspec.msgpack.decode(msgspec.msgpack.encode(kept), type=Story)
    assert (story.hop, story.asked, story.retry.on, story.left) == (0, -1, (), ())
