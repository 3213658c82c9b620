"""The opt-outs of one recipient in the router's state: all of them, ordered with the requests."""

import msgspec

from pipeline import topics
from pipeline.effects import Effect, Entries, Publish
from pipeline.opt_outs import EXEMPT, Scope, after, forbids
from pipeline.records import OptOut

ENTRY = "optout"
LIFE_S = 50 * 366 * 86_400  # for ever, as far as one recipient is concerned


class OptedOut(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a recipient wants no more of, and since when, ms since 1970 UTC."""

    scopes: tuple[tuple[str | None, str | None, int], ...]


def noted(state: Entries, row: OptOut) -> list[Effect]:
    """Keep what a recipient has said, and tell the binders, who have messages of before."""
    scopes = after(_scopes(state), row)
    if scopes:
        state.put(ENTRY, OptedOut(tuple((*scope, at) for scope, at in scopes.items())), LIFE_S)
    else:
        state.drop(ENTRY)
    return [Publish(topics.CONTROL_OPTOUT, row.recipient, row)]


def forbid(state: Entries, class_: str, tenant: str, sender: str) -> bool:
    """Whether a message of this class is not wanted from this tenant and source_addr."""
    return class_ not in EXEMPT and forbids(_scopes(state), tenant, sender)


def _scopes(state: Entries) -> dict[Scope, int]:
    entry = state.get(ENTRY, OptedOut)
    return {Scope(t, s): at for t, s, at in entry.scopes} if entry is not None else {}
