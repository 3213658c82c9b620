"""The engine's own rows: what it does with one segment; the simulation plays many."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import ConnectorId, Msisdn
from pipeline.profiles import Maintenance
from pipeline.records import OptOut, Stop
from pipeline.stops import Stops
from services.binder.budgets import Budgets
from services.binder.calendar import OPEN, Calendar
from services.binder.circuit import Circuit
from services.binder.core import Disposition, Outcome, Position, Segment
from services.binder.engine import Engine, Moment
from services.binder.lanes import Lanes
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker
from services.binder.opt_outs import OptOuts
from services.binder.pacing import Pacer
from services.binder.turns import OneByOne, Turns
from smpp.values import CommandStatus
from tests.builders import REQUESTED_MS, mt_submit

START = Moment(100.0, REQUESTED_MS)
OK = CommandStatus.ESME_ROK
NO_DISPOSITIONS: dict[int, Disposition] = {}


def windowed(action: str, minutes: int = 10) -> Calendar:
    """Maintenance from five minutes before the start of a test for so long."""
    since = datetime.fromtimestamp(START.ms / 1000, UTC) - timedelta(minutes=5)
    start, end = (f"{moment:%H:%M}" for moment in (since, since + timedelta(minutes=minutes)))
    fields = {"start": start, "end": end, "zone": "UTC", "action": action}
    return Calendar([Maintenance.model_validate(fields)])


def later(seconds: float) -> Moment:
    return Moment(START.s + seconds, START.ms + int(seconds * 1000))


class Wire:
    """A bind whose answers are given by hand."""

    def __init__(self, room: int = 10) -> None:
        self.room = room
        self.written: list[Segment] = []
        self.hung_up = False
        self.retired_for = ""

    def write(self, segment: Segment, now_ms: int) -> None:
        self.room -= 1
        self.written.append(segment)

    def hang_up(self, why: str) -> None:
        self.hung_up = True

    def retire(self, why: str) -> None:
        self.retired_for = why


class Bench:
    """An engine with one wire, and Kafka that confirms when it is told to."""

    def __init__(
        self,
        make_turns: Callable[[Lanes], Turns | None] = lambda lanes: None,
        calendar: Calendar = OPEN,
        dispositions: Mapping[int, Disposition] = NO_DISPOSITIONS,
    ) -> None:
        self.outcomes: list[tuple[int, str, str | None]] = []
        self.intents: list[int] = []
        self.unconfirmed: list[Callable[[], None]] = []
        self.stops = Stops(ConnectorId("here"))
        self.opt_outs = OptOuts()
        pacer, lanes = Pacer(1_000_000, 0.05), Lanes()
        self.engine = Engine(
            self,
            pacer,
            lanes,
            Circuit(),
            self.stops,
            self.opt_outs,
            dispositions,
            lambda: None,
            3.0,
            START.s,
            make_turns(lanes),
            calendar,
        )
        pacer.own(1.0, START.s - 10)
        self.engine.unconfirmed_max = 100
        self.wire = Wire()
        self.engine.wires[0] = self.wire
        self.lease = Lease(OffsetTracker(0, 0, {}), {})

    def conclude(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        self.outcomes.append((segment.position.offset, outcome.name, outcome.reason))
        self.unconfirmed.append(lambda: done(0))

    def postpone(
        self, segment: Segment, outcome: Outcome, now_ms: int, done: Callable[[int], None]
    ) -> None:
        assert outcome.retry_at_ms == now_ms + 900_000
        self.conclude(segment, outcome, now_ms, done)

    def intend(self, segment: Segment, now_ms: int, done: Callable[[int], None]) -> None:
        self.intents.append(segment.position.offset)
        self.unconfirmed.append(lambda: done(0))

    def take(self, offset: int = 0, **fields: Any) -> Segment:
        submit = mt_submit(**fields)
        place = Position(False, 0, offset)
        segment = Segment(submit, place, self.lease, None, attempt=submit.attempts)
        segment.needs_intent = submit.on_ambiguous != "resend"
        self.lease.take(offset)
        self.engine.take(segment)
        return segment

    def pump_awake(self, seconds: float) -> None:
        """Pump later, the loop having turned meanwhile."""
        self.engine.beat(later(seconds).s)
        self.engine.is_fenced = False
        self.engine.pump(later(seconds))

    def confirm(self) -> None:
        waiting, self.unconfirmed = self.unconfirmed, []
        for done in waiting:
            done()

    @property
    def written(self) -> list[int]:
        return [segment.position.offset for segment in self.wire.written]


def test_a_segment_is_written_answered_and_done_when_kafka_has_it() -> None:
    bench = Bench()
    segment = bench.take()
    bench.engine.pump(START)
    assert (bench.written, bench.engine.unconfirmed) == ([0], 1)
    bench.engine.answered(segment, OK, "id", later(0.1))
    assert bench.outcomes == [(0, "accepted", None)]
    assert (bench.engine.unconfirmed, bench.lease.tracker.base) == (1, 0)
    bench.confirm()
    assert (bench.engine.unconfirmed, bench.lease.tracker.base) == (0, 1)


def test_nothing_is_written_beyond_what_a_crash_may_double() -> None:
    bench = Bench()
    bench.engine.unconfirmed_max = 2
    segments = [bench.take(offset) for offset in range(5)]
    bench.engine.pump(START)
    assert bench.written == [0, 1]
    bench.engine.answered(segments[0], OK, "id", START)
    bench.engine.pump(START)
    assert bench.written == [0, 1]  # answered, and not yet in Kafka
    bench.confirm()
    bench.engine.pump(START)
    assert bench.written == [0, 1, 2]


def test_what_must_not_be_sent_twice_waits_for_its_intent() -> None:
    bench = Bench()
    bench.take(0, on_ambiguous="give_up")
    bench.take(1)
    bench.engine.pump(START)
    assert (bench.intents, bench.written) == ([0], [1])
    bench.confirm()
    bench.engine.pump(START)
    assert bench.written == [1, 0]


@pytest.mark.parametrize(
    ("policy", "outcomes", "written"),
    [("resend", [], [0, 0]), ("give_up", [(0, "unknown", "link_lost")], [0])],
)
def test_a_silent_link_is_hung_up_and_the_message_says_what_then(
    policy: str, outcomes: list[Any], written: list[int]
) -> None:
    bench = Bench()
    segment = bench.take(on_ambiguous=policy)
    bench.engine.pump(START)
    bench.confirm()
    bench.engine.pump(START)
    bench.engine.unanswered(segment, later(1))
    assert bench.wire.hung_up
    bench.engine.pump(later(1))
    assert (bench.outcomes, bench.written) == (outcomes, written)


def test_what_may_be_at_the_smsc_is_never_said_to_have_expired() -> None:
    bench = Bench()
    segment = bench.take(deadline_ms=START.ms + 1000)
    bench.engine.pump(START)
    bench.engine.unanswered(segment, later(0.5))
    bench.engine.pump(later(2))
    assert bench.outcomes == [(0, "unknown", "expired")]


def test_nothing_is_written_after_its_deadline() -> None:
    bench = Bench()
    bench.take(deadline_ms=START.ms)
    bench.engine.pump(START)
    assert (bench.written, bench.outcomes) == ([], [(0, "expired", "validity")])


def test_a_process_that_stood_still_writes_nothing_until_it_may() -> None:
    bench = Bench()
    bench.take()
    bench.engine.pump(later(3.1))
    assert (bench.engine.is_fenced, bench.written) == (True, [])
    bench.engine.is_fenced = False
    bench.engine.pump(later(3.2))
    assert bench.written == [0]


def stop(action: str) -> Stop:
    return Stop(action=action, campaign="spring", at_ms=START.ms)


def test_a_campaign_is_paused_and_goes_on() -> None:
    bench = Bench()
    bench.stops.put("s", stop("pause"))
    bench.take(0, campaign="spring")
    bench.take(1)
    bench.engine.pump(START)
    assert bench.written == [1]
    bench.stops.put("s", None)
    bench.engine.lanes.let_go()
    bench.engine.pump(START)
    assert bench.written == [1, 0]


def test_a_campaign_is_cancelled_but_what_was_begun_is_finished() -> None:
    bench = Bench()
    bench.wire.room = 1
    for number in (1, 2, 3):
        bench.take(number, message_id="long", segment=number, segments=3, campaign="spring")
    bench.take(4, message_id="short", campaign="spring")
    bench.engine.pump(START)
    bench.stops.put("s", stop("cancel"))
    bench.engine.sweep(START)
    assert bench.outcomes == [(4, "cancelled", "s")]
    bench.wire.room = 10
    bench.engine.pump(START)
    assert bench.written == [1, 2, 3]


def test_a_message_ends_as_a_whole_even_when_its_parts_come_later() -> None:
    bench = Bench()
    bench.stops.put("s", stop("cancel"))
    bench.take(0, message_id="long", segment=1, segments=2, campaign="spring")
    bench.engine.pump(START)
    bench.stops.put("s", None)
    bench.take(1, message_id="long", segment=2, segments=2, campaign="spring")
    bench.engine.pump(START)
    assert [name for _, name, _ in bench.outcomes] == ["cancelled", "cancelled"]
    assert bench.written == []


def test_a_message_whose_first_part_an_earlier_owner_wrote_is_finished() -> None:
    bench = Bench()
    bench.stops.put("s", stop("cancel"))
    bench.take(7, message_id="long", segment=2, segments=2, campaign="spring")
    bench.engine.pump(START)
    assert bench.written == [7]


def test_who_wants_no_more_gets_no_more_but_what_was_begun_or_asked_for() -> None:
    bench = Bench()
    bench.wire.room = 1
    for number in (1, 2):
        bench.take(number, message_id="long", segment=number, segments=2, class_="promotional")
    bench.take(3, class_="promotional", message_id="advert")
    bench.take(4, class_="otp", message_id="code")
    bench.engine.pump(START)
    bench.opt_outs.put("46701234567", opt_out())
    bench.wire.room = 10
    bench.engine.pump(later(0.1))
    assert bench.outcomes == [(3, "rejected", "opted_out")]
    assert bench.written == [1, 2, 4]


def test_the_last_part_of_a_begun_message_is_finished_even_when_it_is_written_again() -> None:
    bench = Bench()
    segments = [
        bench.take(number, message_id="long", segment=number, segments=2, campaign="spring")
        for number in (1, 2)
    ]
    bench.engine.pump(START)
    bench.stops.put("s", stop("cancel"))
    bench.engine.answered(segments[1], CommandStatus.ESME_RTHROTTLED, "", START)
    bench.engine.pump(later(1))
    assert bench.written == [1, 2, 2]
    assert bench.outcomes == []


def test_what_may_be_at_the_smsc_is_never_said_to_be_refused_by_us() -> None:
    bench = Bench()
    segment = bench.take(class_="promotional")
    bench.engine.pump(START)
    bench.opt_outs.put("46701234567", opt_out())
    bench.engine.unanswered(segment, later(0.5))
    bench.engine.pump(later(1))
    assert bench.outcomes == [(0, "unknown", "rejected")]


def test_what_quiet_hours_overtake_goes_back_to_the_router() -> None:
    bench = Bench()
    bench.take(0, write_until_ms=START.ms)
    bench.take(1, write_until_ms=START.ms + 1)
    bench.engine.pump(START)
    assert (bench.written, bench.outcomes) == ([1], [(0, "returned", "quiet_hours")])


def test_what_waits_for_a_dead_connector_is_returned_when_it_asked_for_that() -> None:
    bench = Bench()
    bench.engine.wires.clear()
    bench.take(0, return_after_s=30)
    bench.take(1)
    bench.engine.sweep(START)
    bench.engine.sweep(later(29))
    assert bench.outcomes == []
    bench.engine.sweep(later(30))
    assert bench.outcomes == [(0, "returned", "connector_down")]


@pytest.mark.parametrize(
    ("status", "outcomes"),
    [
        (CommandStatus.ESME_RTHROTTLED, []),
        (CommandStatus.ESME_RMSGQFUL, []),
        (CommandStatus.ESME_RINVBNDSTS, []),
        (CommandStatus.ESME_RINVDSTADR, [(0, "rejected", "ESME_RINVDSTADR")]),
    ],
)
def test_what_an_answer_means_for_the_segment(status: CommandStatus, outcomes: list[Any]) -> None:
    bench = Bench()
    segment = bench.take()
    bench.engine.pump(START)
    bench.engine.answered(segment, status, "", later(0.01))
    assert bench.outcomes == outcomes
    assert len(bench.engine.lanes) == (0 if outcomes else 1)


def test_a_sick_handset_is_tried_after_a_second_then_two_then_four() -> None:
    bench = Bench()
    segment = bench.take()
    now = 0.0
    for wait_s in (1, 2, 4):
        bench.engine.pump(later(now))
        bench.engine.answered(segment, CommandStatus.ESME_RMSGQFUL, "", later(now))
        assert bench.engine.wait_s(START.s + now) == wait_s
        bench.engine.beat(START.s + now + wait_s / 2)
        now += wait_s
    assert bench.written == [0, 0, 0]


def test_the_sweep_wakes_no_sick_handset_and_what_was_queued_before_waits_with_it() -> None:
    bench = Bench()
    bench.wire.room = 1
    sick = bench.take(0)
    for offset in (1, 2):
        bench.take(offset)
    bench.take(3, recipient="4699")
    bench.engine.pump(START)
    bench.wire.room = 10
    bench.engine.answered(sick, CommandStatus.ESME_RMSGQFUL, "", START)
    bench.engine.sweep(later(0.1))
    bench.engine.pump(later(0.1))
    assert bench.written == [0, 3]
    bench.engine.pump(later(1))
    assert bench.written == [0, 3, 0]
    bench.engine.answered(sick, OK, "id", later(1.1))
    bench.engine.pump(later(1.1))
    assert bench.written == [0, 3, 0, 1, 2]


def refuse(bench: Bench, segment: Segment, seconds: int) -> None:
    """A minute and more of a full handset's answers."""
    for second in range(seconds):
        before, bench.wire.room = len(bench.wire.written), 1
        bench.engine.pump(later(second))
        if bench.wire.written[before:] == [segment]:
            bench.engine.answered(segment, CommandStatus.ESME_RMSGQFUL, "", later(second))


