"""Messages that come back or fail take another way, each hop once, and end when none is left."""

from typing import Any

import msgspec
import pytest

from pipeline.effects import Effect, Publish
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import MtAdmitted, MtRejected, MtReroute, MtRouted, MtSubmit, OptOut
from services.router.core import Router
from services.router.retries import NEVER, Retry
from services.router.routes import Changes, Match, Routes
from services.router.trips import HOPS_MAX
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    FAST,
    NOW_MS,
    SHORT,
    SLOW,
    admitted,
    request,
    router,
    rule,
)

AFTER_S = 30
WAYS = Routes("v1", (rule("all", "", FAST, SLOW, SHORT, return_after_s=AFTER_S),))


class Journey:
    """One message, its state, and what the router does about it."""

    def __init__(self, *up: ConnectorId, routes: Routes = WAYS, **asked: Any) -> None:
        self.up = list(up)
        self.router: Router = router(up=self.up, routes=routes)
        self.state = MemoryEntries()
        self.now_ms = self.state.now_ms = NOW_MS
        self.record = admitted(request(**asked))

    def begin(self) -> tuple[list[MtSubmit], MtRouted | MtRejected]:
        return self.told(self.record)

    def come_back(self, hop: int) -> tuple[list[MtSubmit], MtRouted | MtRejected]:
        return self.told(
            MtReroute(head=self.record.head, hop=hop, reason="connector_down", asked_ms=self.now_ms)
        )

    def fail(self, hop: int) -> tuple[list[MtSubmit], MtRouted | MtRejected]:
        return self.told(
            MtReroute(
                head=self.record.head,
                hop=hop,
                reason="undeliverable",
                asked_ms=self.now_ms,
                failed=True,
            )
        )

    def told(self, record: MtAdmitted | MtReroute) -> tuple[list[MtSubmit], MtRouted | MtRejected]:
        effects = self.decide(record)
        records = [effect.record for effect in effects]
        fact = records.pop()
        assert isinstance(fact, MtRouted | MtRejected)
        return [r for r in records if isinstance(r, MtSubmit)], fact

    def decide(self, record: MtAdmitted | MtReroute | OptOut) -> list[Effect]:
        return self.router.decide(self.state, record, self.now_ms)


def test_each_hop_takes_a_connector_that_was_not_tried_and_encodes_anew() -> None:
    journey = Journey(FAST, SLOW, SHORT, text="x" * 161)
    submits, fact = journey.begin()
    assert [(s.hop, s.return_after_s) for s in submits] == [(0, AFTER_S)] * 2
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.hop) == (FAST, 0)
    submits, fact = journey.come_back(1)
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.hop) == (SLOW, 1)
    assert [(s.hop, s.segment, s.return_after_s) for s in submits] == [(1, 1, 30), (1, 2, 30)]
    assert submits[0].tlvs  # the ledger's, which this profile has and the first has not
    submits, fact = journey.come_back(2)
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.hop) == (SHORT, 2)
    assert [s.return_after_s for s in submits] == [None] * 2  # the last one waits


def test_a_hop_is_taken_once() -> None:
    journey = Journey(FAST, SLOW, SHORT)
    journey.begin()
    journey.come_back(1)
    again = MtReroute(head=journey.record.head, hop=1, reason=None, asked_ms=NOW_MS)
    assert journey.decide(again) == []
    assert journey.decide(msgspec.structs.replace(again, hop=3)) == []


def test_one_that_is_up_goes_first_and_where_none_is_the_next_one_waits() -> None:
    journey = Journey(FAST, SHORT)
    journey.begin()
    assert journey.come_back(1)[1].connector == SHORT  # type: ignore[union-attr]
    journey.up.clear()
    _, fact = journey.come_back(2)
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.hop) == (SLOW, 2)


def test_when_no_way_is_left_it_is_over() -> None:
    two = Routes("v1", (rule("all", "", FAST, SLOW, return_after_s=AFTER_S),))
    journey = Journey(FAST, SLOW, routes=two)
    journey.begin()
    journey.router.routes = Routes("v2", (rule("all", "", FAST, return_after_s=AFTER_S),))
    submits, fact = journey.come_back(1)
    assert submits == []
    assert isinstance(fact, MtRejected)
    assert (fact.reason, fact.routes_version) == ("no_way_left", "v2")


def test_rules_that_changed_meanwhile_are_in_force() -> None:
    journey = Journey(FAST, SLOW)
    journey.begin()
    journey.router.routes = Routes("v2", (rule("shut", "", reject="closed"),))
    assert journey.come_back(1)[1].reason == "closed"  # type: ignore[union-attr]


def test_who_has_opted_out_meanwhile_is_not_written_to() -> None:
    journey = Journey(FAST, SLOW, class_="promotional")
    journey.begin()
    row = OptOut(recipient=Msisdn("46701234567"), action="out", source="mo/1", at_ms=NOW_MS)
    journey.decide(row)
    assert journey.come_back(1)[1].reason == "opted_out"  # type: ignore[union-attr]


def test_what_comes_back_too_late_is_expired() -> None:
    journey = Journey(FAST, SLOW, validity_s=60)
    journey.begin()
    journey.now_ms = journey.state.now_ms = NOW_MS + 3_600_000
    _, fact = journey.come_back(1)
    assert isinstance(fact, MtRejected)
    assert (fact.reason, fact.head.message_id) == ("expired", "m1")


def test_a_rule_without_return_after_s_lets_it_wait_and_keeps_nothing() -> None:
    stay = Routes("v1", (rule("all", "", FAST, SLOW),))
    journey = Journey(FAST, SLOW, routes=stay)
    submits, _ = journey.begin()
    assert [s.return_after_s for s in submits] == [None]
    assert not [name for name in journey.state.octets if name.startswith("trip|")]


