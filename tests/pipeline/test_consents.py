"""What a recipient has asked for: explicitly, and until taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import consents, opt_outs
from pipeline.ids import Msisdn
from pipeline.opt_outs import Scope
from pipeline.records import OptOut

TENANTS, SENDERS = [None, "bank", "shop"], [None, "ACME", "72000"]


def row(action: str, tenant: str | None = None, sender: str | None = None) -> OptOut:
    return OptOut(
        recipient=Msisdn("4670"), action=action, tenant=tenant, sender=sender, source="t", at_ms=1
    )


def allowed(*rows: OptOut) -> bool:
    """Whether bank may write from ACME."""
    found: dict[Scope, int] = {}
    for said in rows:
        found = consents.after(found, said)
    return consents.allow(found, "bank", "ACME")


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ([], False),
        ([row("in")], False),  # names nothing: it only ends opt-outs
        ([row("in", "bank")], True),
        ([row("in", None, "ACME")], True),
        ([row("in", "bank", "ACME")], True),
        ([row("in", "shop")], False),
        ([row("in", "bank", "72000")], False),
        ([row("in", "bank"), row("out", "bank")], False),
        ([row("in", "bank"), row("out")], False),
        ([row("in", "bank"), row("out", "shop")], True),
        ([row("in", "bank"), row("out", "bank"), row("in")], False),
        ([row("in", "bank"), row("out", "bank"), row("in", "bank")], True),
    ],
)
def test_an_opt_in_that_names_whose_or_from_whom_is_consent(
    said: list[OptOut], holds: bool
) -> None:
    assert allowed(*said) is holds


ROWS = st.builds(
    row, st.sampled_from(["in", "out"]), st.sampled_from(TENANTS), st.sampled_from(SENDERS)
)


@given(st.lists(ROWS))
def test_what_was_asked_for_was_said_and_the_last_word_on_it_was_no_no(said: list[OptOut]) -> None:
    asked: dict[Scope, int] = {}
    outs: dict[Scope, int] = {}
    for one in said:
        asked, outs = consents.after(asked, one), opt_outs.after(outs, one)
    for tenant, sender in (("bank", "ACME"), ("shop", "72000")):
        about = [r for r in said if r.tenant in (None, tenant) and r.sender in (None, sender)]
        passes = consents.allow(asked, tenant, sender) and not opt_outs.forbids(
            outs, tenant, sender
        )
        if not about or about[-1].action == "out":
            assert not passes
        explicit = [r for r in about if r.action == "in" and (r.tenant or r.sender)]
        assert not passes or explicit
        if not any(r.action == "out" for r in about):
            assert passes is bool(explicit)
