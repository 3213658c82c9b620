"""The simulated SMSC: what `mind` decides, done on real binds, and written into the ledger.

    submit_sm ── over rate or window? ── yes ─> refused at once
                        │ no
                     decide ─> ledger ─> timers ─┬─> submit_sm_resp
                                                 └─> receipts ─> the account's outbox ─> deliver_sm

One process, one loop, no task a message: what happens later waits in one heap (`timers`). Receipts
do not need the bind their submit_sm came on, nor the answer to it: they are the account's.
"""

import hmac
import random
from collections.abc import Mapping
from typing import Any

import structlog

from services.sandbox.config import SandboxConfig
from services.sandbox.deliveries import Attempt, Bind, Delivery, Outbox
from services.sandbox.ledger import Ledger, own_id
from services.sandbox.limits import SlidingLimit, SlidingPeak
from services.sandbox.mind import Decision, Mind, Receipt
from services.sandbox.mo import MoOrder, MoRefusedError, parts_of
from services.sandbox.scenario import Limits, Scenario
from services.sandbox.timers import Timers, now_ns
from smpp import pdu
from smpp.pdu import Pdu, SubmitSm
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.state import Closed
from smpp.values import BindType, CommandStatus

LOG = structlog.get_logger()

NS_PER_US = 1000
TIMERS_MAX = 1_000_000  # above it new submit_sm are refused with ESME_RMSGQFUL

# What this SMSC cannot do is refused by the request's own status.
REFUSALS: dict[type[Pdu], CommandStatus] = {
    pdu.QuerySm: CommandStatus.ESME_RQUERYFAIL,
    pdu.CancelSm: CommandStatus.ESME_RCANCELFAIL,
    pdu.ReplaceSm: CommandStatus.ESME_RREPLACEFAIL,
}


class Account:
    """One ESME account: its binds, its rate, its deliveries."""

    def __init__(self, system_id: str, outbox: Outbox) -> None:
        self.system_id = system_id
        self.outbox = outbox
        self.binds: set[Bind] = set()
        self.binds_peak = 0
        self.limit: SlidingLimit | None = None
        self.read = SlidingPeak()
        self.accepted = SlidingPeak()
        self.counts: dict[CommandStatus, int] = {}


class Sandbox:
    """One simulated SMSC. Make it inside the event loop that runs it."""

    def __init__(self, config: SandboxConfig, scenario: Scenario) -> None:
        self.ledger = Ledger(config.ledger_max)
        self._config = config
        self._started_ns = now_ns()
        self._timers = Timers()
        self._accounts = {name: self._account(name) for name in config.accounts}
        self._binds: dict[SmscSession, tuple[Account, Bind]] = {}
        self._binds_ever = 0
        self._mo_ever = 0
        # Microseconds since 1970, so that no later run of the sandbox gives the same ids again.
        self._mind = Mind(scenario, random.Random(config.seed), self._started_ns // NS_PER_US)
        self._smsc = Smsc(...)
        self.change(scenario)

    def _account(self, name: str) -> Account:
        waiting_max = self._config.waiting_max
        return Account(name, Outbox(name, self._timers, lambda: self.scenario.retries, waiting_max))

    async def start(self) -> int:
        """Listen; returns the port."""
        await self._smsc.start()
        return self._smsc.port

    async def stop(self) -> None:
        """Cut every connection and stop listening."""
        self._timers.clear()
        await self._smsc.close()

    def change(self, scenario: Scenario) -> None:
        """Behave like `scenario` from now on; the dice begin anew, what is under way goes on."""
        self.scenario = scenario
        self._mind = Mind(scenario, random.Random(self._config.seed), self._mind.number)
        rate_per_s = scenario.limits.rate_per_s
        for account in self._accounts.values():
            account.limit = None if rate_per_s is None else SlidingLimit(rate_per_s)

    def drop(self) -> int:
        """Abort every connection; returns how many there were."""
        sessions = list(self._binds)
        for session in sessions:
            session.abort()
        return len(sessions)

    # --- binds --------------------------------------------------------------------------------

    def _on_bind(self, session: SmscSession, bind_pdu: pdu.Bind) -> CommandStatus:
        account = self._accounts.get(bind_pdu.system_id)
        if account is None:
            return CommandStatus.ESME_RINVSYSID
        password = self._config.accounts[account.system_id].get_secret_value()
        if not hmac.compare_digest(password.encode(), bind_pdu.password.encode()):
            return CommandStatus.ESME_RINVPASWD
        limits = self.scenario.limits
        if limits.binds is not None and len(account.binds) >= limits.binds:
            return limits.bind_status_above
        self._binds_ever += 1
        bind = Bind(self._binds_ever, session)
        ...
        return CommandStatus.ESME_ROK
