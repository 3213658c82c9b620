"""The states of a message and of a segment, and what leads from one to another: tables, pure.

A segment's state is moved by what a connector says of it (an outcome) and by what the SMSC reports
later (a receipt, its absence, or that it took a cancel_sm). What is not in the table moves nothing:
an end is an end, only `unknown` may still turn out to be something else. So facts may come in any
order, and twice.
"""

from collections.abc import Collection, Sequence

SCHEDULED = "scheduled"
WAITING = "waiting"
ROUTED = "routed"
SENDING = "sending"
ACCEPTED = "accepted"
PARTIAL = "partial"
DELIVERED = "delivered"
UNDELIVERABLE = "undeliverable"
EXPIRED = "expired"
REJECTED = "rejected"
CANCELLED = "cancelled"
SUBMITTED = "submitted"
UNKNOWN = "unknown"

FAILED = frozenset({UNDELIVERABLE, EXPIRED, REJECTED, CANCELLED})
TERMINAL = FAILED | {DELIVERED, SUBMITTED, UNKNOWN}

RECEIPT_STATES: dict[str, str | None] = {  # SMPP message_state; None: not the last word
    "SCHEDULED": None,
    "ENROUTE": None,
    "ACCEPTED": None,
    "DELIVERED": DELIVERED,
    "EXPIRED": EXPIRED,
    "DELETED": UNDELIVERABLE,
    "UNDELIVERABLE": UNDELIVERABLE,
    "REJECTED": UNDELIVERABLE,
    "UNKNOWN": UNKNOWN,
}

BY_OUTCOME: dict[str, frozenset[str]] = {  # state of a segment: what an outcome may make of it
    ROUTED: frozenset({ACCEPTED, SUBMITTED, REJECTED, EXPIRED, CANCELLED, UNKNOWN}),
    UNKNOWN: frozenset({SUBMITTED, REJECTED, EXPIRED, CANCELLED}),
}
BY_RECEIPT: dict[str, frozenset[str]] = {  # and what a receipt
    ROUTED: frozenset({DELIVERED, UNDELIVERABLE, EXPIRED, CANCELLED, UNKNOWN}),
    ACCEPTED: frozenset({DELIVERED, UNDELIVERABLE, EXPIRED, CANCELLED, UNKNOWN}),
    UNKNOWN: frozenset({DELIVERED, UNDELIVERABLE, EXPIRED, CANCELLED}),
}
BY_SILENCE: dict[str, frozenset[str]] = {  # and that none came in time, or a cancel_sm
    ROUTED: frozenset({DELIVERED, SUBMITTED, CANCELLED, UNKNOWN}),
    ACCEPTED: frozenset({DELIVERED, SUBMITTED, CANCELLED, UNKNOWN}),
    UNKNOWN: frozenset({CANCELLED}),  # that none came resolves no doubt
}


def moved(before: str, told: str, table: dict[str, frozenset[str]]) -> str:
    """The state of a segment in state `before` after a fact that says `told`."""
    return told if told in table.get(before, ()) else before


def aggregate(segments: Sequence[str]) -> str:
    """The state of a message from those of its segments (at least one).

    One that failed is enough. `partial` is what has arrived in part, the rest being on its way.
    `unknown` is said only when no segment can turn out to have failed any more, that is when all
    have ended.
    """
    for state in segments:
        if state in FAILED:
            return state
    found: Collection[str] = set(segments)
    if ROUTED in found:
        return ROUTED if len(found) == 1 else SENDING
    if ACCEPTED in found:
        return PARTIAL if DELIVERED in found else ACCEPTED
    return next(state for state in (UNKNOWN, DELIVERED, SUBMITTED) if state in found)