def test_a_handset_that_is_sick_for_minutes_waits_in_kafka_and_the_next_goes_to_see() -> None:
    bench = Bench()
    segments = [bench.take(offset) for offset in range(3)]
    refuse(bench, segments[0], 500)
    assert bench.outcomes == [(0, "postponed", "ESME_RMSGQFUL")]
    assert bench.written[-1] == 1
    assert bench.engine.unconfirmed == 2  # nothing of it is forgotten before Kafka has it
    bench.engine.answered(segments[1], CommandStatus.ESME_RMSGQFUL, "", later(500))
    assert bench.outcomes[1:] == [(1, "postponed", "ESME_RMSGQFUL")]  # it has waited long enough
    bench.engine.pump(later(500))
    bench.engine.answered(segments[2], OK, "id", later(501))
    bench.confirm()
    assert bench.engine.lanes.held == {}
    assert (bench.engine.unconfirmed, bench.lease.tracker.base) == (0, 3)


@pytest.mark.parametrize(
    ("fields", "is_doubtful"), [({"deadline_ms": START.ms + 1_200_000}, False), ({}, True)]
)
def test_what_has_no_time_or_may_be_at_the_smsc_waits_where_it_is(
    fields: dict[str, int], is_doubtful: bool
) -> None:
    bench = Bench()
    segment = bench.take(**fields)
    segment.is_doubtful = is_doubtful
    refuse(bench, segment, 600)
    assert bench.outcomes == []
    assert len(bench.engine.lanes) == 1


