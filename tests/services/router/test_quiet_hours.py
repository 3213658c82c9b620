"""Quiet hours: when they hold, what waits for their end, and that it goes out once."""

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.config import Config, TenantConfig
from pipeline.effects import Effect, Publish, PublishLater
from pipeline.ids import Msisdn
from pipeline.quiet_hours import QuietHoursConfig
from pipeline.records import (
    MtAdmitted,
    MtEvent,
    MtRejected,
    MtReroute,
    MtRouted,
    MtScheduled,
    MtSubmit,
    OptOut,
    Record,
)
from pipeline.stops import Stops
from services.router.core import Router
from services.router.quiet_hours import NEVER, Quiet, QuietHours, is_endless
from services.router.retries import Retry
from services.router.routes import Routes
from services.tracker.config import TrackerConfig
from services.tracker.core import Tracker
from tests.entries import MemoryEntries
from tests.services.router.builders import FAST, SLOW, admitted, connector, request, rule
from tests.services.tracker.builders import submitted

SWEDE, DANE = Msisdn("46701234567"), Msisdn("4521234567")
STOCKHOLM = ZoneInfo("Europe/Stockholm")
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


def hours(begin: str, end: str, *days: str, zone: str = "Europe/Stockholm") -> QuietHoursConfig:
    written = {"from": begin, "to": end, "zone": zone} | ({"days": days} if days else {})
    return QuietHoursConfig.model_validate(written)


def ms(day: int, time: str, month: int = 6, fold: int = 0) -> int:
    """A moment of 2026 in Stockholm; 1 June is a Monday."""
    hour, minute = map(int, time.split(":"))
    local = datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM, fold=fold)
    return int(local.timestamp() * 1000)


NIGHT = hours("21:00", "08:00")
SUNDAY = hours("00:00", "24:00", "sun")
WEEKEND = hours("00:00", "24:00", "sat", "sun")


@pytest.mark.parametrize(
    ("windows", "at_ms", "quiet"),
    [
        ((NIGHT,), ms(1, "12:00"), Quiet(from_ms=ms(1, "21:00"))),
        ((NIGHT,), ms(1, "20:59") + 59_999, Quiet(from_ms=ms(1, "21:00"))),
        ((NIGHT,), ms(1, "21:00"), Quiet(until_ms=ms(2, "08:00"))),
        ((NIGHT,), ms(2, "07:59") + 59_999, Quiet(until_ms=ms(2, "08:00"))),
        ((NIGHT,), ms(2, "08:00"), Quiet(from_ms=ms(2, "21:00"))),
        ((NIGHT, SUNDAY), ms(6, "22:00"), Quiet(until_ms=ms(8, "08:00"))),  # Saturday night
        ((WEEKEND,), ms(6, "10:00"), Quiet(until_ms=ms(8, "00:00"))),  # one day after another
        ((WEEKEND,), ms(8, "00:00"), Quiet(from_ms=ms(13, "00:00"))),
        # 29 March: 02:00 becomes 03:00, and 25 October: 03:00 becomes 02:00
        ((hours("02:30", "05:00"),), ms(29, "01:00", 3), Quiet(from_ms=ms(29, "03:00", 3))),
        ((NIGHT,), ms(28, "22:00", 3), Quiet(until_ms=ms(28, "22:00", 3) + 9 * HOUR_MS)),
        ((NIGHT,), ms(24, "22:00", 10), Quiet(until_ms=ms(24, "22:00", 10) + 11 * HOUR_MS)),
        # the hour that comes twice is quiet twice
        (
            (hours("02:15", "02:30"),),
            ms(25, "02:40", 10),
            Quiet(from_ms=ms(25, "02:15", 10, fold=1)),
        ),
        # of a country with several zones, as long as it is night in any
        (
            (NIGHT, hours("21:00", "08:00", zone="Europe/London")),
            ms(2, "08:30"),
            Quiet(until_ms=ms(2, "09:00")),
        ),
    ],
)
def test_quiet_hours_end_or_begin_by_the_clock_of_the_place(
    windows: tuple[QuietHoursConfig, ...], at_ms: int, quiet: Quiet
) -> None:
    assert QuietHours({"SE": windows}).at(at_ms, "promotional", SWEDE) == quiet


