"""Opt-outs and opt-ins of one recipient in the router's state: all, ordered with the requests."""

from collections.abc import Mapping

import msgspec

from pipeline import consents, topics
from pipeline.effects import Effect, Entries, Publish
from pipeline.opt_outs import EXEMPT, Scope, after, forbids
from pipeline.records import OptOut

ENTRY = "optout"
Rows = tuple[tuple[str | None, str | None, int], ...]
LIFE_S = 50 * 366 * 86_400  # for ever, as far as one recipient is concerned


class OptedOut(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a recipient wants no more of, and asked for; since when, ms since 1970 UTC."""

    scopes: Rows
    consents: Rows = ()


NOTHING = OptedOut(())


def noted(state: Entries, row: OptOut) -> list[Effect]:
    """Keep what a recipient has said, and tell the binders, who have messages of before."""
    entry = state.get(ENTRY, OptedOut) or NOTHING
    scopes = after(_scopes(entry.scopes), row)
    allowed = consents.after(_scopes(entry.consents), row)
    if scopes or allowed:
        state.put(ENTRY, OptedOut(_rows(scopes), _rows(allowed)), LIFE_S)
    else:
        state.drop(ENTRY)
    return [Publish(topics.CONTROL_OPTOUT, row.recipient, row)]


def forbid(state: Entries, class_: str, tenant: str, sender: str) -> bool:
    """Whether a message of this class is not wanted from this tenant and source_addr."""
    if class_ in EXEMPT:
        return False
    entry = state.get(ENTRY, OptedOut)
    return entry is not None and forbids(_scopes(entry.scopes), tenant, sender)


def has_consent(state: Entries, class_: str, tenant: str, sender: str) -> bool:
    """Whether a message of this class was asked for, or needs not to be."""
    if class_ != consents.PROMOTIONAL:
        return True
    entry = state.get(ENTRY, OptedOut)
    return entry is not None and consents.allow(_scopes(entry.consents), tenant, sender)


def _scopes(rows: Rows) -> dict[Scope, int]:
    return {Scope(tenant, sender): at_ms for tenant, sender, at_ms in rows}


def _rows(scopes: Mapping[Scope, int]) -> Rows:
    return tuple((*scope, at_ms) for scope, at_ms in scopes.items())
