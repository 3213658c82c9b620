"""A command about a message as the tracker keeps it, in the message's story; pure.

An order ends in one result, which is kept so that the same command_id is answered again and done
once. A cancel may outlive its result: what comes to be accepted later is still cancelled.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from pipeline.records import CommandResult, SegmentResult

QUERY, CANCEL, REPLACE = "query", "cancel", "replace"
DONE, REFUSED, NO_ANSWER = "done", "refused", "no_answer"
KNOWN_MAX = 16  # of one message; the oldest that are answered are forgotten


class Order(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One command, as far as it has come.

    `is_whole` while the router is asked about a message that is on no way. Of the `open` segments,
    each of a way, an SMSC is asked; those that a cancel `waits` for may be accepted yet. `results`
    are of the others, until `result` is there, which has them. `hop` is the newest way that a
    cancel has been planned for; None where nothing is to be done on further ones.
    """

    command_id: str
    action: str
    is_whole: bool = False
    open: tuple[tuple[int, int], ...] = ()
    waits: tuple[int, ...] = ()
    results: tuple[SegmentResult, ...] = ()
    result: CommandResult | None = None
    hop: int | None = None

    @property
    def is_pending(self) -> bool:
        """Whether somebody is still waited for."""
        return self.is_whole or bool(self.open or self.waits)

    def is_open(self, hop: int | None, segment: int) -> bool:
        """Whether an SMSC is asked about this segment of that way, and has not answered."""
        return (hop, segment) in self.open

    def answered(self, hop: int | None, result: SegmentResult) -> "Order":
        """The order once an SMSC has said this of a segment of that way."""
        still = tuple(each for each in self.open if each != (hop, result.segment))
        return replace(self.told(result), open=still)

    def settled(self, *results: SegmentResult) -> "Order":
        """The order once these segments are waited for no more, for no SMSC has them."""
        done = {result.segment for result in results}
        still = tuple(number for number in self.waits if number not in done)
        return replace(self.told(*results), waits=still)

    def told(self, *results: SegmentResult) -> "Order":
        """The order with these results, too; a segment of several ways may have several."""
        both = sorted((*self.results, *results), key=lambda result: result.segment)
        return replace(self, results=tuple(both))


def outcome_of(results: Iterable[SegmentResult]) -> tuple[str, str | None]:
    """Outcome and reason of a command by those of its segments: the worst of them."""
    found = list(results)
    for outcome in (NO_ANSWER, REFUSED):
        for result in found:
            if result.outcome == outcome:
                return outcome, result.reason
    return DONE, None


def kept(orders: tuple[Order, ...], order: Order) -> tuple[Order, ...]:
    """The orders of a message with this one as it is now; the oldest may be forgotten.

    Cancels last: what they wait for may be at an SMSC yet.
    """
    if any(other.command_id == order.command_id for other in orders):
        return tuple(order if o.command_id == order.command_id else o for o in orders)
    answered = sorted(
        (other for other in orders if other.result is not None),
        key=lambda other: other.action == CANCEL,
    )
    while len(orders) >= KNOWN_MAX and answered:
        oldest = answered.pop(0)
        orders = tuple(other for other in orders if other is not oldest)
    return (*orders, order)
