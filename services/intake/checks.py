"""The shape a request must have beyond its types: a table, and one more for what it holds.

A row says what is wrong, for machines and for people; the first row that holds is the answer.
Limits that follow from the air interface are those of 255 segments, the most a user data header
can count; how many a text really takes is known to the router, which knows the alphabet.
"""

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from pipeline.limits import SEND_AHEAD_S_MAX
from pipeline.records import Binary, MessageWaiting, MmsNotification, MtRequest, Vcard, WapPush

C = TypeVar("C")

CLASSES = frozenset({"otp", "transactional", "promotional", "billed"})
RECEIPTS = frozenset({"all", "first", "last", "any", "failures", "none", None})
ON_AMBIGUOUS = frozenset({"resend", "give_up", "ask", None})

ACTIONS = {
    "si": frozenset({"signal-none", "signal-low", "signal-medium", "signal-high", "delete", None}),
    "sl": frozenset({"execute-low", "execute-high", "cache", None}),
}
VCARDS = frozenset({"vcard", "vcalendar"})
WAITING = frozenset({"voicemail", "fax", "email", "other"})

TEXT_CHARACTERS_MAX = 255 * 153
BINARY_OCTETS_MAX = 255 * 140
VALIDITY_S_MAX = 7 * 86400
SEND_AHEAD_MS_MAX = SEND_AHEAD_S_MAX * 1000
CALLER_DATA_CHARACTERS_MAX = 1024
CAMPAIGN_CHARACTERS_MAX = 64
CARRIER_DATA_ITEMS_MAX = 16
CARRIER_DATA_OCTETS_MAX = 255
PORT_MAX = 65535
DATE_MS_MAX = 253_402_300_799_999  # the end of the year 9999
OCTETS_OR_SECONDS_MAX = 0xFFFF_FFFF


class Check(NamedTuple):
    """One way for a request to be wrong."""

    reason: str
    broken: Callable[[MtRequest, int], bool]
    detail: str


class ContentCheck(NamedTuple, Generic[C]):
    """One way for a content other than text to be wrong."""

    reason: str
    broken: Callable[[C], bool]
    detail: str


class Fault(NamedTuple):
    """Why a request is refused: machine-readable, and one sentence."""

    reason: str
    detail: str


NAMES = "`text`, `binary`, `wap_push`, `mms_notification`, `vcard` and `message_waiting`"
CONTENTS = 6

CHECKS = (
    Check(
        "bad_class",
        lambda request, _now_ms: request.class_ not in CLASSES,
        "`class` is none of otp, transactional, promotional and billed; write one of them.",
    ),
    Check(
        "no_content",
        lambda request, _now_ms: _absent(request) == CONTENTS,
        f"None of {NAMES} is given; write one of them.",
    ),
    Check(
        "two_contents",
        lambda request, _now_ms: _absent(request) < CONTENTS - 1,
        f"More than one of {NAMES} is given; leave all but one out.",
    ),
    Check(
        "bad_flash",
        lambda request, _now_ms: request.flash and request.text is None and request.binary is None,
        "`flash` is given without `text` or `binary`, and nothing else can be shown so; leave it "
        "out.",
    ),
    Check(
        "empty_text",
        lambda request, _now_ms: request.text == "",
        "`text` is empty; write at least one character.",
    ),
    Check(
        "text_too_long",
        lambda request, _now_ms: (
            isinstance(request.text, str) and len(request.text) > TEXT_CHARACTERS_MAX
        ),
        f"`text` is longer than {TEXT_CHARACTERS_MAX} characters; shorten it or send several.",
    ),
    Check(
        "bad_receipts",
        lambda request, _now_ms: request.receipts not in RECEIPTS,
        "`receipts` is none of all, first, last, any, failures and none; write one of them or "
        "leave it out.",
    ),
    Check(
        "bad_on_ambiguous",
        lambda request, _now_ms: request.on_ambiguous not in ON_AMBIGUOUS,
        "`on_ambiguous` is none of resend, give_up and ask; write one of them or leave it out.",
    ),
    Check(
        "bad_validity",
        lambda request, _now_ms: (
            request.validity_s is not None and not 1 <= request.validity_s <= VALIDITY_S_MAX
        ),
        f"`validity_s` is not within 1..{VALIDITY_S_MAX} seconds; correct it or leave it out.",
    ),
    Check(
        "send_at_too_far",
        lambda request, now_ms: (
            request.send_at_ms is not None and request.send_at_ms > now_ms + SEND_AHEAD_MS_MAX
        ),
        "`send_at_ms` is more than 30 days ahead; send the request later, "
        "and look whether it is in milliseconds.",
    ),
    Check(
        "caller_data_too_long",
        lambda request, _now_ms: (
            request.caller_data is not None
            and len(request.caller_data) > CALLER_DATA_CHARACTERS_MAX
        ),
        f"`caller_data` is longer than {CALLER_DATA_CHARACTERS_MAX} characters; shorten it.",
    ),
    Check(
        "campaign_too_long",
        lambda request, _now_ms: (
            request.campaign is not None and len(request.campaign) > CAMPAIGN_CHARACTERS_MAX
        ),
        f"`campaign` is longer than {CAMPAIGN_CHARACTERS_MAX} characters; shorten it.",
    ),
    Check(
        "carrier_data_too_long",
        lambda request, _now_ms: (
            len(request.carrier_data) > CARRIER_DATA_ITEMS_MAX
            or any(
                len(written.encode()) > CARRIER_DATA_OCTETS_MAX
                for item in request.carrier_data.items()
                for written in item
            )
        ),
        f"`carrier_data` has more than {CARRIER_DATA_ITEMS_MAX} items, or one of more than "
        f"{CARRIER_DATA_OCTETS_MAX} octets; leave some out or shorten them.",
    ),
)

