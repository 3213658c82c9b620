"""Who wants no more: rows of `sms.control.optout`, looked at before every write; pure.

The router keeps the whole list and refuses what it knows of. This one is for what it routed before
the recipient said so, so it holds no row longer than a message can wait.
"""

from pipeline.ids import Msisdn
from pipeline.opt_outs import EXEMPT, Scope, after, forbids
from pipeline.records import MtSubmit, OptOut

LIFE_MS = 7 * 86_400_000  # the longest validity
RECIPIENTS_MAX = 500_000  # some 100 MB; beyond it the eldest are the router's alone


class OptOuts:
    """The rows of the last days; one for all connectors of a process."""

    def __init__(self) -> None:
        self.rows: dict[Msisdn, dict[Scope, int]] = {}  # when it was said; the eldest first

    def put(self, recipient: str, row: OptOut | None) -> None:
        """Somebody has said so."""
        number = Msisdn(recipient)
        scopes = self.rows.pop(number, {})
        if row is None:
            return
        if row.action == "out":
            self._forget(row.at_ms - LIFE_MS)
        if scopes := after(scopes, row):
            self.rows[number] = scopes

    def forbids(self, submit: MtSubmit) -> bool:
        """Whether it may not be written."""
        scopes = self.rows.get(submit.recipient)
        if scopes is None or submit.class_ in EXEMPT:
            return False
        return forbids(scopes, submit.tenant, submit.source_addr)

    def _forget(self, before_ms: int) -> None:
        while self.rows:
            eldest, scopes = next(iter(self.rows.items()))
            if max(scopes.values()) >= before_ms and len(self.rows) < RECIPIENTS_MAX:
                return
            del self.rows[eldest]
