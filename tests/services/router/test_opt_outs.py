"""Opt-outs in the router's state, from the next request on."""

from typing import Any

import pytest

from pipeline import topics
from pipeline.effects import Effect, Publish
from pipeline.ids import Msisdn
from pipeline.records import MtRejected, MtRouted, OptOut
from services.router.opt_outs import ENTRY, OptedOut
from tests.entries import MemoryEntries
from tests.services.router.builders import NOW_MS, admitted, request, router


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


def test_it_is_remembered_for_years() -> None:
    state = entries()
    router().decide(state, opt_out(), NOW_MS)
    state.now_ms = NOW_MS + 10 * 366 * 86_400_000
    assert state.get(ENTRY, OptedOut) == OptedOut(((None, None, NOW_MS),))