BINARY_CHECKS = (
    ContentCheck[Binary](
        "binary_too_long",
        lambda binary: len(binary.data) > BINARY_OCTETS_MAX,
        f"`binary.data` is longer than {BINARY_OCTETS_MAX} octets; shorten it or send several.",
    ),
    ContentCheck[Binary](
        "bad_port",
        lambda binary: not (_is_port(binary.destination_port) and _is_port(binary.source_port)),
        f"A port in `binary` is not within 0..{PORT_MAX}; correct it.",
    ),
    ContentCheck[Binary](
        "no_destination_port",
        lambda binary: binary.source_port is not None and binary.destination_port is None,
        "`binary.source_port` is given without `binary.destination_port`; give both or none.",
    ),
    ContentCheck[Binary](
        "two_headers",
        lambda binary: binary.udh is not None and binary.destination_port is not None,
        "Both `binary.udh` and ports are given; write the ports into the header or leave it out.",
    ),
    ContentCheck[Binary](
        "bad_udh",
        lambda binary: (
            binary.udh is not None and (not binary.udh or binary.udh[0] != len(binary.udh) - 1)
        ),
        "The first octet of `binary.udh` is not the number of octets after it; correct it.",
    ),
)


WAP_PUSH_CHECKS = (
    ContentCheck[WapPush](
        "bad_push_kind",
        lambda push: push.kind not in ACTIONS,
        "`wap_push.kind` is neither si nor sl; write one of them.",
    ),
    ContentCheck[WapPush](
        "bad_push_action",
        lambda push: push.action not in ACTIONS[push.kind],
        "`wap_push.action` is none of signal-none, signal-low, signal-medium, signal-high and "
        "delete for an si, execute-low, execute-high and cache for an sl; write one of them or "
        "leave it out.",
    ),
    ContentCheck[WapPush](
        "no_push_content",
        lambda push: (
            not push.url
            if push.kind == "sl"
            else not (push.si_id if push.action == "delete" else push.text)
        ),
        "`wap_push` lacks what it is about; write `url` for an sl, `si_id` for an si with the "
        "action delete, `text` for any other si.",
    ),
    ContentCheck[WapPush](
        "push_of_both_kinds",
        lambda push: push.kind == "sl" and not _is_bare(push),
        "`wap_push` is an sl with `text`, `si_id`, `created_ms` or `expires_ms`; leave these out "
        "or write si.",
    ),
    ContentCheck[WapPush](
        "bad_push_date",
        lambda push: not (_is_date(push.created_ms) and _is_date(push.expires_ms)),
        "`wap_push.created_ms` or `wap_push.expires_ms` is no moment before the year 10000; "
        "correct it.",
    ),
    ContentCheck[WapPush](
        "bad_push_text",
        lambda push: any("\0" in (field or "") for field in (push.url, push.text, push.si_id)),
        "A field of `wap_push` holds the character NUL; leave that out.",
    ),
)

