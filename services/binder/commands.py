"""query_sm, cancel_sm and replace_sm: SmscCommand as PDU, and what the answer says; pure.

SMPP 3.4 sections 4.8 to 4.10. The SMSC knows a message by its id and by the address it was sent
from, so both are as in the submit.
"""

from pipeline.ids import ConnectorId
from pipeline.records import SmscCommand, SmscCommanded
from services.binder.core import status_name
from smpp.pdu import CancelSm, Pdu, QuerySm, QuerySmResp, ReplaceSm
from smpp.values import MessageState

QUERY, CANCEL, REPLACE = "query", "cancel", "replace"
ANSWERED, REFUSED, NO_ANSWER = "answered", "refused", "no_answer"


def request(command: SmscCommand) -> Pdu | None:
    """What to ask the SMSC; None for what can't be asked."""
    if command.action == QUERY:
        return QuerySm(
            message_id=command.smsc_message_id,
            source_addr_ton=command.source_addr_ton,
            source_addr_npi=command.source_addr_npi,
            source_addr=command.source_addr,
        )
    if command.action == CANCEL:
        return CancelSm(
            service_type=command.service_type,
            message_id=command.smsc_message_id,
            source_addr_ton=command.source_addr_ton,
            source_addr_npi=command.source_addr_npi,
            source_addr=command.source_addr,
            dest_addr_ton=command.dest_addr_ton,
            dest_addr_npi=command.dest_addr_npi,
            destination_addr=command.destination_addr,
        )
    if command.action == REPLACE and isinstance(command.short_message, bytes):
        return ReplaceSm(
            message_id=command.smsc_message_id,
            source_addr_ton=command.source_addr_ton,
            source_addr_npi=command.source_addr_npi,
            source_addr=command.source_addr,
            registered_delivery=command.registered_delivery,
            short_message=command.short_message,
        )
    return None


def answer(
    command: SmscCommand, response: Pdu, connector: ConnectorId, replica: str, now_ms: int
) -> SmscCommanded:
    """What the SMSC has said."""
    status = response.command_status
    told = response if isinstance(response, QuerySmResp) and not status else None
    return SmscCommanded(
        command_id=command.command_id,
        message_id=command.message_id,
        segment=command.segment,
        hop=command.hop,
        connector=connector,
        action=command.action,
        outcome=ANSWERED,
        reason=status_name(status) if status else None,
        command_status=status,
        message_state=None if told is None else _state_name(told.message_state),
        final_date=None if told is None else told.final_date or None,
        error_code=None if told is None else told.error_code,
        replica=replica,
        answered_ms=now_ms,
        test=command.test,
    )


def silence(
    command: SmscCommand,
    outcome: str,
    reason: str,
    connector: ConnectorId,
    replica: str,
    now_ms: int,
) -> SmscCommanded:
    """That it has said nothing: it was not asked (`refused`), or gave no answer (`no_answer`)."""
    return SmscCommanded(
        command_id=command.command_id,
        message_id=command.message_id,
        segment=command.segment,
        hop=command.hop,
        connector=connector,
        action=command.action,
        outcome=outcome,
        reason=reason,
        replica=replica,
        answered_ms=now_ms,
        test=command.test,
    )


def _state_name(state: int) -> str:
    """The specification's name of a message_state, or its number."""
    try:
        return MessageState(state).name
    except ValueError:
        return f"{state}"
