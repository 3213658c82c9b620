"""Who is bound: lets ESMEs in or refuses them, and keeps what a bind has for itself.

A bind that was lost without unbind can leave a ghost: for a while its place is not free, as with
carriers that learn late that somebody has gone. In a time of maintenance nobody is bound.
"""

import asyncio

import structlog

from services.sandbox.accounts import Account
from services.sandbox.admission import BIND_TYPES, UNKNOWN, Knock, refusal
from services.sandbox.behaviour import Behaviour
from services.sandbox.config import SandboxConfig
from services.sandbox.deliveries import Bind, Bound
from services.sandbox.faults import NS_PER_S, Faults, bind_refusal
from services.sandbox.ledger import Ledger
from services.sandbox.limits import limit_of
from services.sandbox.saboteur import Saboteur
from services.sandbox.scenario import Scenario
from services.sandbox.timers import Timers, now_ns
from services.sandbox.troubles import Fault
from smpp import pdu
from smpp.server import SmscSession
from smpp.state import Closed, Why
from smpp.values import CommandStatus

LOG = structlog.get_logger()

UNBOUND = (Why.PEER_UNBOUND, Why.WE_UNBOUND)  # any other end leaves a ghost


class Binds:
    """The bound sessions of all accounts."""

    def __init__(
        self,
        config: SandboxConfig,
        accounts: dict[str, Account],
        behaviour: Behaviour,
        ledger: Ledger,
        timers: Timers,
        saboteur: Saboteur,
    ) -> None:
        self.ever = 0
        self.strangers = 0  # binds as a system_id that nobody has
        self._config = config
        self._accounts = accounts
        self._behaviour = behaviour
        self._ledger = ledger
        self._timers = timers
        self._saboteur = saboteur
        self._bound: dict[SmscSession, tuple[Account, Bind]] = {}

    def __len__(self) -> int:
        return len(self._bound)

    def of(self, session: SmscSession) -> tuple[Account, Bind]:
        """The account and the bind of a bound session."""
        return self._bound[session]

    def drop(self) -> int:
        """Abort every connection; returns how many there were."""
        sessions = list(self._bound)
        for session in sessions:
            session.abort()
        return len(sessions)

    def begin_anew(self) -> None:
        """The scenario is new: count from here, and drop all when its maintenance begins."""
        scenario = self._behaviour.scenario
        for account in self._accounts.values():
            account.begin(scenario.limits)
            for bind in account.binds:
                self._begin(account, bind)
        for window in scenario.maintenance:
            starts_ns = self._behaviour.began_ns + int(window.from_s * NS_PER_S)
            self._timers.at(starts_ns, self._on_maintenance, scenario)

    # --- what ESMEs do --------------------------------------------------------------------------

    def on_bind(self, session: SmscSession, bind_pdu: pdu.Bind) -> CommandStatus | None:
        """Let it bind, or refuse it by a status; None is no answer at all."""
        account = self._accounts.get(bind_pdu.system_id)
        if account is None:
            self.strangers += 1
            return UNKNOWN
        refused = self._refusal(account, session, bind_pdu)
        if refused is not None:
            account.refused[refused] = account.refused.get(refused, 0) + 1
            return refused
        fault = self._behaviour.faults.on_bind()
        if fault is not None:
            self._saboteur.counts[fault.fault] += 1
            return None
        self._let_in(account, session, bind_pdu)
        return CommandStatus.ESME_ROK

    def on_closed(self, session: SmscSession, reason: Closed) -> None:
        """A connection ended."""
        found = self._bound.pop(session, None)
        if found is None:
            return
        account, bind = found
        account.binds.remove(bind)
        self._ledger.bind_closed(bind.number, str(reason), now_ns())
        if bind in account.outbox.binds:
            account.outbox.binds.remove(bind)
        ghosts_s = account.limits.ghosts_s
        if ghosts_s and reason.why not in UNBOUND:
            account.ghosts += 1
            self._timers.at(now_ns() + int(ghosts_s * NS_PER_S), self._lay_ghost, account)
        LOG.info("bind closed", account=account.system_id, bind=bind.number, reason=str(reason))

    # --- how ------------------------------------------------------------------------------------

    def _refusal(
        self, account: Account, session: SmscSession, bind_pdu: pdu.Bind
    ) -> CommandStatus | None:
        now = now_ns()
        knock = Knock(
            account=account.config,
            bind=bind_pdu,
            host=host_of(session.peer),
            certificate_names=session.certificate_names,
            bound=tuple(bind.bound for bind in account.binds),
            is_locked=now < account.locked_until_ns,
        )
        refused = refusal(knock)
        self._count_passwords(account, refused, now)
        if refused is not None:
            return refused
        behaviour = self._behaviour
        limits = account.limits
        if limits.binds is not None and len(account.binds) + account.ghosts >= limits.binds:
            return limits.bind_status_above
        return bind_refusal(behaviour.scenario.maintenance, now - behaviour.began_ns)

    def _count_passwords(self, account: Account, refused: CommandStatus | None, now: int) -> None:
        """After so many wrong ones the account is closed for a while."""
        if refused is None:
            account.wrong_passwords = 0
        elif refused is CommandStatus.ESME_RINVPASWD:
            account.wrong_passwords += 1
            lock_after = self._config.lock_after
            if lock_after is not None and account.wrong_passwords >= lock_after:
                account.wrong_passwords = 0
                account.locked_until_ns = now + int(self._config.lock_s * NS_PER_S)

    def _let_in(self, account: Account, session: SmscSession, bind_pdu: pdu.Bind) -> None:
        self.ever += 1
        kind = BIND_TYPES[type(bind_pdu)]  # the session knows it when our answer has bound it
        bind = Bind(self.ever, session, Bound(kind, host_of(session.peer)))
        self._bound[session] = (account, bind)
        account.binds.add(bind)
        account.binds_peak = max(account.binds_peak, len(account.binds))
        self._begin(account, bind)
        self._ledger.bind_opened(bind.number, account.system_id, kind, session.peer, now_ns())
        if not isinstance(bind_pdu, pdu.BindTransmitter):
            outbox = account.outbox
            outbox.binds.append(bind)
            session.on_room = outbox.pump
            session.on_late = outbox.on_late
            asyncio.get_running_loop().call_soon(outbox.pump)  # when our answer has bound it

    def _begin(self, account: Account, bind: Bind) -> None:
        """The bind, or the scenario, is new: count from here."""
        limits, faults = account.limits, self._behaviour.faults
        bind.submits = 0
        bind.limit = account.limit if limits.by == "account" else limit_of(limits)
        for row in faults.periodic:
            self._spoil_later((bind, faults, row))

    def _spoil_later(self, periodic: tuple[Bind, Faults, Fault]) -> None:
        every_ns = int((periodic[2].every_s or 0) * NS_PER_S)
        self._timers.at(now_ns() + every_ns, self._on_periodic, periodic)

    def _on_periodic(self, periodic: tuple[Bind, Faults, Fault]) -> None:
        bind, faults, row = periodic
        if faults is self._behaviour.faults and bind.session in self._bound:
            self._saboteur.spoil_own(bind.session, faults, row)
            self._spoil_later(periodic)

    def _on_maintenance(self, scenario: Scenario) -> None:
        if scenario is self._behaviour.scenario:
            self.drop()

    @staticmethod
    def _lay_ghost(account: Account) -> None:
        account.ghosts -= 1


def host_of(peer: str) -> str:
    """The address in host:port or [host]:port."""
    return peer.rpartition(":")[0].strip("[]")