def test_a_part_that_comes_back_is_finished_whatever_has_been_stopped_since() -> None:
    bench = Bench()
    bench.stops.put("s", stop("cancel"))
    bench.take(9, message_id="long", segment=1, segments=2, campaign="spring", attempts=12)
    bench.engine.pump(START)
    assert bench.written == [9]
    assert bench.wire.written[0].attempt == 13


def test_in_strict_order_the_next_one_waits_for_the_outcome_of_the_one_before() -> None:
    bench = Bench(OneByOne)
    segments = [bench.take(offset) for offset in range(3)]
    bench.take(3, recipient="4699")
    bench.engine.pump(START)
    assert bench.written == [0, 3]
    bench.engine.answered(segments[0], CommandStatus.ESME_RTHROTTLED, "", START)
    bench.engine.pump(later(0.2))
    assert bench.written == [0, 3, 0]
    bench.engine.answered(segments[0], CommandStatus.ESME_RINVDSTADR, "", later(0.3))
    bench.engine.pump(later(0.3))
    assert bench.written == [0, 3, 0, 1]
    bench.engine.answered(segments[1], CommandStatus.ESME_RMSGQFUL, "", later(0.4))
    bench.engine.pump(later(1.3))
    assert bench.written == [0, 3, 0, 1]
    bench.engine.pump(later(1.4))
    bench.engine.answered(segments[1], OK, "id", later(1.5))
    bench.engine.pump(later(1.5))
    assert bench.written == [0, 3, 0, 1, 1, 2]
    bench.engine.answered(segments[2], OK, "id", later(1.6))
    assert set(bench.engine.lanes.held) == {"4699"}