@pytest.mark.parametrize("class_", ["otp", "transactional", "billed"])
def test_what_was_asked_for_knows_none_nor_do_other_countries(class_: str) -> None:
    quiet = QuietHours({"SE": (NIGHT,)})
    assert quiet.at(ms(1, "23:00"), class_, SWEDE) == NEVER
    assert quiet.at(ms(1, "23:00"), "promotional", DANE) == NEVER
    assert QuietHours({}).at(ms(1, "23:00"), "promotional", SWEDE) == NEVER


def test_what_leaves_no_hour_is_endless() -> None:
    assert is_endless((hours("00:00", "24:00"),))
    assert is_endless((hours("08:00", "20:00"), hours("20:00", "08:00")))
    assert not is_endless((hours("00:00", "23:59"),))


@given(
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sets(st.sampled_from(["mon", "tue", "sat", "sun"])),
    st.integers(ms(1, "00:00", 1), ms(31, "00:00", 12)),
    st.sampled_from(
        ["Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
)
def test_between_now_and_the_edge_nothing_changes_and_there_it_does(
    begin: int, end: int, days: set[str], at_ms: int, zone: str
) -> None:
    if begin == end:
        end = (end + 1) % 1440 or 1
    one = hours(f"{begin // 60}:{begin % 60:02}", f"{end // 60}:{end % 60:02}", *days, zone=zone)
    if is_endless((one,)):
        return
    quiet = QuietHours({"SE": (one,)})
    now = quiet.at(at_ms, "promotional", SWEDE)
    edge_ms = now.until_ms or now.from_ms
    assert edge_ms is not None
    assert edge_ms > at_ms
    assert quiet.at(edge_ms - 1, "promotional", SWEDE) == now
    then = quiet.at(edge_ms, "promotional", SWEDE)
    assert (now.until_ms is None) is not (then.until_ms is None)


# --- what the router makes of it --------------------------------------------------------------

AFTER_S = 30
CONFIG = Config(
    dev=True,
    connectors={FAST: connector(), SLOW: connector()},
    tenants={"default": TenantConfig(senders=["ACME"])},
    quiet_hours={"SE": (NIGHT,)},
)
ROUTES = Routes("v1", (rule("all", "", FAST, SLOW),))
RETURNING = Routes("v1", (rule("all", "", FAST, SLOW, return_after_s=AFTER_S),))
NOON, EVENING, MORNING = ms(1, "12:00"), ms(1, "21:00"), ms(2, "08:00")


class Waiting(NamedTuple):
    """It comes back then, as this."""

    due_ms: int
    record: MtAdmitted


class Journey:
    """One promotional message to Sweden."""

    def __init__(self, routes: Routes = ROUTES, config: Config = CONFIG, **asked: Any) -> None:
        self.router = Router(config, routes, lambda _: True, Stops())
        self.state = MemoryEntries()
        self.asked = request(**{"class_": "promotional", **asked})

    def begin(self, now_ms: int) -> object:
        return self.told(admitted(self.asked, requested_ms=now_ms), now_ms)

    def come_back(self, hop: int, now_ms: int, reason: str = "quiet_hours") -> object:
        head = admitted(self.asked).head
        return self.told(MtReroute(head=head, hop=hop, reason=reason, asked_ms=now_ms), now_ms)

    def told(self, record: MtAdmitted | MtReroute | OptOut, now_ms: int) -> object:
        """Of a message that waits when and as what it comes back, else the fact, or None."""
        self.state.now_ms = now_ms
        effects = self.router.decide(self.state, record, now_ms)
        self.submits = [e.record for e in effects if isinstance(e.record, MtSubmit)]
        return _of(effects)


def _of(effects: list[Effect]) -> object:
    if not effects:
        return None
    first, last = effects[0], effects[-1]
    assert isinstance(last, Publish)
    if not isinstance(first, PublishLater):
        return last.record
    assert isinstance(last.record, MtScheduled)
    assert isinstance(first.record, MtAdmitted)
    assert (first.topic, first.key) == ("sms.router.in", "46701234567")
    assert last.record.send_at_ms == first.due_ms
    assert first.record.due
    return Waiting(first.due_ms, first.record)


def reason(fact: object) -> str:
    assert isinstance(fact, MtRejected)
    return fact.reason


def waiting(fact: object) -> Waiting:
    assert isinstance(fact, Waiting)
    return fact


def routed(fact: object) -> tuple[str, int]:
    assert isinstance(fact, MtRouted)
    return fact.connector, fact.hop


@pytest.mark.parametrize(
    ("now_ms", "asked", "outcome"),
    [
        (NOON, {}, "routed"),
        (EVENING - 1, {}, "routed"),
        (EVENING, {}, MORNING),
        (MORNING - 1, {}, MORNING),
        (MORNING, {}, "routed"),
        (EVENING, {"class_": "otp"}, "routed"),
        (EVENING, {"class_": "transactional"}, "routed"),
        (EVENING, {"class_": "billed"}, "routed"),
        (EVENING, {"validity_s": 11 * 3600}, "quiet_hours"),
        (EVENING, {"validity_s": 11 * 3600 + 1}, MORNING),
        (NOON, {"send_at_ms": EVENING - 1}, EVENING - 1),
        (NOON, {"send_at_ms": EVENING}, MORNING),
        (NOON, {"send_at_ms": EVENING, "class_": "otp"}, EVENING),
        (NOON, {"send_at_ms": EVENING, "validity_s": 60}, "quiet_hours"),
        (EVENING, {"send_at_ms": MORNING}, MORNING),
        (EVENING, {"send_at_ms": MORNING + 1}, MORNING + 1),
        (EVENING, {"send_at_ms": NOON}, MORNING),
    ],
)
def test_a_promotional_message_waits_for_the_morning_if_it_can(
    now_ms: int, asked: dict[str, Any], outcome: str | int
) -> None:
    fact = Journey(**asked).begin(now_ms)
    if outcome == "routed":
        assert isinstance(fact, MtRouted)
    elif isinstance(outcome, str):
        assert reason(fact) == outcome
    else:
        assert waiting(fact).due_ms == outcome


@pytest.mark.parametrize(
    ("asked", "write_until_ms"),
    [
        ({}, EVENING),
        ({"validity_s": 9 * 3600}, None),  # over before they begin
        ({"validity_s": 9 * 3600 + 1}, EVENING),
        ({"class_": "otp"}, None),
    ],
)
def test_what_is_routed_before_is_not_written_within(
    asked: dict[str, Any], write_until_ms: int | None
) -> None:
    journey = Journey(text="x" * 161, **asked)
    journey.begin(NOON)
    assert [s.write_until_ms for s in journey.submits] == [write_until_ms] * 2
    is_kept = any(name.startswith("trip|") for name in journey.state.octets)
    assert is_kept is (write_until_ms is not None)


def test_what_the_binder_gives_back_waits_and_has_not_tried_its_connector() -> None:
    journey = Journey(validity_s=3 * 86_400)
    assert routed(journey.begin(NOON)) == (FAST, 0)
    due = waiting(journey.come_back(1, EVENING + 20))
    assert due.due_ms == MORNING
    assert routed(journey.told(due.record, MORNING)) == (FAST, 1)
    assert journey.told(due.record, MORNING) is None
    assert [s.write_until_ms for s in journey.submits] == []
    again = waiting(journey.come_back(2, EVENING + 24 * HOUR_MS))
    assert again.due_ms == MORNING + 24 * HOUR_MS
    assert routed(journey.told(again.record, again.due_ms)) == (FAST, 2)


def test_a_connector_that_was_down_stays_tried() -> None:
    journey = Journey(RETURNING, validity_s=3 * 86_400)
    journey.begin(NOON)
    assert routed(journey.come_back(1, NOON + HOUR_MS, "connector_down")) == (SLOW, 1)
    due = waiting(journey.come_back(2, EVENING))
    assert routed(journey.told(due.record, MORNING)) == (SLOW, 2)
    assert reason(journey.come_back(3, MORNING + 1, "connector_down")) == "no_way_left"


def test_what_comes_back_for_another_reason_within_quiet_hours_waits_as_well() -> None:
    journey = Journey(RETURNING)
    journey.begin(NOON)
    due = waiting(journey.come_back(1, EVENING, "connector_down"))
    assert routed(journey.told(due.record, due.due_ms)) == (SLOW, 1)


def test_what_failed_within_quiet_hours_waits_once_and_then_goes_on() -> None:
    later = Retry(on=("undeliverable",), after_s=1, times=1)
    journey = Journey(Routes("v1", (rule("all", "", FAST, retry=later),)))
    journey.begin(NOON)
    failed = MtReroute(head=admitted(journey.asked).head, hop=1, asked_ms=EVENING, failed=True)
    due = waiting(journey.told(failed, EVENING))
    assert journey.told(failed, EVENING) is None
    fact = journey.told(due.record, due.due_ms)
    assert routed(fact) == (FAST, 1)
    assert isinstance(fact, MtRouted)
    assert fact.retry_on == ()
    assert journey.told(due.record, due.due_ms) is None


def test_a_clock_behind_the_binders_does_not_send_it_round_and_round() -> None:
    journey = Journey()
    journey.begin(NOON)
    assert waiting(journey.come_back(1, EVENING - 300)).due_ms == MORNING


def test_one_that_can_not_wait_so_long_ends_as_such() -> None:
    journey = Journey(validity_s=12 * 3600)
    journey.begin(NOON)
    assert reason(journey.come_back(1, EVENING)) == "quiet_hours"


def test_what_came_back_is_refused_for_what_was_said_in_the_night() -> None:
    journey = Journey()
    journey.begin(NOON)
    due = waiting(journey.come_back(1, EVENING))
    journey.told(OptOut(recipient=SWEDE, action="out", source="mo/1", at_ms=EVENING), EVENING)
    assert reason(journey.told(due.record, MORNING)) == "opted_out"
    assert journey.told(due.record, MORNING) is None


def test_hours_that_were_taken_back_hold_nobody() -> None:
    journey = Journey()
    journey.begin(NOON)
    without = CONFIG.model_copy(update={"quiet_hours": {}})
    journey.router = Router(without, ROUTES, lambda _: True, Stops())
    assert routed(journey.come_back(1, EVENING)) == (FAST, 1)


def test_hours_that_came_while_it_waited_make_it_wait_twice_and_go_once() -> None:
    journey = Journey(send_at_ms=EVENING)
    journey.router = Router(
        CONFIG.model_copy(update={"quiet_hours": {}}), ROUTES, lambda _: True, Stops()
    )
    first = waiting(journey.begin(NOON))
    assert first.due_ms == EVENING
    journey.router = Router(CONFIG, ROUTES, lambda _: True, Stops())
    second = waiting(journey.told(first.record, EVENING + 1))
    assert second == Waiting(MORNING, first.record)
    repeat = admitted(journey.asked, source="elsewhere/0/1")
    assert reason(journey.told(repeat, MORNING - 1)) == "duplicate"
    assert journey.told(admitted(journey.asked), MORNING - 1) is None  # the pipeline's own repeat
    assert isinstance(journey.told(second.record, MORNING), MtRouted)
    assert journey.told(second.record, MORNING) is None
    assert reason(journey.told(msgspec.structs.replace(repeat, source="e/0/2"), MORNING + 1)) == (
        "duplicate"
    )


def test_an_earlier_message_of_that_id_is_none_of_its_way() -> None:
    journey = Journey(RETURNING, validity_s=6 * 86_400)
    journey.begin(NOON)
    assert routed(journey.come_back(1, NOON + 1, "connector_down")) == (SLOW, 1)
    later_ms = NOON + 48 * HOUR_MS
    journey.asked = msgspec.structs.replace(journey.asked, send_at_ms=later_ms + 1000)
    anew = admitted(journey.asked, source="sms.mt.request/0/2", requested_ms=later_ms)
    due = waiting(journey.told(anew, later_ms))
    assert routed(journey.told(due.record, due.due_ms)) == (FAST, 0)


@given(st.lists(st.tuples(st.sampled_from(["back", "due"]), st.integers(1, 20)), max_size=12))
def test_however_it_comes_and_goes_no_submit_may_be_written_in_the_night(
    steps: list[tuple[str, int]],
) -> None:
    journey, now_ms, hop = Journey(validity_s=6 * 86_400), NOON, 0
    fact = journey.begin(now_ms)
    for step, wait_h in steps:
        now_ms += wait_h * HOUR_MS
        if isinstance(fact, Waiting):
            now_ms = max(now_ms, fact.due_ms)
            fact = journey.told(fact.record, now_ms)
        elif step == "back" and isinstance(fact, MtRouted):
            until_ms = journey.submits[0].write_until_ms
            if until_ms is None:  # it is over before the night: nobody gives it back
                night = QuietHours(CONFIG.quiet_hours).at(fact.routed_ms, "promotional", SWEDE)
                assert (night.from_ms or 0) >= fact.deadline_ms
                return
            now_ms = max(now_ms, until_ms)
            hop += 1
            fact = journey.come_back(hop, now_ms)
        if isinstance(fact, MtRejected):
            assert fact.reason in ("expired", "quiet_hours")
            return
        if isinstance(fact, MtRouted) and journey.submits:
            assert (fact.connector, fact.hop) == (FAST, hop)
            local = datetime.fromtimestamp(fact.routed_ms / 1000, STOCKHOLM)
            assert 8 <= local.hour < 21


# --- together with the tracker ----------------------------------------------------------------


class Loop:
    """Both cores, and what each wrote to the other."""

    def __init__(self) -> None:
        self.router = Router(CONFIG, ROUTES, lambda _: True, Stops())
        self.tracker = Tracker(TrackerConfig())
        self.router_state, self.tracker_state = MemoryEntries(), MemoryEntries()
        self.waits: list[PublishLater] = []
        self.submits: list[MtSubmit] = []
        self.events: list[MtEvent] = []

    def play(self, record: Record, now_ms: int) -> None:
        """A record, and all that follows from it at once."""
        self.router_state.now_ms = self.tracker_state.now_ms = now_ms
        is_for_router = isinstance(record, MtAdmitted | MtReroute)
        core: Any = self.router if is_for_router else self.tracker
        state = self.router_state if is_for_router else self.tracker_state
        effects: list[Effect] = core.decide(state, record, now_ms)
        for effect in effects:
            if isinstance(effect, PublishLater):
                self.waits.append(effect)
            elif isinstance(effect.record, MtSubmit):
                self.submits.append(effect.record)
            elif isinstance(effect.record, MtEvent):
                self.events.append(effect.record)
            elif effect.topic in (topics.TRACKER_IN, topics.ROUTER_IN):
                self.play(effect.record, now_ms)

    def told(self, submit: MtSubmit, now_ms: int, **outcome: Any) -> None:
        """What a binder says of a segment."""
        record = submitted(submit.segment, submit.segments, **outcome)
        self.play(
            msgspec.structs.replace(
                record,
                message_id=submit.message_id,
                hop=submit.hop,
                requested_ms=submit.requested_ms,
                answered_ms=now_ms,
            ),
            now_ms,
        )


def test_it_is_held_over_night_and_goes_on_by_the_same_connector() -> None:
    loop = Loop()
    asked = request(text="x" * 161, class_="promotional", validity_s=3 * 86_400)
    loop.play(admitted(asked, requested_ms=NOON), NOON)
    first, second = loop.submits
    assert first.write_until_ms == second.write_until_ms == EVENING
    for segment in (first, second):
        loop.told(segment, EVENING, outcome="returned", reason="quiet_hours")
    (wait,) = loop.waits
    assert (wait.due_ms, wait.topic) == (MORNING, topics.ROUTER_IN)
    assert len(loop.submits) == 2
    loop.play(wait.record, MORNING)
    loop.play(wait.record, MORNING)
    assert [(s.hop, s.segment) for s in loop.submits] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    for segment in loop.submits[2:]:
        loop.told(segment, MORNING + 1, outcome="accepted", receipt_expected=False)
    assert [(e.event, e.connector) for e in loop.events if e.segment is None] == [
        ("routed", "fast"),
        ("way_left", "fast"),
        ("scheduled", None),
        ("routed", "fast"),
    ]
    assert [e.state for e in loop.events if e.terminal] == ["submitted"]
