"""Who has asked for what: what the opt-ins among `OptOut` rows of one recipient mean; pure.

An opt-in is consent where it says whose messages it is about, or from which sender; one that says
neither only ends opt-outs. An opt-out of all that a consent is about ends it.
"""

from collections.abc import Iterable, Mapping

from pipeline.opt_outs import Scope, covers, forbids, scope_of
from pipeline.records import OptOut

PROMOTIONAL = "promotional"
"""The class that consent is needed for."""


def after(consents: Mapping[Scope, int], row: OptOut) -> dict[Scope, int]:
    """What was asked for once `row` was said; `consents` with when it was said, ms."""
    if row.action == "out":
        return {scope: at for scope, at in consents.items() if not covers(row, scope)}
    if row.tenant is None and row.sender is None:
        return dict(consents)
    return {**consents, scope_of(row): row.at_ms}


def allow(consents: Iterable[Scope], tenant: str, sender: str) -> bool:
    """Whether a message of this tenant from this source_addr was asked for."""
    return forbids(consents, tenant, sender)