@given(
    st.lists(st.sampled_from(["come", "4670", "4671", "4699"]), min_size=20, max_size=120),
    st.sampled_from([1, 2, 3]),
)
def test_in_strict_order_a_recipients_segments_are_written_as_they_came(
    steps: list[str], room: int
) -> None:
    """Also those that came while others, before them, had not yet had their turn."""
    bench, came, recipients = Bench(OneByOne), 0, ("4670", "4671", "4699")
    bench.wire.room = room
    answered: set[int] = set()
    for number, step in enumerate([*steps, *recipients * len(steps)]):
        if step == "come":
            bench.take(came, recipient=recipients[(came * came) % 3])
            came += 1
        else:  # several may have come since the last time that anything was written
            for segment in bench.wire.written:
                place = segment.position.offset
                if segment.submit.recipient == step and place not in answered:
                    answered.add(place)
                    bench.wire.room += 1
                    bench.engine.answered(segment, OK, "id", later(number / 1000))
            bench.engine.pump(later(number / 1000))
    assert len(bench.written) == came
    for recipient in recipients:
        own = [s.position.offset for s in bench.wire.written if s.submit.recipient == recipient]
        assert own == sorted(own)


def opt_out() -> OptOut:
    return OptOut(recipient=Msisdn("46701234567"), action="out", source="mo/1", at_ms=START.ms)


