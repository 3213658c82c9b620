"""What is done with a submit_sm: refused by a limit or decided, written down, answered, reported.

    over rate or window? ── yes ─> refused at once
            │ no
         decide ─> ledger ─> timers ─┬─> submit_sm_resp
                                     └─> receipts ─> the account's outbox ─> deliver_sm

Receipts need neither the bind their submit_sm came on nor the answer to it: they are the account's.
Where the scenario wants a fault the answer is given as ever and then spoilt.
"""

from collections.abc import Callable
from typing import TypeVar

from services.sandbox.accounts import Account
from services.sandbox.behaviour import Behaviour
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.faults import delay_ns
from services.sandbox.ledger import Ledger, own_id
from services.sandbox.mind import Decision
from services.sandbox.saboteur import Saboteur
from services.sandbox.scenario import Fault
from services.sandbox.timers import Timers, now_ns
from smpp.pdu import SubmitSm
from smpp.values import CommandStatus

T = TypeVar("T")

TIMERS_MAX = 1_000_000  # above it new submit_sm are refused with ESME_RMSGQFUL


class Submits:
    """Takes the submit_sm of every bind."""

    def __init__(
        self, behaviour: Behaviour, ledger: Ledger, timers: Timers, saboteur: Saboteur
    ) -> None:
        self._behaviour = behaviour
        self._ledger = ledger
        self._timers = timers
        self._saboteur = saboteur

    def take(self, account: Account, bind: Bind, submit: SubmitSm) -> None:
        """Answer `submit` and send its receipts, now or later."""
        behaviour = self._behaviour
        read_ns = now_ns()
        refusal = self._refusal(bind, read_ns)
        fault = None
        if refusal is None:
            decision = behaviour.mind.decide(submit, read_ns)
        else:
            decision, fault = Decision(refusal, read_ns, "", ()), behaviour.above
        due_ns = decision.due_ns
        if behaviour.faults.of_submits and fault is None:
            bind.submits += 1
            fault = behaviour.faults.on_submit(bind.submits)
            due_ns += 0 if fault is None else delay_ns(fault)
        account.note(decision.command_status, read_ns)
        own = own_id(submit.tlvs)
        self._write(account, bind, submit, decision, own, read_ns)
        self._report(account, decision, own, read_ns, is_early=True)
        bind.unanswered += 1
        self._do(due_ns, read_ns, self._answer, (bind, submit, decision, fault))
        self._report(account, decision, own, read_ns, is_early=False)

    def _refusal(self, bind: Bind, read_ns: int) -> CommandStatus | None:
        limits = self._behaviour.scenario.limits
        if limits.window is not None and bind.unanswered >= limits.window:
            return limits.status_above
        if bind.limit is not None and not bind.limit.take(read_ns):
            return limits.status_above
        return CommandStatus.ESME_RMSGQFUL if len(self._timers) >= TIMERS_MAX else None

    def _write(
        self,
        account: Account,
        bind: Bind,
        submit: SubmitSm,
        decision: Decision,
        own: bytes | None,
        read_ns: int,
    ) -> None:
        self._ledger.segments.write(
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

    def _report(
        self,
        account: Account,
        decision: Decision,
        own: bytes | None,
        read_ns: int,
        *,
        is_early: bool,
    ) -> None:
        """Those that are to be on the wire before the answer, or those behind it."""
        for receipt in decision.receipts:
            if receipt.is_early is is_early:
                head = (own, receipt.smsc_message_id, receipt.state.name, is_early)
                delivery = Delivery(receipt.deliver_sm, self._ledger.receipts, head)
                self._do(receipt.due_ns, read_ns, account.outbox.put, delivery)

    def _do(self, due_ns: int, now_ns: int, action: Callable[[T], None], item: T) -> None:
        """Now, if it is due: then the order of calls is the order on the wire."""
        if due_ns <= now_ns:
            action(item)
        else:
            self._timers.at(due_ns, action, item)

    def _answer(self, due: tuple[Bind, SubmitSm, Decision, Fault | None]) -> None:
        bind, submit, decision, fault = due
        bind.unanswered -= 1
        if decision.command_status is CommandStatus.ESME_ROK:
            bind.session.respond(submit, message_id=decision.smsc_message_id)
        else:
            bind.session.respond(submit, decision.command_status)
        if fault is not None:
            self._saboteur.spoil_last(bind.session, self._behaviour.faults, fault)
