"""Who wants no more: rows of `sms.control.optout`, looked at before every write; pure.

The router keeps the whole list and refuses what it knows of. This one is for what it routed before
the recipient said so, so it holds no row longer than a message can wait. What a recipient asked for
(a password, a notice of an own order) is no advertisement and passes.
"""

from functools import cache
from typing import NamedTuple

from pipeline.ids import Msisdn
from pipeline.records import MtSubmit, OptOut

EXEMPT = {"otp", "transactional"}
LIFE_MS = 7 * 86_400_000  # the longest validity
RECIPIENTS_MAX = 500_000  # some 100 MB; beyond it the eldest are the router's alone


class Scope(NamedTuple):
    """What somebody wants no more of; None is any."""

    tenant: str | None
    sender: str | None


class OptOuts:
    """The rows of the last days; one for all connectors of a process."""

    def __init__(self) -> None:
        self.rows: dict[Msisdn, dict[Scope, int]] = {}  # when it was said; the eldest first

    def put(self, recipient: str, row: OptOut | None) -> None:
        """Somebody has said so."""
        number = Msisdn(recipient)
        scopes = self.rows.pop(number, {})
        if row is not None and row.action == "out":
            scopes[_scope(row.tenant, row.sender)] = row.at_ms
            self._forget(row.at_ms - LIFE_MS)
        elif row is not None:
            scopes = {scope: at for scope, at in scopes.items() if not _covers(row, *scope)}
        if row is not None and scopes:
            self.rows[number] = scopes

    def forbids(self, submit: MtSubmit) -> bool:
        """Whether it may not be written."""
        scopes = self.rows.get(submit.recipient)
        if scopes is None or submit.class_ in EXEMPT:
            return False
        return any(
            tenant in (None, submit.tenant) and sender in (None, submit.source_addr)
            for tenant, sender in scopes
        )

    def _forget(self, before_ms: int) -> None:
        while self.rows:
            eldest, scopes = next(iter(self.rows.items()))
            if max(scopes.values()) >= before_ms and len(self.rows) < RECIPIENTS_MAX:
                return
            del self.rows[eldest]


@cache
def _scope(tenant: str | None, sender: str | None) -> Scope:
    """One object a scope, however many recipients share it."""
    return Scope(tenant, sender)


def _covers(row: OptOut, tenant: str | None, sender: str | None) -> bool:
    return row.tenant in (None, tenant) and row.sender in (None, sender)