def budgets(lanes: Lanes) -> Budgets:
    return Budgets(lanes, 1.0, {"fast": 100.0, "slow": 0.5}, 0.0)


def test_a_sender_at_its_budget_waits_aside_and_others_pass() -> None:
    bench = Bench(budgets)
    for offset in range(3):
        bench.take(offset, recipient=f"46{offset}", source_addr="ACME")
    for offset in (7, 8):
        bench.take(offset, recipient=f"46{offset}", source_addr="fast")
    bench.engine.pump(START)  # buckets begin empty
    assert bench.written == []
    for tenths in range(1, 36):
        bench.engine.pump(later(tenths / 10))
    assert bench.written == [7, 8, 0, 1, 2]
    assert bench.engine.lanes.held == {}


def test_a_senders_intents_are_no_more_than_its_budget() -> None:
    bench = Bench(budgets)
    for offset in range(3):
        bench.take(offset, recipient=f"46{offset}", source_addr="ACME", on_ambiguous="give_up")
    for tenths in range(25):
        bench.engine.pump(later(tenths / 10))
    assert (bench.intents, bench.written) == ([0], [])
    bench.confirm()
    bench.engine.pump(later(2.5))
    assert bench.written == [0]


def test_a_bind_that_takes_no_segment_is_given_up_and_another_takes_it() -> None:
    bench = Bench()
    bench.wire.room = 20
    other = bench.engine.wires[1] = Wire()
    segments = [bench.take(offset) for offset in range(2)]
    bench.engine.pump(START)
    for segment in segments:
        bench.engine.answered(segment, CommandStatus.ESME_RINVBNDSTS, "", START)
    assert bench.wire.retired_for == "ESME_RINVBNDSTS"
    bench.engine.pump(START)
    assert other.written == segments
    assert bench.outcomes == []


