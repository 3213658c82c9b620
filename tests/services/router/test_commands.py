"""Commands at the router: what waits is ended or reworded, what is on a way is asked for."""

from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.effects import Effect, Publish, PublishLater
from pipeline.ids import ConnectorId, SmscMessageId
from pipeline.records import (
    Cancel,
    MtAdmitted,
    MtCommand,
    MtRejected,
    MtReroute,
    MtRouted,
    MtSubmit,
    Record,
    SegmentStatus,
    SmscCommand,
    SmscCommanded,
    Vcard,
)
from services.router import commands
from services.router.core import Router
from services.router.repeats import SEEN_LIFE_S
from services.router.retries import Retry
from services.router.routes import Routes
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    DAY_S,
    FAST,
    NOW_MS,
    ROUTES,
    SLOW,
    admitted,
    request,
    router,
    rule,
)

HOUR_MS = 3_600_000
RETURNING = Routes("v2", (rule("sweden", "46", FAST, SLOW, return_after_s=60),))


def at_smsc(segment: int = 1, **changed: Any) -> SegmentStatus:
    fields: dict[str, Any] = {
        "segment": segment,
        "state": "accepted",
        "connector": FAST,
        "smsc_message_id": SmscMessageId(f"id{segment}"),
        "attempts": 1,
    }
    return SegmentStatus(**{**fields, **changed})


def on_way(segment: int = 1) -> SegmentStatus:
    return at_smsc(segment, state="routed", smsc_message_id=None)


class Desk:
    """A router with the state of one recipient, and what it wrote."""

    def __init__(self, routes: Routes = ROUTES) -> None:
        self.router: Router = router(routes=routes)
        self.state = MemoryEntries()

    def take(self, record: Any, now_ms: int = NOW_MS) -> list[Record]:
        self.state.now_ms = now_ms
        self.effects: list[Effect] = self.router.decide(self.state, record, now_ms)
        return [effect.record for effect in self.effects]

    def order(self, action: str = "cancel", *segments: SegmentStatus, **more: Any) -> list[Record]:
        now_ms = more.pop("now_ms", NOW_MS)
        fields: dict[str, Any] = {
            "head": replace(admitted().head, sender="ACME"),
            "command_id": "c1",
            "action": action,
            "text": "new" if action == "replace" else None,
            "hop": 0 if segments else -1,
            "segments": segments,
            "asked_ms": NOW_MS,
            "deadline_ms": NOW_MS + 60_000,
            "data_coding": 0 if segments else None,
        }
        return self.take(MtCommand(**{**fields, **more}), now_ms)

    def back(self, hop: int = 1, now_ms: int = NOW_MS) -> list[Record]:
        head = admitted().head
        return self.take(MtReroute(head=head, hop=hop, asked_ms=now_ms), now_ms)


def kinds(records: list[Record]) -> list[type[Record]]:
    return [type(record) for record in records]


def later(ahead_ms: int = HOUR_MS) -> MtAdmitted:
    return admitted(request(send_at_ms=NOW_MS + ahead_ms))


def due(record: MtAdmitted) -> MtAdmitted:
    return replace(record, due=True)


@pytest.mark.parametrize("days", [0, 8, 30])
def test_what_is_scheduled_ends_at_once_and_what_comes_back_of_it_goes_nowhere(days: int) -> None:
    desk, ahead_ms = Desk(), HOUR_MS + days * DAY_S * 1000
    desk.take(later(ahead_ms))
    ended, answer = desk.order()
    assert isinstance(ended, MtRejected)
    assert isinstance(answer, SmscCommanded)
    assert (ended.reason, answer.outcome, answer.segment) == ("cancelled", "done", None)
    assert [effect.topic for effect in desk.effects] == ["sms.tracker.in"] * 2
    assert kinds(desk.order()) == [SmscCommanded]  # once more: done already
    assert desk.take(due(later(ahead_ms)), NOW_MS + ahead_ms) == []


def test_what_is_scheduled_and_due_is_routed_all_the_same_when_nobody_cancels() -> None:
    desk = Desk()
    desk.take(later())
    assert kinds(desk.take(due(later()), NOW_MS + HOUR_MS)) == [MtSubmit, MtRouted]


def test_a_new_text_is_sent_when_it_is_due_instead_of_the_old() -> None:
    desk = Desk()
    desk.take(later())
    (answer,) = desk.order("replace")
    assert isinstance(answer, SmscCommanded)
    assert answer.outcome == "done"
    desk.order("replace", text="newer")
    submit, _ = desk.take(due(later()), NOW_MS + HOUR_MS)
    assert isinstance(submit, MtSubmit)
    assert submit.short_message == b"newer"
    assert desk.take(later(), NOW_MS + HOUR_MS) == []  # still known as what was asked for