MMS_NOTIFICATION_CHECKS = (
    ContentCheck[MmsNotification](
        "bad_mms_field",
        lambda mms: (
            not all(map(_is_ascii, (mms.content_location, mms.transaction_id, mms.message_class)))
        ),
        "`content_location`, `transaction_id` or `message_class` in `mms_notification` is no "
        "visible ASCII text; correct it.",
    ),
    ContentCheck[MmsNotification](
        "bad_mms_sender",
        lambda mms: mms.from_ is not None and not (mms.from_ and mms.from_.isprintable()),
        "`mms_notification.from` is no visible text; write a number or an e-mail address, or "
        "leave it out.",
    ),
    ContentCheck[MmsNotification](
        "bad_mms_number",
        lambda mms: (
            not 0 <= mms.size_octets <= OCTETS_OR_SECONDS_MAX
            or not 0 <= mms.expires_s <= OCTETS_OR_SECONDS_MAX
        ),
        "`mms_notification.size_octets` or `mms_notification.expires_s` is not within "
        f"0..{OCTETS_OR_SECONDS_MAX}; correct it.",
    ),
)

VCARD_CHECKS = (
    ContentCheck[Vcard](
        "bad_vcard_kind",
        lambda vcard: vcard.kind not in VCARDS,
        "`vcard.kind` is neither vcard nor vcalendar; write one of them.",
    ),
    ContentCheck[Vcard](
        "bad_vcard_text",
        lambda vcard: not _has_ends(vcard),
        "`vcard.text` does not go from a line BEGIN:VCARD to a line END:VCARD (or VCALENDAR, as "
        "`vcard.kind` says); correct it.",
    ),
)

MESSAGE_WAITING_CHECKS = (
    ContentCheck[MessageWaiting](
        "bad_waiting_kind",
        lambda waiting: waiting.kind not in WAITING,
        "`message_waiting.kind` is none of voicemail, fax, email and other; write one of them.",
    ),
    ContentCheck[MessageWaiting](
        "bad_waiting_count",
        lambda waiting: (
            waiting.count is not None
            and (waiting.count < 0 or bool(waiting.count) != waiting.is_active)
        ),
        "`message_waiting.count` is negative, or 0 while `is_active`, or not 0 while it is not; "
        "correct it or leave it out.",
    ),
    ContentCheck[MessageWaiting](
        "waiting_text_too_long",
        lambda waiting: len(waiting.text or "") > TEXT_CHARACTERS_MAX,
        f"`message_waiting.text` is longer than {TEXT_CHARACTERS_MAX} characters; shorten it.",
    ),
)


def first_fault(request: MtRequest, now_ms: int) -> Fault | None:
    """The first row that holds of `request` at `now_ms` (since 1970 UTC), or None."""
    for check in CHECKS:
        if check.broken(request, now_ms):
            return Fault(check.reason, check.detail)
    if request.text is not None:
        return None
    return (
        _first(BINARY_CHECKS, request.binary)
        or _first(WAP_PUSH_CHECKS, request.wap_push)
        or _first(MMS_NOTIFICATION_CHECKS, request.mms_notification)
        or _first(VCARD_CHECKS, request.vcard)
        or _first(MESSAGE_WAITING_CHECKS, request.message_waiting)
    )


def _first(rows: tuple[ContentCheck[C], ...], content: C | None) -> Fault | None:
    if content is not None:
        for row in rows:
            if row.broken(content):
                return Fault(row.reason, row.detail)
    return None


def _absent(request: MtRequest) -> int:
    """How many of the contents are not given."""
    contents = (
        request.text,
        request.binary,
        request.wap_push,
        request.mms_notification,
        request.vcard,
        request.message_waiting,
    )
    return contents.count(None)


def _is_port(port: int | None) -> bool:
    return port is None or 0 <= port <= PORT_MAX


def _is_bare(push: WapPush) -> bool:
    return (push.text, push.si_id, push.created_ms, push.expires_ms).count(None) == 4


def _is_date(moment_ms: int | None) -> bool:
    return moment_ms is None or 0 <= moment_ms <= DATE_MS_MAX


def _is_ascii(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _has_ends(vcard: Vcard) -> bool:
    text, kind = vcard.text.strip().upper(), vcard.kind.upper()
    starts = (f"BEGIN:{kind}\r", f"BEGIN:{kind}\n")
    return text.startswith(starts) and text.endswith((f"\rEND:{kind}", f"\nEND:{kind}"))
