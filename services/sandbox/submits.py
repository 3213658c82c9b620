"""What is done with a message: refused by a limit or decided, written down, answered, reported.

    over rate or window? ── yes ─> refused at once
            │ no
         decide ─> ledger ─> timers ─┬─> submit_sm_resp
                                     └─> receipts ─> the account's outbox ─> deliver_sm

A message comes as submit_sm, as data_sm, or in a submit_multi. Receipts need neither the bind it
came on nor the answer to it: they are the account's. Where the scenario wants a fault the answer is
given as ever and then spoilt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from services.sandbox.accounts import Account
from services.sandbox.answers import Limits
from services.sandbox.behaviour import ABOVE, Behaviour
from services.sandbox.deliveries import Bind, Delivery
from services.sandbox.faults import delay_ns
from services.sandbox.ledger import Ledger
from services.sandbox.mind import DELETED, Decision, Receipt
from services.sandbox.mo import MoOrder, answer_to
from services.sandbox.reports import Outcome
from services.sandbox.saboteur import Saboteur
from services.sandbox.store import Message, Store
from services.sandbox.subscribers import Subscribers
from services.sandbox.timers import Timers, now_ns
from smpp.pdu import Pdu, SubmitSm
from smpp.values import CommandStatus, MessageState

T = TypeVar("T")

TIMERS_MAX = 1_000_000  # above it new submit_sm are refused with ESME_RMSGQFUL


class Submits:
    """Takes the messages of every bind."""

    def __init__(
        self,
        behaviour: Behaviour,
        accounts: Mapping[str, Account],
        subscribers: Subscribers,
        store: Store,
        ledger: Ledger,
        timers: Timers,
        saboteur: Saboteur,
    ) -> None:
        self._behaviour = behaviour
        self._accounts = accounts
        self._subscribers = subscribers
        self._store = store
        self._ledger = ledger
        self._timers = timers
        self._saboteur = saboteur

    def take(self, account: Account, bind: Bind, submit: SubmitSm, request: Pdu) -> None:
        """Respond to `request` and send what follows from `submit`, now or later."""
        message = Message(account, bind, submit, request, now_ns())
        decision = self._accept(message)
        bind.unanswered += 1
        self._do(decision.due_ns, message.read_ns, self._respond, message)
        self._follow(message, decision)

    def take_all(
        self,
        account: Account,
        bind: Bind,
        submits: Sequence[SubmitSm],
        respond: Callable[[Sequence[Message]], None],
    ) -> None:
        """Send what follows from each, all under one id; `respond` is called before any of it."""
        number, read_ns = self._behaviour.mind.next_number(), now_ns()
        messages = [Message(account, bind, submit, None, read_ns) for submit in submits]
        decisions: list[Decision] = []
        place = 0
        for message in messages:
            decisions.append(self._accept(message, number, place))
            place += message.command_status is CommandStatus.ESME_ROK
        bind.unanswered += 1
        due_ns = min((decision.due_ns for decision in decisions), default=read_ns)

        def answer(messages: Sequence[Message]) -> None:
            bind.unanswered -= 1
            respond(messages)

        self._do(due_ns, read_ns, answer, messages)
        for message, decision in zip(messages, decisions, strict=True):
            self._follow(message, decision)

    def _accept(self, message: Message, number: int | None = None, place: int = 0) -> Decision:
        """Decide, write down and remember; a receipt that is on the wire before the response goes.

        `number` is that of the message id and `place` the one under it, where several share one.
        """
        submit, read_ns = message.submit, message.read_ns
        decision = self._decide(message, number)
        message.account.note(decision.command_status, read_ns)
        self._write(message)
        if decision.command_status is CommandStatus.ESME_ROK:
            if submit.replace_if_present_flag:
                self._end_replaced(message)
            self._store.put(message, read_ns, place)
            if self._subscribers.listen:
                self._do(message.ends_ns, read_ns, self._subscribers.receive, message)
        if decision.receipts and decision.receipts[0].is_early:
            self._report(message, decision.receipts[:1])
        return decision

    def _follow(self, message: Message, decision: Decision) -> None:
        """What comes behind the response: the other receipts, and what the subscriber says."""
        receipts = decision.receipts
        if receipts:
            self._report(message, receipts[1:] if receipts[0].is_early else receipts)
        if decision.answer is not None:
            to = self._reported_to(message.account).system_id
            order = answer_to(message.submit, decision.answer.text, to)
            self._timers.at(decision.answer.due_ns, self._say, (message, order))

    def _say(self, said: tuple[Message, MoOrder]) -> None:
        """Nobody answers what was cancelled."""
        message, order = said
        if message.ended_as is None:
            self._subscribers.send(order)

    def tell_ended(self, message: Message, outcome: Outcome = DELETED) -> None:
        """A message was cancelled, or ended by hand: its receipt, if one was asked for."""
        receipt = self._behaviour.mind.ended(
            message.submit, message.receipt_id, outcome, message.read_ns, now_ns()
        )
        if receipt is not None:
            self._report(message, (receipt,))

    def _decide(self, message: Message, number: int | None) -> Decision:
        """What becomes of it; with the fault, and the delay, of its response."""
        behaviour, bind, read_ns = self._behaviour, message.bind, message.read_ns
        limits = message.account.limits
        refusal = self._refusal(bind, limits, read_ns)
        if refusal is not None:
            decision = Decision(refusal, read_ns, "", ())
            message.fault = ABOVE.get(limits.above)
        else:
            decision = behaviour.mind.decide(message.submit, read_ns, number)
        if behaviour.faults.of_submits and message.fault is None:
            bind.submits += 1
            message.fault = fault = behaviour.faults.on_submit(bind.submits)
            if fault is not None:
                decision = decision._replace(due_ns=decision.due_ns + delay_ns(fault))
        message.decide(decision)
        return decision

    def _end_replaced(self, message: Message) -> None:
        """What it replaces, because it is still there, never arrives."""
        submit, now = message.submit, message.read_ns
        places = (submit.source_addr, submit.destination_addr, submit.service_type)
        for replaced in self._store.open(message.account.system_id, *places, now):
            replaced.end(MessageState.DELETED, now)

    def _refusal(self, bind: Bind, limits: Limits, read_ns: int) -> CommandStatus | None:
        if limits.window is not None and bind.unanswered >= limits.window:
            return limits.status_above
        if bind.limit is not None and not bind.limit.take(read_ns):
            return limits.status_above
        return CommandStatus.ESME_RMSGQFUL if len(self._timers) >= TIMERS_MAX else None

    def _write(self, message: Message) -> None:
        submit = message.submit
        self._ledger.segments.write(
            (
                message.own,
                message.smsc_message_id,
                message.account.system_id,
                message.bind.number,
                submit.source_addr,
                submit.destination_addr,
                len(submit.short_message),
                submit.esm_class,
                submit.data_coding,
                message.read_ns,
                message.command_status,
            )
        )

    def _report(self, message: Message, receipts: Sequence[Receipt]) -> None:
        """Its receipts, each in its time."""
        plan = self._behaviour.scenario.receipts
        bind = message.bind if plan.bind == "same" else None
        shunned = message.bind if plan.bind == "other" else None
        put = self._reported_to(message.account).put
        deliveries = []
        for receipt in receipts:
            head = (message.own, receipt.smsc_message_id, receipt.state, receipt.is_early)
            delivery = Delivery(receipt.pdu, self._ledger.receipts, head, bind, shunned)
            deliveries.append(delivery)
            self._do(receipt.due_ns, message.read_ns, put, delivery)
        message.deliveries += tuple(deliveries)

    def _reported_to(self, account: Account) -> Account:
        name = self._behaviour.scenario.receipts.account
        return account if name is None else self._accounts[name]

    def _do(self, due_ns: int, now_ns: int, action: Callable[[T], None], item: T) -> None:
        """Now, if it is due: then the order of calls is the order on the wire."""
        if due_ns <= now_ns:
            action(item)
        else:
            self._timers.at(due_ns, action, item)

    def _respond(self, message: Message) -> None:
        bind, request = message.bind, message.request
        assert request is not None
        bind.unanswered -= 1
        if message.command_status is CommandStatus.ESME_ROK:
            bind.session.respond(request, message_id=message.smsc_message_id)
        else:
            bind.session.respond(request, message.command_status)
        if message.fault is not None:
            self._saboteur.spoil_last(bind.session, self._behaviour.faults, message.fault)
