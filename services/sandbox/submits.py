"""What is done with a submit_sm: refused by a limit or decided, written down, answered, reported.

    over rate or window? ── yes ─> refused at once
            │ no
         decide ─> ledger ─> timers ─┬─> submit_sm_resp
                                     └─> receipts ─> the account's outbox ─> deliver_sm

Receipts need neither the bind their submit_sm came on nor the answer to it: they are the account's.
Where the scenario wants a fault the answer is given as ever and then spoilt.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from services.sandbox.accounts import Account
from services.sandbox.behaviour import Behaviour
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.faults import delay_ns
from services.sandbox.ledger import Ledger, own_id
from services.sandbox.mind import Decision
from services.sandbox.mo import MoOrder
from services.sandbox.saboteur import Saboteur
from services.sandbox.subscribers import Subscribers
from services.sandbox.timers import Timers, now_ns
from services.sandbox.troubles import Fault
from smpp.pdu import SubmitSm
from smpp.values import CommandStatus

T = TypeVar("T")

TIMERS_MAX = 1_000_000  # above it new submit_sm are refused with ESME_RMSGQFUL


class Taken:
    """One submit_sm on its way through here."""

    __slots__ = ("account", "bind", "decision", "fault", "own", "read_ns", "submit")

    def __init__(self, account: Account, bind: Bind, submit: SubmitSm) -> None:
        self.account = account
        self.bind = bind
        self.submit = submit
        self.own = own_id(submit.tlvs)
        self.read_ns = now_ns()
        self.decision: Decision
        self.fault: Fault | None = None


class Submits:
    """Takes the submit_sm of every bind."""

    def __init__(
        self,
        behaviour: Behaviour,
        accounts: Mapping[str, Account],
        subscribers: Subscribers,
        ledger: Ledger,
        timers: Timers,
        saboteur: Saboteur,
    ) -> None:
        self._behaviour = behaviour
        self._accounts = accounts
        self._subscribers = subscribers
        self._ledger = ledger
        self._timers = timers
        self._saboteur = saboteur

    def take(self, account: Account, bind: Bind, submit: SubmitSm) -> None:
        """Answer `submit` and send what follows from it, now or later."""
        taken = Taken(account, bind, submit)
        due_ns = self._decide(taken)
        decision = taken.decision
        account.note(decision.command_status, taken.read_ns)
        self._write(taken)
        self._report(taken, is_early=True)
        bind.unanswered += 1
        self._do(due_ns, taken.read_ns, self._respond, taken)
        self._report(taken, is_early=False)
        if decision.answer is not None:
            order = MoOrder.model_construct(
                sender=submit.destination_addr,
                recipient=submit.source_addr,
                text=decision.answer.text,
                account=self._reported_to(taken).system_id,
            )
            self._timers.at(decision.answer.due_ns, self._subscribers.send, order)

    def _decide(self, taken: Taken) -> int:
        """Fills in the decision; returns when to respond, nanoseconds since 1970."""
        behaviour, bind, read_ns = self._behaviour, taken.bind, taken.read_ns
        refusal = self._refusal(bind, read_ns)
        if refusal is not None:
            taken.decision, taken.fault = Decision(refusal, read_ns, "", ()), behaviour.above
        else:
            taken.decision = behaviour.mind.decide(taken.submit, read_ns)
        due_ns = taken.decision.due_ns
        if behaviour.faults.of_submits and taken.fault is None:
            bind.submits += 1
            taken.fault = fault = behaviour.faults.on_submit(bind.submits)
            due_ns += 0 if fault is None else delay_ns(fault)
        return due_ns

    def _refusal(self, bind: Bind, read_ns: int) -> CommandStatus | None:
        limits = self._behaviour.scenario.limits
        if limits.window is not None and bind.unanswered >= limits.window:
            return limits.status_above
        if bind.limit is not None and not bind.limit.take(read_ns):
            return limits.status_above
        return CommandStatus.ESME_RMSGQFUL if len(self._timers) >= TIMERS_MAX else None

    def _write(self, taken: Taken) -> None:
        submit, decision = taken.submit, taken.decision
        self._ledger.segments.write(
            (
                taken.own,
                decision.smsc_message_id,
                taken.account.system_id,
                taken.bind.number,
                submit.source_addr,
                submit.destination_addr,
                len(submit.short_message),
                submit.esm_class,
                submit.data_coding,
                taken.read_ns,
                decision.command_status,
            )
        )

    def _report(self, taken: Taken, *, is_early: bool) -> None:
        """Those that are to be on the wire before the answer, or those behind it."""
        for receipt in taken.decision.receipts:
            if receipt.is_early is is_early:
                head = (taken.own, receipt.smsc_message_id, receipt.state.name, is_early)
                plan = self._behaviour.scenario.receipts
                bind = taken.bind if plan.bind == "same" else None
                shunned = taken.bind if plan.bind == "other" else None
                delivery = Delivery(receipt.pdu, self._ledger.receipts, head, bind, shunned)
                outbox = self._reported_to(taken).outbox
                self._do(receipt.due_ns, taken.read_ns, outbox.put, delivery)

    def _reported_to(self, taken: Taken) -> Account:
        name = self._behaviour.scenario.receipts.account
        return taken.account if name is None else self._accounts[name]

    def _do(self, due_ns: int, now_ns: int, action: Callable[[T], None], item: T) -> None:
        """Now, if it is due: then the order of calls is the order on the wire."""
        if due_ns <= now_ns:
            action(item)
        else:
            self._timers.at(due_ns, action, item)

    def _respond(self, taken: Taken) -> None:
        bind, submit, decision = taken.bind, taken.submit, taken.decision
        bind.unanswered -= 1
        if decision.command_status is CommandStatus.ESME_ROK:
            bind.session.respond(submit, message_id=decision.smsc_message_id)
        else:
            bind.session.respond(submit, decision.command_status)
        if taken.fault is not None:
            self._saboteur.spoil_last(bind.session, self._behaviour.faults, taken.fault)
