"""query_sm, cancel_sm and replace_sm, answered from the store: SMPP 3.4, sections 4.8 to 4.10.

Who asks must be the account that sent, and name the address it sent from. What has ended can
neither be cancelled nor replaced.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.sandbox.store import Message, Store
from smpp import times
from smpp.pdu import CancelSm, Pdu, QuerySm, ReplaceSm
from smpp.values import CommandStatus, MessageState

NS_PER_S = 1_000_000_000

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
        message = self._store.find(account, query.message_id, query.source_addr)
        if message is None:
            return CommandStatus.ESME_RQUERYFAIL, {}
        final_date = ""
        if not message.is_open(now_ns):
            final_date = times.absolute(datetime.fromtimestamp(message.ends_ns // NS_PER_S, UTC))
        return CommandStatus.ESME_ROK, {
            "message_id": query.message_id,
            "final_date": final_date,
            "message_state": message.state_at(now_ns),
        }

    def _cancel(self, account: str, cancel: CancelSm, now_ns: int) -> Answer:
        source = cancel.source_addr
        if cancel.message_id:
            message = self._store.find(account, cancel.message_id, source)
            found = [message] if message is not None and message.is_open(now_ns) else []
        else:
            destination, service_type = cancel.destination_addr, cancel.service_type
            found = [*self._store.open(account, source, destination, service_type, now_ns)]
        for message in found:
            message.end(MessageState.DELETED, now_ns)
            self._deleted(message)
        return CommandStatus.ESME_ROK if found else CommandStatus.ESME_RCANCELFAIL, {}

    def _replace(self, account: str, replace: ReplaceSm, now_ns: int) -> Answer:
        message = self._store.find(account, replace.message_id, replace.source_addr)
        if message is None or not message.is_open(now_ns):
            return CommandStatus.ESME_RREPLACEFAIL, {}
        message.submit.short_message = replace.short_message
        return CommandStatus.ESME_ROK, {}
