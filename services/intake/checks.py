"""The shape a request must have beyond its types: two tables, in the order they are tried.

A row says what is wrong, for machines and for people; the first row that holds is the answer.
Limits that follow from the air interface are those of 255 segments, the most a user data header
can count; how many a text really takes is known to the router, which knows the alphabet.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.records import Binary, MtRequest

CLASSES = frozenset({"otp", "transactional", "promotional", "billed"})
RECEIPTS = frozenset({"all", "first", "last", "none", None})
ON_AMBIGUOUS = frozenset({"resend", "give_up", "ask", None})

TEXT_CHARACTERS_MAX = 255 * 153
BINARY_OCTETS_MAX = 255 * 140
VALIDITY_S_MAX = 7 * 86400
SEND_AHEAD_MS_MAX = 30 * 86400 * 1000
CALLER_DATA_CHARACTERS_MAX = 1024
CAMPAIGN_CHARACTERS_MAX = 64
PORT_MAX = 65535


class Check(NamedTuple):
    """One way for a request to be wrong."""

    reason: str
    broken: Callable[[MtRequest, int], bool]
    detail: str


class BinaryCheck(NamedTuple):
    """One way for binary content to be wrong."""

    reason: str
    broken: Callable[[Binary], bool]
    detail: str


class Fault(NamedTuple):
    """Why a request is refused: machine-readable, and one sentence."""

    reason: str
    detail: str


CHECKS = (
    Check(
        "bad_class",
        lambda request, _now_ms: request.class_ not in CLASSES,
        "`class` is none of otp, transactional, promotional and billed; write one of them.",
    ),
    Check(
        "no_content",
        lambda request, _now_ms: request.text is None and request.binary is None,
        "Neither `text` nor `binary` is given; write one of them.",
    ),
    Check(
        "two_contents",
        lambda request, _now_ms: request.text is not None and request.binary is not None,
        "Both `text` and `binary` are given; leave one of them out.",
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
        "`receipts` is none of all, first, last and none; write one of them or leave it out.",
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
)

BINARY_CHECKS = (
    BinaryCheck(
        "binary_too_long",
        lambda binary: len(binary.data) > BINARY_OCTETS_MAX,
        f"`binary.data` is longer than {BINARY_OCTETS_MAX} octets; shorten it or send several.",
    ),
    BinaryCheck(
        "bad_port",
        lambda binary: not (_is_port(binary.destination_port) and _is_port(binary.source_port)),
        f"A port in `binary` is not within 0..{PORT_MAX}; correct it.",
    ),
    BinaryCheck(
        "no_destination_port",
        lambda binary: binary.source_port is not None and binary.destination_port is None,
        "`binary.source_port` is given without `binary.destination_port`; give both or none.",
    ),
    BinaryCheck(
        "two_headers",
        lambda binary: binary.udh is not None and binary.destination_port is not None,
        "Both `binary.udh` and ports are given; write the ports into the header or leave it out.",
    ),
    BinaryCheck(
        "bad_udh",
        lambda binary: (
            binary.udh is not None and (not binary.udh or binary.udh[0] != len(binary.udh) - 1)
        ),
        "The first octet of `binary.udh` is not the number of octets after it; correct it.",
    ),
)


def first_fault(request: MtRequest, now_ms: int) -> Fault | None:
    """The first row that holds of `request` at `now_ms` (since 1970 UTC), or None."""
    for check in CHECKS:
        if check.broken(request, now_ms):
            return Fault(check.reason, check.detail)
    if request.binary is not None:
        for row in BINARY_CHECKS:
            if row.broken(request.binary):
                return Fault(row.reason, row.detail)
    return None


def _is_port(port: int | None) -> bool:
    return port is None or 0 <= port <= PORT_MAX
