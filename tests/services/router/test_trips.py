"""Messages that come back unsent take another way, each hop once, and end when none is left."""

from typing import Any

import msgspec

from pipeline.effects import Effect, Publish
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import MtAdmitted, MtRejected, MtReroute, MtRouted, MtSubmit, OptOut
from services.router.core import Router
from services.router.routes import Routes
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
