"""Those behind the handsets: what they say goes to an account as deliver_sm, parts and all."""

from collections.abc import Mapping
from random import Random
from typing import Any

from services.sandbox.accounts import Account
from services.sandbox.deliveries import Delivery
from services.sandbox.ledger import Ledger
from services.sandbox.mo import MoOrder, MoRefusedError, parts_of


class Subscribers:
    """Sends their messages, numbered in the order of sending."""

    def __init__(self, accounts: Mapping[str, Account], ledger: Ledger, dice: Random) -> None:
        """`dice` are its own: an MO changes no submit_sm's fate."""
        self.sent = 0
        self._accounts = accounts
        self._ledger = ledger
        self._dice = dice

    def send(self, order: MoOrder) -> dict[str, Any]:
        """Send one message; MoRefusedError when there is no such account, or no way to say it."""
        account = self._accounts.get(order.account or next(iter(self._accounts)))
        if account is None:
            raise MoRefusedError(f"account: there are {', '.join(self._accounts)}")
        parts = parts_of(order, self.sent + 1)
        self.sent += 1
        numbered = list(enumerate(parts, 1))
        together = None
        if order.parts_shuffled:
            self._dice.shuffle(numbered)
        elif len(parts) > 1:
            together = account.outbox.next_bind()
        for number, deliver_sm in numbered:
            head = (self.sent, number, len(parts))
            account.outbox.put(Delivery(deliver_sm, self._ledger.mo, head, together))
        return {"mo": self.sent, "parts": len(parts), "account": account.system_id}
