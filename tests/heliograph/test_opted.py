"""What is kept of recipients, as it is told and exported; an import keeps the same again."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.opted import exported, known_of, rows_of, told
from heliograph.wishes import wishes_in
from pipeline.config import Config, TenantConfig
from pipeline.errors import HeliographError
from pipeline.ids import Msisdn
from pipeline.records import OptOut
from services.router.opt_outs import ENTRY, OptedOut, noted
from tests.entries import MemoryEntries

CONFIG = Config(
    tenants={
        "bank": TenantConfig(senders=["ACME"], country="SE", requires_consent=True),
        "shop": TenantConfig(senders=["ACME"]),
    }
)
AT_MS = 1_767_323_045_678
NUMBER = "46701234567"
KNOWN = {
    NUMBER: OptedOut(((None, "72000", AT_MS),), (("bank", "ACME", AT_MS),)),
    "4790000000": OptedOut((("shop", None, AT_MS),)),
}


def lines(number: str, tenant: str | None = None, sender: str = "") -> list[str]:
    return list(told(known_of(CONFIG, KNOWN, number, tenant, sender), tenant, sender))


@pytest.mark.parametrize(
    ("number", "tenant", "sender", "verdict"),
    [
        ("0701234567", "bank", "ACME", "passes, it was asked for"),
        ("0701234567", "bank", "72000", "refused, opted_out"),
        ("0701234567", "bank", "INFO", "refused, no_consent"),
        ("+46701234567", "shop", "INFO", "passes"),
        ("+4790000000", "shop", "INFO", "refused, opted_out"),
    ],
)
def test_what_it_means_for_an_advertisement(
    number: str, tenant: str, sender: str, verdict: str
) -> None:
    assert known_of(CONFIG, KNOWN, number, tenant, sender).document()["promotional"] == verdict
    last = lines(number, tenant, sender)[-1]
    assert last == f"  promotional of {tenant} from {sender}: {verdict}"


def test_what_was_said_is_told_with_its_time() -> None:
    assert lines("+46701234567") == [
        "recipient 46701234567",
        "  out: any tenant, sender 72000, since 2026-01-02T03:04:05Z",
        "  in: tenant bank, sender ACME, since 2026-01-02T03:04:05Z",
    ]
    assert lines("+46700000000")[1:] == ["  has said nothing"]


def test_who_is_no_recipient_or_tenant_is_told() -> None:
    with pytest.raises(HeliographError, match="'12' is no recipient"):
        lines("12")
    with pytest.raises(HeliographError, match="there is no tenant 'bnak'; bank, shop"):
        lines("+46701234567", "bnak")


ROWS = st.lists(
    st.builds(
        OptOut,
        recipient=st.just(Msisdn(NUMBER)),
        action=st.sampled_from(["in", "out"]),
        tenant=st.sampled_from([None, "bank", "shop"]),
        sender=st.sampled_from([None, "ACME", "72000"]),
        source=st.just("t"),
        at_ms=st.integers(AT_MS, AT_MS + 3),
    ),
    max_size=8,
)


def state_after(rows: list[OptOut]) -> OptedOut | None:
    state = MemoryEntries()
    for row in rows:
        noted(state, row)
    return state.get(ENTRY, OptedOut)


def scopes(kept: OptedOut | None) -> tuple[set[object], set[object]]:
    own = kept or OptedOut(())
    return {row[:2] for row in own.scopes}, {row[:2] for row in own.consents}


@given(ROWS)
def test_what_is_exported_and_imported_is_kept_again(rows: list[OptOut]) -> None:
    kept = state_after(rows)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.csv"
        rows_kept = rows_of({} if kept is None else {NUMBER: kept})
        path.write_text("\n".join(exported(rows_kept)), "utf-8")
        again = [
            OptOut(
                recipient=Msisdn(wish.number.removeprefix("+")),
                action=wish.action,
                tenant=wish.tenant,
                sender=wish.sender,
                source="operator",
                at_ms=AT_MS,
            )
            for wish in wishes_in(path, None, None)
        ]
    assert scopes(state_after(again)) == scopes(kept)
