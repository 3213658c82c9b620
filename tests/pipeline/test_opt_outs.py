"""What several rows of one recipient mean together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import Msisdn
from pipeline.opt_outs import Scope, after, forbids
from pipeline.records import OptOut

TENANTS, SENDERS = [None, "bank", "shop"], [None, "ACME", "72000"]


def row(action: str = "out", **about: Any) -> OptOut:
    return OptOut(recipient=Msisdn("4670"), action=action, source="mo/1", at_ms=1, **about)


@pytest.mark.parametrize(
    ("about", "tenant", "sender", "holds"),
    [
        ({}, "bank", "ACME", True),
        ({"tenant": "bank"}, "bank", "ACME", True),
        ({"tenant": "bank"}, "shop", "ACME", False),
        ({"sender": "ACME"}, "shop", "ACME", True),
        ({"sender": "ACME"}, "shop", "72000", False),
        ({"tenant": "bank", "sender": "ACME"}, "bank", "ACME", True),
        ({"tenant": "bank", "sender": "ACME"}, "bank", "72000", False),
    ],
)
def test_what_is_left_out_is_any(
    about: dict[str, str], tenant: str, sender: str, holds: bool
) -> None:
    assert forbids(after({}, row(**about)), tenant, sender) is holds


def test_the_way_back_ends_what_it_covers_and_no_more() -> None:
    scopes = after(after({}, row(sender="ACME")), row(tenant="bank", sender="72000"))
    assert after(scopes, row("in", sender="ACME")) == {Scope("bank", "72000"): 1}
    assert after(scopes, row("in", tenant="shop")) == scopes
    assert after(scopes, row("in")) == {}


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(TENANTS), st.sampled_from(SENDERS))))
def test_nobody_is_written_to_whose_last_word_on_it_was_no(
    said: list[tuple[bool, str | None, str | None]],
) -> None:
    scopes: dict[Scope, int] = {}
    for is_out, tenant, sender in said:
        scopes = after(scopes, row("out" if is_out else "in", tenant=tenant, sender=sender))
    for own in ("bank", "shop"):
        for source in ("ACME", "72000"):
            about = [s for s in said if s[1] in (None, own) and s[2] in (None, source)]
            exact = about and about[-1][0]
            assert not exact or forbids(scopes, own, source)
