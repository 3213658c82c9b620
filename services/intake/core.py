"""What intake decides, pure: a request is passed on to the router, or refused with a reason.

Nothing is remembered: the same record of the same topic, partition and offset gives the same
answer under the same message_id, so that doing it twice after a crash is harmless. What the topic
says (tenant and lane) no request can say of itself, because topics are what ACLs guard.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from functools import cache

import msgspec

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Publish
from pipeline.ids import MessageId, Msisdn, id_at
from pipeline.records import MtAdmitted, MtHead, MtRejected, MtRequest
from services.intake.checks import (
    CALLER_DATA_CHARACTERS_MAX,
    CAMPAIGN_CHARACTERS_MAX,
    Fault,
    first_fault,
)
from services.intake.numbers import BadNumber, msisdn

CLASS_CHARACTERS_MAX = 64
CLASS_OF_THE_MISSHAPEN = "transactional"

BAD_MESSAGE_ID = Fault(
    "bad_message_id",
    "`message_id` is not 1 to 64 printable ASCII characters without |; choose another or leave "
    "it out.",
)

_MESSAGE_ID = re.compile(r"[ -{}~]{1,64}")  # all printable ASCII but |, which the ledger TLV uses
_REQUEST_TOPIC = re.compile(
    rf"{re.escape(topics.MT_REQUEST)}(?:\.tenant\.(?P<tenant>[^.]+))?"
    r"(?:\.(?P<lane>priority|bulk))?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a request stood; `appended_ms` is when Kafka appended it, since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    appended_ms: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def id(self) -> str:
        """The id of what stands there and brings none."""
        return id_at(self.topic, self.partition, self.offset)


@dataclass(frozen=True, slots=True)
class ShapeFault:
    """A record that is JSON, but no request; `detail` says what does not fit and where."""

    message_id: str | None
    detail: str


class Intake:
    """Decides about one request at a time."""

    def __init__(self, config: Config) -> None:
        self._countries = {name: tenant.country for name, tenant in config.tenants.items()}
        self._tests = frozenset(name for name, tenant in config.tenants.items() if tenant.test)

    def decide(self, request: MtRequest | ShapeFault, source: Source, now_ms: int) -> Publish:
        """The request for the router, or its rejection for the tracker."""
        message_id, fault = _message_id(request.message_id, source)
        if isinstance(request, ShapeFault):
            fault = Fault(
                "bad_shape", f"The request does not fit its schema, correct it: {request.detail}."
            )
            head = _head_of_the_misshapen(message_id, source, self._tests)
            return _rejected(head, fault, source, now_ms)
        tenant, _lane = origin(source.topic)
        recipient = msisdn(request.to, self._countries.get(tenant))
        if isinstance(recipient, BadNumber):
            fault = fault or Fault("bad_number", recipient.detail)
            head = _head(request, message_id, None, source, self._tests)
            return _rejected(head, fault, source, now_ms)
        head = _head(request, message_id, recipient, source, self._tests)
        fault = fault or first_fault(request, now_ms)
        if fault is not None:
            return _rejected(head, fault, source, now_ms)
        if request.message_id is None:
            request = msgspec.structs.replace(request, message_id=message_id)
        admitted = MtAdmitted(head=head, request=request, source=str(source), admitted_ms=now_ms)
        return Publish(topics.ROUTER_IN, recipient, admitted)


@cache  # as many entries as there are request topics
def origin(topic: str) -> tuple[str, str]:
    """Tenant and lane that a request topic stands for."""
    match = _REQUEST_TOPIC.fullmatch(topic)
    assert match is not None, f"{topic} is no request topic"
    return match["tenant"] or topics.DEFAULT_TENANT, match["lane"] or "normal"


def _message_id(given: str | None, source: Source) -> tuple[MessageId, Fault | None]:
    if given is not None and _MESSAGE_ID.fullmatch(given):
        return MessageId(given), None
    made = MessageId(source.id)
    return made, None if given is None else BAD_MESSAGE_ID


def _head(
    request: MtRequest,
    message_id: MessageId,
    recipient: Msisdn | None,
    source: Source,
    tests: Container[str],
) -> MtHead:
    """The head of a request; what may be too long is cut, for it goes with every event."""
    tenant, lane = origin(source.topic)
    return MtHead(
        message_id=message_id,
        recipient=recipient,
        tenant=tenant,
        lane=lane,
        class_=request.class_[:CLASS_CHARACTERS_MAX],
        campaign=request.campaign and request.campaign[:CAMPAIGN_CHARACTERS_MAX],
        caller_data=request.caller_data and request.caller_data[:CALLER_DATA_CHARACTERS_MAX],
        requested_ms=source.appended_ms,
        test=tenant in tests,
    )


def _head_of_the_misshapen(message_id: MessageId, source: Source, tests: Container[str]) -> MtHead:
    tenant, lane = origin(source.topic)
    return MtHead(
        message_id=message_id,
        tenant=tenant,
        lane=lane,
        class_=CLASS_OF_THE_MISSHAPEN,
        requested_ms=source.appended_ms,
        test=tenant in tests,
    )


def _rejected(head: MtHead, fault: Fault, source: Source, now_ms: int) -> Publish:
    rejected = MtRejected(
        head=head,
        reason=fault.reason,
        detail=fault.detail,
        stage="intake",
        source=str(source),
        rejected_ms=now_ms,
    )
    return Publish(topics.TRACKER_IN, head.message_id, rejected)