def test_no_message_travels_for_ever() -> None:
    names = [ConnectorId(name) for name in (FAST, SLOW, SHORT)]
    journey = Journey(*names)
    journey.begin()
    hops = 0
    while isinstance(journey.come_back(hops + 1)[1], MtRouted):
        hops += 1
        journey.router.routes = WAYS
        if hops == len(names) - 1:
            break
    assert hops == len(names) - 1 <= HOPS_MAX
    assert [
        e
        for e in journey.decide(MtReroute(head=journey.record.head, hop=hops + 1, asked_ms=NOW_MS))
        if isinstance(e, Publish) and isinstance(e.record, MtRouted)
    ] == []


def test_a_repeat_of_the_last_hop_is_nothing_and_a_further_one_has_no_way() -> None:
    two = Routes("v1", (rule("all", "", FAST, SLOW, return_after_s=AFTER_S),))
    journey = Journey(FAST, SLOW, routes=two)
    journey.begin()
    journey.come_back(1)
    again = MtReroute(head=journey.record.head, hop=1, asked_ms=NOW_MS)
    assert journey.decide(again) == []
    _, fact = journey.come_back(2)  # as a connector in maintenance makes it
    assert isinstance(fact, MtRejected)
    assert fact.reason == "no_way_left"


NEXT = Retry(on=("ESME_RSUBMITFAIL", "timeout"), receipt_within_s=60)
LATER = Retry(on=("undeliverable",), after_s=300, times=2)


def retrying(retry: Retry, *connectors: ConnectorId, **more: Any) -> Routes:
    return Routes("v1", (rule("all", "", *(connectors or (FAST, SLOW)), retry=retry, **more),))


def test_what_failed_takes_the_next_way_and_the_last_way_is_the_end() -> None:
    journey = Journey(FAST, SLOW, SHORT, routes=retrying(NEXT, FAST, SLOW, SHORT))
    told = []
    for hop in range(3):
        _, fact = journey.begin() if hop == 0 else journey.fail(hop)
        assert isinstance(fact, MtRouted)
        told.append((fact.connector, fact.hop, fact.retry_on, fact.receipt_within_s))
    assert told == [(FAST, 0, NEXT.on, 60), (SLOW, 1, NEXT.on, 60), (SHORT, 2, (), None)]


def test_later_the_whole_pool_is_there_again_so_many_times() -> None:
    journey = Journey(SLOW, routes=retrying(LATER))
    told = []
    for hop in range(3):
        _, fact = journey.begin() if hop == 0 else journey.fail(hop)
        assert isinstance(fact, MtRouted)
        told.append((fact.connector, fact.retry_on, fact.retry_after_s))
    assert told == [(SLOW, LATER.on, 300), (SLOW, LATER.on, 300), (SLOW, (), None)]


def test_later_with_one_connector_and_what_comes_back_uses_up_no_retry() -> None:
    journey = Journey(FAST, SLOW, routes=retrying(LATER, return_after_s=AFTER_S))
    journey.begin()
    _, fact = journey.fail(1)
    assert isinstance(fact, MtRouted)
    assert fact.connector == FAST
    _, fact = journey.come_back(2)
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.retry_on) == (SLOW, LATER.on)
    _, fact = journey.fail(3)
    assert isinstance(fact, MtRouted)
    assert (fact.connector, fact.retry_on) == (FAST, ())
    alone = Journey(FAST, routes=retrying(LATER, FAST))
    assert alone.begin()[1].retry_on == LATER.on  # type: ignore[union-attr]


def test_no_message_takes_more_ways_than_allowed() -> None:
    for_ever = Retry(on=("undeliverable",), after_s=1, times=100)
    journey = Journey(FAST, routes=retrying(for_ever, FAST))
    _, fact = journey.begin()
    hops = 0
    while isinstance(fact, MtRouted) and fact.retry_on:
        hops += 1
        _, fact = journey.fail(hops)
    assert isinstance(fact, MtRouted)
    assert fact.hop == hops == HOPS_MAX - 1
    assert isinstance(journey.fail(hops + 1)[1], MtRejected)


@pytest.mark.parametrize(
    ("routes", "is_retried"),
    [
        (retrying(NEXT), False),
        (retrying(NEXT, changes=Changes(class_="otp")), True),
        (retrying(NEXT, match=Match(classes=frozenset({"billed", "otp"}))), True),
        (retrying(NEXT, changes=Changes(class_="billed")), True),
    ],
)
def test_what_is_billed_is_retried_only_where_the_rule_says_billed(
    routes: Routes, is_retried: bool
) -> None:
    _, fact = Journey(FAST, SLOW, routes=routes, class_="billed").begin()
    assert isinstance(fact, MtRouted)
    assert bool(fact.retry_on) is is_retried


@pytest.mark.parametrize("now", [NEVER, Retry(on=LATER.on, after_s=300, times=1)])
def test_a_rule_that_allows_no_more_tries_meanwhile_is_in_force(now: Retry) -> None:
    journey = Journey(FAST, SLOW, routes=retrying(LATER))
    journey.begin()
    journey.fail(1)
    journey.router.routes = retrying(now)
    _, fact = journey.fail(2)
    assert isinstance(fact, MtRejected)
    assert fact.reason == "no_way_left"


def test_a_failed_hop_is_taken_once() -> None:
    journey = Journey(FAST, SLOW, SHORT, routes=retrying(LATER, FAST))
    journey.begin()
    journey.fail(1)
    again = MtReroute(head=journey.record.head, hop=1, asked_ms=NOW_MS, failed=True)
    assert journey.decide(again) == []
    assert journey.decide(msgspec.structs.replace(again, hop=3)) == []
