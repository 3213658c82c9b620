"""What a message costs by its prices, pure: exact, as decimal numbers that are written out."""

from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from pipeline.records import SegmentStatus
from services.tracker.states import UNKNOWN


class Cost(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An amount, and of which currency (ISO 4217; None where the routes say none)."""

    amount: str
    currency: str | None = None


def cost(price: str | None, segments: int) -> str | None:
    """Of so many segments; exactly, for a price has fewer digits than a Decimal can count in."""
    return None if price is None else format(Decimal(price) * segments, "f")


def spent(
    price: str | None, currency: str | None, segments: Sequence[SegmentStatus]
) -> Cost | None:
    """Of those that the SMSC took, or may have taken: it was asked and did not answer."""
    amount = cost(price, sum(_is_taken(segment) for segment in segments))
    return None if amount is None else Cost(amount, currency)


def total(costs: Collection[Cost | None]) -> str | None:
    """All together; None where one isn't known, or they are of several currencies."""
    known = [one for one in costs if one is not None]
    if not known or len(known) < len(costs) or len({one.currency for one in known}) > 1:
        return None
    if len(known) == 1:
        return known[0].amount
    return format(sum(Decimal(one.amount) for one in known), "f")


def _is_taken(segment: SegmentStatus) -> bool:
    is_answered = segment.accepted_ms is not None or segment.receipt_ms is not None
    return is_answered or segment.state == UNKNOWN
