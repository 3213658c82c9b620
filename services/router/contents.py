"""What a request holds that is neither text nor binary, as the content of a message.

A row of READERS is one field of MtRequest. What the fields mean is said in its schema, how they
become octets in `smpp.applications`.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.records import MessageWaiting, MmsNotification, MtRequest, Vcard, WapPush
from smpp.applications import mms, push, vcard, waiting
from smpp.applications.content import Content
from smpp.applications.push import Load, ServiceIndication, ServiceLoading, Signal
from smpp.coding import Indication, Waiting

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NUMBER = re.compile(r"\+?[0-9]+")
WAITING = {
    "voicemail": Waiting.VOICEMAIL,
    "fax": Waiting.FAX,
    "email": Waiting.EMAIL,
    "other": Waiting.OTHER,
}


def content_of(request: MtRequest) -> Content:
    """The content of a request without text; ContentError when it cannot be written.

    What intake refuses, a kind or an action that is none, is not looked for again.
    """
    for field, read in READERS.items():
        found = getattr(request, field)
        if found is not None:
            return read(found, request)
    raise AssertionError("intake has refused what holds nothing")


def _wap_push(found: WapPush, _request: MtRequest) -> Content:
    if found.kind == "sl":
        load = Load.EXECUTE_LOW if found.action is None else Load(found.action)
        return push.content(ServiceLoading(found.url or "", load))
    indication = ServiceIndication(
        text=found.text or "",
        href=found.url or "",
        action=Signal.MEDIUM if found.action is None else Signal(found.action),
        si_id=found.si_id or "",
        created=_date(found.created_ms),
        si_expires=_date(found.expires_ms),
    )
    return push.content(indication)


def _mms_notification(found: MmsNotification, _request: MtRequest) -> Content:
    sender = found.from_ or ""
    notification = mms.Notification(
        transaction_id=found.transaction_id,
        content_location=found.content_location,
        sender=f"{sender}/TYPE=PLMN" if NUMBER.fullmatch(sender) else sender,
        size_octets=found.size_octets,
        expiry_s=found.expires_s,
        message_class=found.message_class,
    )
    return mms.content(notification)


def _vcard(found: Vcard, _request: MtRequest) -> Content:
    return vcard.content(found.text, vcard.Kind(found.kind.upper()))


def _message_waiting(found: MessageWaiting, request: MtRequest) -> Content:
    indication = Indication(WAITING[found.kind], found.is_active, found.is_stored)
    return waiting.content(
        indication, found.count, found.text or "", transliterates=request.transliterate
    )


def _date(moment_ms: int | None) -> datetime | None:
    return None if moment_ms is None else EPOCH + timedelta(milliseconds=moment_ms)


READERS: dict[str, Callable[[Any, MtRequest], Content]] = {
    "wap_push": _wap_push,
    "mms_notification": _mms_notification,
    "vcard": _vcard,
    "message_waiting": _message_waiting,
}
