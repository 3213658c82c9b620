"""Who wants no more of what: what `OptOut` rows of one recipient mean together; pure.

What a recipient asked for (a password, a notice of an own order) is no advertisement and passes.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from pipeline.records import OptOut

EXEMPT = frozenset({"otp", "transactional"})
"""Classes that pass."""


class Scope(NamedTuple):
    """What somebody wants no more of; None is any."""

    tenant: str | None
    sender: str | None


def after(scopes: Mapping[Scope, int], row: OptOut) -> dict[Scope, int]:
    """What holds of a recipient once `row` was said; `scopes` with when it was said, ms."""
    if row.action == "out":
        return {**scopes, scope_of(row): row.at_ms}
    return {scope: at for scope, at in scopes.items() if not covers(row, scope)}


def forbids(scopes: Iterable[Scope], tenant: str, sender: str) -> bool:
    """Whether a message of this tenant from this source_addr is not wanted."""
    return any(
        scope.tenant in (None, tenant) and scope.sender in (None, sender) for scope in scopes
    )


def scope_of(row: OptOut) -> Scope:
    """What `row` speaks of."""
    return _scope(row.tenant, row.sender)


@cache
def _scope(tenant: str | None, sender: str | None) -> Scope:
    """One object a scope, however many recipients share it."""
    return Scope(tenant, sender)


def covers(row: OptOut, scope: Scope) -> bool:
    """Whether `row` speaks of all that `scope` does."""
    return row.tenant in (None, scope.tenant) and row.sender in (None, scope.sender)
