"""The simulated SMSC: what `mind` decides, done on real binds, and written into the ledger.

    submit_sm ── over rate or window? ── yes ─> refused at once
                        │ no
                     decide ─> ledger ─> timers ─┬─> submit_sm_resp
                                                 └─> receipts ─> the account's outbox ─> deliver_sm

One process, one loop, no task a message: what happens later waits in one heap (`timers`). Receipts
do not need the bind their submit_sm came on, nor the answer to it: they are the account's. Where
the scenario wants a fault (`faults`), the answer is given as ever and then spoilt (`saboteur`).
"""

import asyncio
import hmac
import itertools
import random
from collections.abc import Callable
from typing import Any, TypeVar

import structlog

from pipeline.errors import HeliographError
from services.sandbox.config import SandboxConfig
from services.sandbox.deliveries import Bind, Delivery, Outbox
from services.sandbox.faults import NS_PER_S, Faults, bind_refusal, delay_ns
from services.sandbox.ledger import Ledger, own_id
from services.sandbox.limits import Limit, SlidingPeak, limit_of
from services.sandbox.mind import Decision, Mind
from services.sandbox.mo import MoOrder, MoRefusedError, parts_of
from services.sandbox.saboteur import Saboteur
from services.sandbox.scenario import Fault, Scenario
from services.sandbox.timers import Timers, now_ns
from smpp import pdu
from smpp.pdu import Pdu, SubmitSm
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.session import SessionConfig
from smpp.state import Closed, Why
from smpp.timers import TimerConfig
from smpp.values import CommandStatus

LOG = structlog.get_logger()
T = TypeVar("T")

NS_PER_US = 1000
OWED_REQUESTS_MAX = 10_000  # submit_sm of one bind unanswered before it is read no further
UNBIND_TIMEOUT_S = 0.5
TIMERS_MAX = 1_000_000  # above it new submit_sm are refused with ESME_RMSGQFUL

