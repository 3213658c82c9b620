"""query_sm, cancel_sm and replace_sm, answered from the store: SMPP 3.4, sections 4.8 to 4.10.

Who asks must be the account that sent, and name the address it sent from. What has ended can
neither be cancelled nor replaced. Of a submit_multi all that are still open are meant; a query
tells of the one that ends last.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.sandbox.store import Message, Store
from smpp import times
from smpp.pdu import CancelSm, Pdu, QuerySm, ReplaceSm
from smpp.values import CommandStatus, MessageState

NS_PER_S = 1_000_000_000
ERROR_CODE_MAX = 255

Answer = tuple[CommandStatus, dict[str, Any]]  # and the fields of the response


class Commands:
    """Answers for one sandbox; `deleted` is told of every message that was cancelled."""

    def __init__(self, store: Store, deleted: Callable[[Message], None]) -> None:
        self._store = store
        self._deleted = deleted

    def answer(self, account: str, request: Pdu, now_ns: int) -> Answer:
        """What to respond to a request of these three; ESME_RINVCMDID to any other."""
        if isinstance(request, QuerySm):
            return self._query(account, request, now_ns)
        if isinstance(request, CancelSm):
            return self._cancel(account, request, now_ns)
        if isinstance(request, ReplaceSm):
            return self._replace(account, request, now_ns)
        return CommandStatus.ESME_RINVCMDID, {}

    def _query(self, account: str, query: QuerySm, now_ns: int) -> Answer:
        found = self._store.find(account, query.message_id, query.source_addr)
        if not found:
            return CommandStatus.ESME_RQUERYFAIL, {}
        message = max(found, key=lambda each: each.ends_ns)
        fields = {"message_id": query.message_id, "message_state": message.state_at(now_ns)}
        if not message.is_open(now_ns):
            ended = datetime.fromtimestamp(message.ends_ns // NS_PER_S, UTC)
            fields |= {"final_date": times.absolute(ended), "error_code": _error_code(message)}
        return CommandStatus.ESME_ROK, fields

    def _cancel(self, account: str, cancel: CancelSm, now_ns: int) -> Answer:
        source = cancel.source_addr
        if cancel.message_id:
            found = self._open(account, cancel, now_ns)
        else:
            destination, service_type = cancel.destination_addr, cancel.service_type or None
            found = [*self._store.open(account, source, destination, service_type, now_ns)]
        for message in found:
            message.end(MessageState.DELETED, now_ns)
            self._deleted(message)
        return CommandStatus.ESME_ROK if found else CommandStatus.ESME_RCANCELFAIL, {}

    def _replace(self, account: str, replace: ReplaceSm, now_ns: int) -> Answer:
        found = self._open(account, replace, now_ns)
        for message in found:
            message.submit.short_message = replace.short_message
        return CommandStatus.ESME_ROK if found else CommandStatus.ESME_RREPLACEFAIL, {}

    def _open(self, account: str, request: CancelSm | ReplaceSm, now_ns: int) -> list[Message]:
        """Those with the id it names that can still be changed."""
        found = self._store.find(account, request.message_id, request.source_addr)
        return [message for message in found if message.is_open(now_ns)]


def _error_code(message: Message) -> int:
    """`error` of its outcome as the one octet of query_sm_resp; 0 where it is none, or unused."""
    error = message.error
    if not error.isdecimal() or int(error) > ERROR_CODE_MAX:
        return 0
    return int(error)
