"""What an ESME may ask for once it is bound, and who answers it.

submit_sm, data_sm, submit_multi    submits
query_sm, cancel_sm, replace_sm     commands
anything else                       ESME_RINVCMDID
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from services.sandbox.accounts import Account
from services.sandbox.behaviour import Behaviour
from services.sandbox.commands import Commands
from services.sandbox.deliveries import Bind
from services.sandbox.store import Message
from services.sandbox.submits import Submits
from services.sandbox.timers import now_ns
from smpp.pdu import DataSm, DistributionList, Pdu, SmeAddress, SubmitMulti, SubmitSm, UnsuccessSme
from smpp.values import CommandStatus

ALIKE = (  # fields that a submit_sm shares with the one it is made of
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "esm_class",
    "registered_delivery",
    "data_coding",
    "tlvs",
)
OF_ADDRESS = ("dest_addr_ton", "dest_addr_npi", "destination_addr")
OF_DATA_SM = (*ALIKE, *OF_ADDRESS)
OF_SUBMIT_MULTI = (
    *ALIKE,
    "protocol_id",
    "priority_flag",
    "schedule_delivery_time",
    "validity_period",
    "replace_if_present_flag",
    "sm_default_msg_id",
    "short_message",
)


class Requests:
    """Takes every request of every bind."""

    def __init__(
        self,
        behaviour: Behaviour,
        submits: Submits,
        commands: Commands,
        lists: Mapping[str, Sequence[str]],
    ) -> None:
        """`lists` are the distribution lists, numbers by name."""
        self._behaviour = behaviour
        self._submits = submits
        self._commands = commands
        self._lists = lists

    def take(self, account: Account, bind: Bind, request: Pdu) -> None:
        """Answer it, now or later."""
        if isinstance(request, SubmitSm):
            self._submits.take(account, bind, request, request)
        elif isinstance(request, DataSm):
            fields = {name: getattr(request, name) for name in OF_DATA_SM}
            self._submits.take(account, bind, SubmitSm(**fields), request)
        elif isinstance(request, SubmitMulti):
            self._submit_multi(account, bind, request)
        else:
            status, fields = self._commands.answer(account.system_id, request, now_ns())
            bind.session.respond(request, status, **fields)

    def _submit_multi(self, account: Account, bind: Bind, multi: SubmitMulti) -> None:
        """One message to each destination, all under one id."""
        names = [each.dl_name for each in multi.dest_address if isinstance(each, DistributionList)]
        if not self._lists.keys() >= set(names):
            bind.session.respond(multi, CommandStatus.ESME_RINVDLNAME)
            return
        common = {name: getattr(multi, name) for name in OF_SUBMIT_MULTI}
        addresses = [each for there in multi.dest_address for each in self._addresses(there)]
        submits = [SubmitSm(**common, **_fields(address)) for address in addresses]
        self._submits.take_all(account, bind, submits, partial(_respond, bind, multi))

    def _addresses(self, destination: SmeAddress | DistributionList) -> list[SmeAddress]:
        if isinstance(destination, SmeAddress):
            return [destination]
        numbers = self._lists[destination.dl_name]
        return [SmeAddress(dest_addr_ton=1, dest_addr_npi=1, destination_addr=n) for n in numbers]


def _fields(address: SmeAddress | SubmitSm) -> dict[str, Any]:
    return {name: getattr(address, name) for name in OF_ADDRESS}


def _respond(bind: Bind, multi: SubmitMulti, messages: Sequence[Message]) -> None:
    """Name the refused; ESME_RSUBMITFAIL where nothing was taken."""
    refused = tuple(
        UnsuccessSme(**_fields(message.submit), error_status_code=message.command_status)
        for message in messages
        if message.command_status is not CommandStatus.ESME_ROK
    )
    message_id = next((each.smsc_message_id for each in messages if each.smsc_message_id), "")
    status = CommandStatus.ESME_ROK if message_id else CommandStatus.ESME_RSUBMITFAIL
    bind.session.respond(multi, status, message_id=message_id, unsuccess_sme=refused)