ABOVE = {  # what is done besides the status of the ledger, where a limit says so
    "drop": Fault(fault="never_answer_submit", share=1),
    "disconnect": Fault(fault="reset", share=1),
}
UNBOUND = (Why.PEER_UNBOUND, Why.WE_UNBOUND)  # any other end leaves a ghost

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
        self.ghosts = 0  # binds lost, whose places are not free yet
        self.limit: Limit | None = None
        self.read = SlidingPeak()
        self.accepted = SlidingPeak()
        self.statuses: dict[CommandStatus, int] = {}

    def note(self, status: CommandStatus, read_ns: int) -> None:
        """A submit_sm read, and what became of it."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.read.note(read_ns)
        if status is CommandStatus.ESME_ROK:
            self.accepted.note(read_ns)

    def statistics(self) -> dict[str, Any]:
        """What this account did and what waits for it."""
        outbox = self.outbox
        return {
            "binds": [
                {
                    "bind": bind.number,
                    "bind_type": bind.session.bind_type and bind.session.bind_type.value,
                    "peer": bind.session.peer,
                    "unanswered_submit_sm": bind.unanswered,
                }
                for bind in sorted(self.binds, key=lambda bind: bind.number)
            ],
            "ghosts": self.ghosts,
            "binds_peak": self.binds_peak,
            "submit_sm": {status.name: count for status, count in self.statuses.items()},
            "submit_sm_per_s_peak": self.read.peak,
            "accepted_per_s_peak": self.accepted.peak,
            "deliver_sm": {
                **outbox.ends,
                "waiting": len(outbox),
                "given_up": outbox.given_up,
                "dropped": outbox.dropped,
            },
        }


def _listening(config: SandboxConfig) -> SmscConfig:
    session = SessionConfig(
        window_requests_max=config.window,
        owed_requests_max=OWED_REQUESTS_MAX,
        response_timeout_s=config.response_timeout_s,
        timers=TimerConfig(unbind_s=UNBIND_TIMEOUT_S),
    )
    return SmscConfig(host=config.host, port=config.port, system_id="sandbox", session=session)


class Sandbox:
    """One simulated SMSC. Make it inside the event loop that runs it."""

    def __init__(self, config: SandboxConfig, scenario: Scenario) -> None:
        self.ledger = Ledger(config.ledger_max)
        self._config = config
        self._started_ns = now_ns()
        # Microseconds since 1970, so that no later run of the sandbox gives the same ids again.
        self._numbers = itertools.count(self._started_ns // NS_PER_US)
        self._timers = Timers()
        self._saboteur = Saboteur(self._timers)
        self._accounts = {name: self._account(name) for name in config.accounts}
        self._binds: dict[SmscSession, tuple[Account, Bind]] = {}
        self._binds_ever = 0
        self._mo_ever = 0
        self._mo_dice = random.Random(config.seed)  # its own: an MO changes no submit_sm's fate
        self._smsc = Smsc(
            _listening(config),
            on_bind=self._on_bind,
            on_request=self._on_request,
            on_closed=self._on_closed,
        )
        self.change(scenario)

    def _account(self, name: str) -> Account:
        waiting_max = self._config.waiting_max
        return Account(name, Outbox(name, self._timers, lambda: self.scenario.retries, waiting_max))

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._smsc.port

    async def start(self) -> None:
        """Listen."""
        try:
            await self._smsc.start()
        except OSError as error:
            config = self._config
            raise HeliographError(
                f"cannot listen on {config.host}:{config.port}: {error}"
            ) from error

    async def stop(self) -> None:
        """Forget what is due, unbind everybody, stop listening."""
        self._timers.clear()
        await self._smsc.stop()

    def change(self, scenario: Scenario) -> None:
        """Behave like `scenario` from now on; the dice begin anew, what is under way goes on."""
        self.scenario = scenario
        self._began_ns = now_ns()
        self._mind = Mind(scenario, random.Random(self._config.seed), self._numbers)
        self._faults = Faults(scenario, random.Random(self._config.seed))
        self._spoils_submits = bool(self._faults.of_submits)
        self._above = ABOVE.get(scenario.limits.above)
        for account in self._accounts.values():
            account.limit = limit_of(scenario.limits)
            for bind in account.binds:
                self._begin(account, bind)
        for window in scenario.maintenance:
            starts_ns = self._began_ns + int(window.from_s * NS_PER_S)
            self._timers.at(starts_ns, self._on_maintenance, scenario)

    def _on_maintenance(self, scenario: Scenario) -> None:
        if scenario is self.scenario:
            self.drop()

    def drop(self) -> int:
        """Abort every connection; returns how many there were."""
        sessions = list(self._binds)
        for session in sessions:
            session.abort()
        return len(sessions)

    # --- binds --------------------------------------------------------------------------------

    def _on_bind(self, session: SmscSession, bind_pdu: pdu.Bind) -> CommandStatus | None:
        account = self._accounts.get(bind_pdu.system_id)
        if account is None:
            return CommandStatus.ESME_RINVSYSID
        password = self._config.accounts[account.system_id].get_secret_value()
        if not hmac.compare_digest(password.encode(), bind_pdu.password.encode()):
            return CommandStatus.ESME_RINVPASWD
        limits = self.scenario.limits
        if limits.binds is not None and len(account.binds) + account.ghosts >= limits.binds:
            return limits.bind_status_above
        closed = bind_refusal(self.scenario.maintenance, now_ns() - self._began_ns)
        if closed is not None:
            return closed
        fault = self._faults.on_bind()
        if fault is not None:
            self._saboteur.counts[fault.fault] += 1
            return None
        self._let_in(account, session, bind_pdu)
        return CommandStatus.ESME_ROK

    def _let_in(self, account: Account, session: SmscSession, bind_pdu: pdu.Bind) -> None:
        self._binds_ever += 1
        bind = Bind(self._binds_ever, session)
        self._binds[session] = (account, bind)
        account.binds.add(bind)
        account.binds_peak = max(account.binds_peak, len(account.binds))
        self._begin(account, bind)
        bind_type = (
            type(bind_pdu).__name__.removeprefix("Bind").lower()
        )  # the session's comes later
        self.ledger.bind_opened(bind.number, account.system_id, bind_type, session.peer, now_ns())
        if not isinstance(bind_pdu, pdu.BindTransmitter):
            outbox = account.outbox
            outbox.binds.append(bind)
            session.on_room = outbox.pump
            session.on_late = outbox.on_late
            asyncio.get_running_loop().call_soon(outbox.pump)  # when our answer has bound it

    def _begin(self, account: Account, bind: Bind) -> None:
        """The bind, or the scenario, is new: count from here."""
        limits = self.scenario.limits
        bind.submits = 0
        bind.limit = account.limit if limits.by == "account" else limit_of(limits)
        for row in self._faults.periodic:
            self._spoil_later((bind, self._faults, row))

    def _spoil_later(self, periodic: tuple[Bind, Faults, Fault]) -> None:
        every_ns = int((periodic[2].every_s or 0) * NS_PER_S)
        self._timers.at(now_ns() + every_ns, self._on_periodic, periodic)

    def _on_periodic(self, periodic: tuple[Bind, Faults, Fault]) -> None:
        bind, faults, row = periodic
        if faults is self._faults and bind.session in self._binds:
            self._saboteur.spoil_own(bind.session, faults, row)
            self._spoil_later(periodic)

    def _on_closed(self, session: SmscSession, reason: Closed) -> None:
        found = self._binds.pop(session, None)
        if found is None:
            return
        account, bind = found
        account.binds.remove(bind)
        self.ledger.bind_closed(bind.number, str(reason), now_ns())
        if bind in account.outbox.binds:
            account.outbox.binds.remove(bind)
        ghosts_s = self.scenario.limits.ghosts_s
        if ghosts_s and reason.why not in UNBOUND:
            account.ghosts += 1
            self._timers.at(now_ns() + int(ghosts_s * NS_PER_S), self._lay_ghost, account)
        LOG.info("bind closed", account=account.system_id, bind=bind.number, reason=str(reason))

    @staticmethod
    def _lay_ghost(account: Account) -> None:
        account.ghosts -= 1

    # --- submit_sm ----------------------------------------------------------------------------

    def _on_request(self, session: SmscSession, request: Pdu) -> None:
        if isinstance(request, SubmitSm):
            self._on_submit(session, request)
        else:
            session.respond(request, REFUSALS.get(type(request), CommandStatus.ESME_RINVCMDID))

    def _on_submit(self, session: SmscSession, submit: SubmitSm) -> None:
        account, bind = self._binds[session]
        read_ns = now_ns()
        refusal = self._refusal(bind, read_ns)
        fault = None
        if refusal is None:
            decision = self._mind.decide(submit, read_ns)
        else:
            decision, fault = Decision(refusal, read_ns, "", ()), self._above
        due_ns = decision.due_ns
        if self._spoils_submits and fault is None:
            bind.submits += 1
            fault = self._faults.on_submit(bind.submits)
            due_ns += 0 if fault is None else delay_ns(fault)
        account.note(decision.command_status, read_ns)
        own = own_id(submit.tlvs)
        self.ledger.segments.write(
            (
                own,
                decision.smsc_message_id,
                account.system_id,
                bind.number,
                submit.source_addr,
                submit.destination_addr,
                len(submit.short_message),
                submit.esm_class,
                submit.data_coding,
                read_ns,
                decision.command_status,
            )
        )
        for receipt in decision.receipts:
            head = (own, receipt.smsc_message_id, receipt.state.name, receipt.is_early)
            delivery = Delivery(receipt.deliver_sm, self.ledger.receipts, head)
            self._do(receipt.due_ns, read_ns, account.outbox.put, delivery)
        bind.unanswered += 1
        self._do(due_ns, read_ns, self._answer, (bind, submit, decision, fault))

    def _do(self, due_ns: int, now_ns: int, action: Callable[[T], None], item: T) -> None:
        """Now, if it is due: an early receipt is on the wire before its answer."""
        if due_ns <= now_ns:
            action(item)
        else:
            self._timers.at(due_ns, action, item)

    def _refusal(self, bind: Bind, read_ns: int) -> CommandStatus | None:
        limits = self.scenario.limits
        if limits.window is not None and bind.unanswered >= limits.window:
            return limits.status_above
        if bind.limit is not None and not bind.limit.take(read_ns):
            return limits.status_above
        return CommandStatus.ESME_RMSGQFUL if len(self._timers) >= TIMERS_MAX else None

    def _answer(self, due: tuple[Bind, SubmitSm, Decision, Fault | None]) -> None:
        bind, submit, decision, fault = due
        bind.unanswered -= 1
        if decision.command_status is CommandStatus.ESME_ROK:
            bind.session.respond(submit, message_id=decision.smsc_message_id)
        else:
            bind.session.respond(submit, decision.command_status)
        if fault is not None:
            self._saboteur.spoil_last(bind.session, self._faults, fault)

    # --- MO and statistics --------------------------------------------------------------------

    def send_mo(self, order: MoOrder) -> dict[str, Any]:
        """Send a message of a subscriber to an account; MoRefusedError when there is none."""
        account = self._accounts.get(order.account or next(iter(self._accounts)))
        if account is None:
            raise MoRefusedError(f"account: there are {', '.join(self._accounts)}")
        parts = parts_of(order, self._mo_ever + 1)
        self._mo_ever += 1
        numbered = list(enumerate(parts, 1))
        together = None
        if order.parts_shuffled:
            self._mo_dice.shuffle(numbered)
        elif len(parts) > 1:
            together = account.outbox.next_bind()
        for number, deliver_sm in numbered:
            head = (self._mo_ever, number, len(parts))
            account.outbox.put(Delivery(deliver_sm, self.ledger.mo, head, together))
        return {"mo": self._mo_ever, "parts": len(parts), "account": account.system_id}

    def statistics(self) -> dict[str, Any]:
        """What happened so far, for people and judges."""
        return {
            "faults": self._no_evidence(),
            "scenario": self.scenario.name,
            "up_s": round((now_ns() - self._started_ns) / 1e9, 3),
            "binds": len(self._binds),
            "binds_ever": self._binds_ever,
            "due_later": len(self._timers),
            "misbehaved": dict(self._saboteur.counts),
            "mo": self._mo_ever,
            "ledger": self.ledger.statistics(),
            "accounts": {name: own.statistics() for name, own in self._accounts.items()},
        }

    def _no_evidence(self) -> list[str]:
        """Why the ledger and the deliveries of this run are no evidence, if they are none."""
        full = [
            f"ledger full: {own.unrecorded} {own.name} not recorded"
            for own in self.ledger.journals.values()
            if own.unrecorded
        ]
        waiting_max = self._config.waiting_max
        dropped = [
            f"{name}: {own.outbox.dropped} deliver_sm dropped, {waiting_max} waited"
            for name, own in self._accounts.items()
            if own.outbox.dropped
        ]
        return full + dropped