def test_a_connector_that_refuses_everything_stops_and_asks_with_one_segment() -> None:
    bench = Bench()
    segments = [bench.take(offset) for offset in range(3)]
    bench.wire.room = 1
    bench.engine.pump(START)
    bench.wire.room = 10
    bench.engine.answered(segments[0], CommandStatus.ESME_RPROHIBITED, "", START)
    bench.engine.pump(START)
    assert bench.written == [0]
    for second in range(1, 31):
        bench.engine.pump(later(second))
    assert bench.written == [0, 0]
    bench.engine.answered(segments[0], OK, "id", later(30))
    bench.engine.pump(later(30))
    assert bench.written == [0, 0, 1, 2]


def test_while_the_carrier_works_on_its_own_segments_wait_and_nobody_turns_in_circles() -> None:
    bench = Bench(calendar=windowed("hold"))
    bench.take()
    bench.engine.pump(START)
    assert (bench.written, bench.outcomes, bench.engine.maintenance) == ([], [], "hold")
    waited_s, moments = 0.0, 0
    while not bench.written:
        waited_s += bench.engine.wait_s(START.s + waited_s)
        bench.pump_awake(waited_s)
        moments += 1
    assert 240 < waited_s <= 300  # the rest of the window
    assert moments <= 6


def test_a_hold_is_no_reason_to_outlive_a_deadline() -> None:
    bench = Bench(calendar=windowed("hold"))
    bench.take(deadline_ms=START.ms + 1000)
    bench.engine.sweep(later(1.5))
    assert bench.outcomes == [(0, "expired", "validity")]


def test_where_the_profile_says_so_segments_are_returned_meanwhile() -> None:
    bench = Bench(calendar=windowed("return"))
    bench.take()
    bench.engine.pump(START)
    assert bench.outcomes == [(0, "returned", "maintenance")]


def test_a_message_begun_before_the_window_waits_for_its_end() -> None:
    bench = Bench(calendar=windowed("return"))
    bench.take(0, message_id="new", segment=1, segments=2)
    bench.take(1, message_id="old", segment=2, segments=2)  # the first went before a restart
    bench.engine.pump(START)
    assert (bench.written, bench.outcomes) == ([], [(0, "returned", "maintenance")])
    bench.pump_awake(301)
    assert bench.written == [1]


@pytest.mark.parametrize(
    ("disposition", "outcomes"),
    [
        (Disposition.ACCEPTED, [(0, "accepted", None)]),
        (Disposition.REJECT, [(0, "rejected", "ESME_RTHROTTLED")]),
        (Disposition.RETRY_LATER, []),
    ],
)
def test_a_profile_may_see_a_status_otherwise(
    disposition: Disposition, outcomes: list[tuple[int, str, str | None]]
) -> None:
    bench = Bench(dispositions={CommandStatus.ESME_RTHROTTLED: disposition})
    segment = bench.take()
    bench.engine.pump(START)
    bench.engine.answered(segment, CommandStatus.ESME_RTHROTTLED, "", START)
    assert bench.outcomes == outcomes


def test_a_process_that_stood_still_ends_nothing_before_it_knows_what_is_its_own() -> None:
    """Somebody else may have written it: to call it expired would be a lie."""
    bench = Bench()
    bench.take(0, deadline_ms=START.ms + 1000)
    bench.engine.is_fenced = True
    bench.engine.pump(later(5))
    bench.engine.sweep(later(5))
    assert (bench.written, bench.outcomes) == ([], [])
    bench.pump_awake(5)
    assert bench.outcomes == [(0, "expired", "validity")]


def test_a_sender_goes_on_when_one_that_was_to_be_written_again_ends_otherwise() -> None:
    bench = Bench(budgets)
    segments = [
        bench.take(offset, recipient=f"46{offset}", source_addr="ACME", deadline_ms=deadline)
        for offset, deadline in enumerate([START.ms + 3000, START.ms + 60_000, START.ms + 60_000])
    ]
    bench.engine.pump(START)
    bench.engine.pump(later(1.2))
    assert bench.written == [0]
    bench.engine.answered(segments[0], CommandStatus.ESME_RTHROTTLED, "", later(1.3))
    for tenths in range(14, 80):
        bench.engine.pump(later(tenths / 10))
        bench.engine.sweep(later(tenths / 10))
        for segment in bench.wire.written[1:]:
            if not any(offset == segment.position.offset for offset, *_ in bench.outcomes):
                bench.engine.answered(segment, OK, "id", later(tenths / 10))
    assert {offset for offset, *_ in bench.outcomes} == {0, 1, 2}