def test_a_new_text_takes_the_place_of_any_content() -> None:
    desk, card = Desk(), Vcard(text="BEGIN:VCARD")
    asked = admitted(request(send_at_ms=NOW_MS + HOUR_MS, vcard=card))
    desk.take(asked)
    desk.order("replace", text="new")
    submit, _ = desk.take(due(asked), NOW_MS + HOUR_MS)
    assert isinstance(submit, MtSubmit)
    assert (submit.short_message, submit.data_coding, submit.esm_class) == (b"new", 0, 0)


def test_what_is_on_a_way_is_cancelled_for_every_binder_and_takes_no_other() -> None:
    desk = Desk(RETURNING)
    desk.take(admitted())
    (row,) = desk.order("cancel", on_way())
    assert row == Cancel(message_id=admitted().head.message_id, command_id="c1", at_ms=NOW_MS)
    assert isinstance(desk.effects[0], Publish)
    assert (desk.effects[0].topic, desk.effects[0].key) == ("sms.control.cancel", "m1")
    (ended,) = desk.back()
    assert isinstance(ended, MtRejected)
    assert ended.reason == "cancelled"


def test_what_waits_for_another_way_ends_and_takes_none() -> None:
    desk = Desk(RETURNING)
    desk.take(admitted())
    assert kinds(desk.order("cancel", hop=0)) == [MtRejected, SmscCommanded]
    assert kinds(desk.back()) == [MtRejected]


def test_what_is_forgotten_takes_no_other_way_either() -> None:
    desk, later_ms = Desk(RETURNING), NOW_MS + SEEN_LIFE_S * 1000 + 1000
    desk.take(admitted(request(validity_s=3 * DAY_S)))
    desk.order("cancel", on_way(), now_ms=later_ms)
    (ended,) = desk.back(now_ms=later_ms)
    assert isinstance(ended, MtRejected)


def test_what_has_found_a_way_meanwhile_is_cancelled_on_it_and_the_tracker_told() -> None:
    desk = Desk()
    desk.take(admitted())
    row, answer = desk.order()
    assert isinstance(row, Cancel)
    assert isinstance(answer, SmscCommanded)
    assert (answer.outcome, answer.reason) == ("refused", "routed")
    desk = Desk(RETURNING)
    desk.take(admitted())
    desk.back()
    assert kinds(desk.order(hop=0)) == [Cancel, SmscCommanded]  # the tracker knows of hop 0 only


@pytest.mark.parametrize("action", ["cancel", "replace"])
def test_what_nobody_knows_can_t_be_found(action: str) -> None:
    (answer,) = Desk().order(action)
    assert isinstance(answer, SmscCommanded)
    assert (answer.outcome, answer.reason) == ("refused", "not_found")


@pytest.mark.parametrize(
    ("tenant", "sender"), [("default", "ACME"), ("default", "72000"), ("abroad", "+12345678")]
)
def test_the_smsc_is_asked_by_the_addresses_that_it_was_sent_with(tenant: str, sender: str) -> None:
    desk = Desk()
    submit, routed = desk.take(admitted(request(from_=sender), tenant=tenant))
    assert isinstance(routed, MtRouted)
    row, command = desk.order("cancel", at_smsc(1), on_way(2), head=routed.head)
    assert isinstance(submit, MtSubmit)
    assert isinstance(row, Cancel)
    assert isinstance(command, SmscCommand)
    assert isinstance(desk.effects[1], Publish)
    assert (desk.effects[1].topic, desk.effects[1].key) == ("sms.command.fast", "m1")
    for field in SmscCommand.__struct_fields__:
        if field.startswith(("source_addr", "dest")):
            assert getattr(command, field) == getattr(submit, field), field
    assert (command.smsc_message_id, command.segment, command.hop) == ("id1", 1, 0)
    assert (command.registered_delivery, command.short_message) == (0, None)


def test_a_query_only_asks() -> None:
    desk = Desk()
    assert kinds(desk.order("query", at_smsc(1), at_smsc(2))) == [SmscCommand] * 2
    assert desk.state.octets == {}


def test_a_new_text_goes_to_the_smsc_in_the_alphabet_of_the_old() -> None:
    (command,) = Desk().order("replace", at_smsc(), data_coding=8)
    assert isinstance(command, SmscCommand)
    assert (command.short_message, command.registered_delivery) == (b"\0n\0e\0w", 1)
    (answer,) = Desk().order("replace", at_smsc(), text="x" * 161)
    assert isinstance(answer, SmscCommanded)
    assert (answer.outcome, answer.reason, answer.segment) == ("refused", "several_segments", 1)


