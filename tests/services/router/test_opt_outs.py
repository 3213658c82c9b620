"""Opt-outs in the router's state, from the next request on."""

from typing import Any

import msgspec
import pytest

from pipeline import topics
from pipeline.config import Config, TenantConfig
from pipeline.effects import Effect, Publish
from pipeline.ids import Msisdn
from pipeline.records import MtRejected, MtRouted, OptOut
from pipeline.stops import Stops
from services.router.core import Router
from services.router.opt_outs import ENTRY, OptedOut
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    FAST,
    NOW_MS,
    ROUTES,
    SHORT,
    SLOW,
    admitted,
    connector,
    request,
    router,
)


def opt_out(action: str = "out", **about: Any) -> OptOut:
    return OptOut(
        recipient=Msisdn("46701234567"), action=action, source="mo/1", at_ms=NOW_MS, **about
    )


def told(state: MemoryEntries, number: int, class_: str, **asked: Any) -> str:
    """What became of a request of this class: the reason, or routed."""
    wanted = request(message_id=f"m{number}", class_=class_, **asked)
    record = admitted(wanted, source=f"sms.mt.request/0/{number}")
    effects: list[Effect] = router().decide(state, record, NOW_MS)
    assert isinstance(effects[-1], Publish)
    fact = effects[-1].record
    assert isinstance(fact, MtRejected | MtRouted)
    return fact.reason if isinstance(fact, MtRejected) else "routed"


def entries() -> MemoryEntries:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    return state


@pytest.mark.parametrize(
    ("class_", "about", "outcome"),
    [
        ("promotional", {}, "opted_out"),
        ("billed", {}, "opted_out"),
        ("otp", {}, "routed"),
        ("transactional", {}, "routed"),
        ("promotional", {"sender": "ACME"}, "opted_out"),
        ("promotional", {"sender": "72000"}, "routed"),
        ("promotional", {"tenant": "default"}, "opted_out"),
        ("promotional", {"tenant": "brief"}, "routed"),
    ],
)
def test_who_wants_no_more_gets_what_was_asked_for_and_nothing_else(
    class_: str, about: dict[str, str], outcome: str
) -> None:
    state, row = entries(), opt_out(**about)
    assert told(state, 1, class_) == "routed"
    assert router().decide(state, row, NOW_MS) == [
        Publish(topics.CONTROL_OPTOUT, "46701234567", row)
    ]
    assert told(state, 2, class_) == outcome
    router().decide(state, opt_out("in"), NOW_MS)
    assert told(state, 3, class_) == "routed"


CONSENTING = Config(
    dev=True,
    connectors={FAST: connector(), SLOW: connector(), SHORT: connector()},
    tenants={"default": TenantConfig(senders=["ACME", "72000"], requires_consent=True)},
)


@pytest.mark.parametrize(
    ("class_", "said", "outcome"),
    [
        ("promotional", [], "no_consent"),
        ("otp", [], "routed"),
        ("transactional", [], "routed"),
        ("billed", [], "routed"),
        ("promotional", [("in", {})], "no_consent"),
        ("promotional", [("in", {"sender": "ACME"})], "routed"),
        ("promotional", [("in", {"sender": "72000"})], "no_consent"),
        ("promotional", [("in", {"tenant": "default"})], "routed"),
        ("promotional", [("in", {"tenant": "brief"})], "no_consent"),
        ("promotional", [("in", {"sender": "ACME"}), ("out", {"sender": "ACME"})], "opted_out"),
        ("promotional", [("in", {"sender": "ACME"}), ("out", {}), ("in", {})], "no_consent"),
        ("promotional", [("out", {}), ("in", {"sender": "ACME"})], "opted_out"),
    ],
)
def test_a_tenant_that_needs_consent_advertises_to_who_has_opted_in(
    class_: str, said: list[tuple[str, dict[str, str]]], outcome: str
) -> None:
    state = entries()
    own = Router(CONSENTING, ROUTES, lambda _: True, Stops())
    for action, about in said:
        row = opt_out(action, **about)
        assert own.decide(state, row, NOW_MS) == [
            Publish(topics.CONTROL_OPTOUT, "46701234567", row)
        ]
    record = admitted(request(class_=class_))
    fact = own.decide(state, record, NOW_MS)[-1].record
    assert isinstance(fact, MtRejected | MtRouted)
    assert (fact.reason if isinstance(fact, MtRejected) else "routed") == outcome


def test_what_was_kept_before_there_were_consents_is_read() -> None:
    octets = msgspec.msgpack.encode([[["bank", None, 5]]])
    assert msgspec.msgpack.decode(octets, type=OptedOut) == OptedOut((("bank", None, 5),))


def test_it_is_remembered_for_years() -> None:
    state = entries()
    router().decide(state, opt_out(), NOW_MS)
    state.now_ms = NOW_MS + 10 * 366 * 86_400_000
    assert state.get(ENTRY, OptedOut) == OptedOut(((None, None, NOW_MS),))