@pytest.mark.parametrize(("receipts", "asked"), [("any", 1), ("failures", 2), ("none", 0)])
def test_a_new_text_asks_for_the_receipts_of_the_old(receipts: str, asked: int) -> None:
    (command,) = Desk().order("replace", at_smsc(), receipts=receipts)
    assert isinstance(command, SmscCommand)
    assert command.registered_delivery == asked


def test_whose_connector_is_gone_can_t_be_asked() -> None:
    (answer,) = Desk().order("query", at_smsc(connector=ConnectorId("old")))
    assert isinstance(answer, SmscCommanded)
    assert (answer.outcome, answer.reason, answer.connector) == ("refused", "connector_gone", "old")


def test_what_is_scheduled_anew_after_it_failed_is_never_left_without_an_end() -> None:
    desk = Desk()
    desk.take(later())
    assert isinstance(desk.effects[0], PublishLater)
    found = kinds(desk.order("cancel", at_smsc(), hop=0))
    assert found == [Cancel, MtRejected, SmscCommand]


def test_a_later_message_of_the_same_id_has_its_own_text() -> None:
    desk = Desk()
    desk.take(later())
    desk.order("replace")
    submit, _ = desk.take(due(later()), NOW_MS + HOUR_MS)
    assert isinstance(submit, MtSubmit)
    assert submit.short_message == b"new"
    next_ms = NOW_MS + HOUR_MS + SEEN_LIFE_S * 1000 + 1000
    asked = request(text="second", send_at_ms=next_ms + HOUR_MS)
    second = admitted(asked, source="sms.mt.request/0/2", requested_ms=next_ms)
    desk.take(second, next_ms)
    submit, _ = desk.take(due(second), next_ms + HOUR_MS)
    assert isinstance(submit, MtSubmit)
    assert submit.short_message == b"second"


def test_what_comes_back_more_than_once_has_the_new_text_each_time() -> None:
    desk, hour = Desk(), HOUR_MS
    quiet = later()
    desk.take(quiet)
    desk.order("replace")
    assert commands.reworded(desk.state, due(quiet)).request.text == "new"
    desk.take(due(quiet), NOW_MS + hour)
    assert commands.reworded(desk.state, due(quiet)).request.text == "new"


def retold(desk: Desk, replaced_by: str | None, now_ms: int = NOW_MS) -> list[Record]:
    head = admitted().head
    way = MtReroute(head=head, hop=1, asked_ms=now_ms, failed=True, replaced_by=replaced_by)
    return desk.take(way, now_ms)


RETRYING = Routes("v3", (rule("sweden", "46", FAST, SLOW, retry=Retry(on=("undeliverable",))),))


@pytest.mark.parametrize(
    ("replaced_by", "text"), [(None, b"hello"), ("c1", b"first"), ("c2", b"second")]
)
def test_another_way_has_the_text_that_the_last_smsc_took(
    replaced_by: str | None, text: bytes
) -> None:
    desk = Desk(RETRYING)
    desk.take(admitted())
    desk.order("replace", at_smsc(), text="first")
    desk.order("replace", at_smsc(), text="second", command_id="c2")
    submit, _ = retold(desk, replaced_by)
    assert isinstance(submit, MtSubmit)
    assert (submit.short_message, submit.hop) == (text, 1)


def test_the_old_text_is_not_sent_where_the_new_one_is_known_no_more() -> None:
    desk = Desk(RETRYING)
    desk.take(admitted())
    (ended,) = retold(desk, "c1")
    assert isinstance(ended, MtRejected)
    assert ended.reason == "no_way_left"


def test_a_text_that_is_at_no_smsc_any_more_outlives_the_one_it_was_scheduled_with() -> None:
    desk = Desk(RETRYING)
    desk.take(later())
    desk.order("replace", text="first")
    desk.take(due(later()), NOW_MS + HOUR_MS)
    desk.order("replace", at_smsc(), text="second")
    retold(desk, "c1", NOW_MS + 2 * HOUR_MS)
    record = replace(later(), due=True)
    assert commands.reworded(desk.state, record).request.text == "second"


def test_what_was_forgotten_and_has_gone_on_is_cancelled_on_the_way_it_is_on() -> None:
    desk, later_ms = Desk(RETURNING), NOW_MS + SEEN_LIFE_S * 1000 + 1000
    desk.take(admitted(request(validity_s=3 * DAY_S)))
    desk.back(now_ms=later_ms - 2000)
    row, answer = desk.order("cancel", hop=0, now_ms=later_ms)
    assert isinstance(row, Cancel)
    assert isinstance(answer, SmscCommanded)
    assert (answer.outcome, answer.reason) == ("refused", "routed")
