"""Whose receipt is this? The ways to find the segment, in the order in which they go; pure.

Theory. A receipt is joined at once only by what the SMSC says of the segment: its id, in any
writing that the profile allows, or our own reference, which some echo. That is the same on every
way of a segment, and one of 65,536: where both have an id, the answer with the receipt's may be on
its way. The rest is a guess from what there is: it is made when the receipt has waited in vain, and
only where there is no choice.

Nothing is a receipt of what was written after it came: so ids that an SMSC uses again, and orphans
from before, don't end at the wrong message. When it came is told by a clock, which may be put
wrong: if nothing is its segment by that, what was read until a moment after it may be.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.references import reference_of
from services.correlator.carriers import Carrier
from services.correlator.ids import forms
from services.correlator.learning import fits, likeliest
from services.correlator.receipts import Receipt
from services.correlator.segments import Row, Segments, of_carrier

CLOCKS_MS = 60_000  # by how much the clocks of two binders may differ
DATES_MS = 60_000  # by how much a submit date may: most are to the minute
DOUBT_MS = 600_000  # how long after a lost answer a receipt may be guessed to be its
AFFIX_MIN = 6  # characters of an id that may stand within another


class Match(NamedTuple):
    """The segment of a receipt, the way it was found, and how many others it could have been."""

    row: Row
    way: str
    others: int = 0


Way = Callable[[Segments, Carrier, Receipt], Sequence[Row]]


def by_id(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """The same id, as the profile says that it is written in either place."""
    for form in _forms(receipt, carrier):
        found = _possible(segments.under(carrier.domain, form), receipt)
        if found:
            return found
    return ()


def by_reference(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """Our user_message_reference, where it was in the submit_sm."""
    rows = of_carrier(segments.rows, carrier.domain)
    return _possible([row for row in rows if _is_referenced(row, carrier, receipt)], receipt)


def by_reference_only(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """The same, where either side has no id to be known by."""
    found = by_reference(segments, carrier, receipt)
    return [row for row in found if row.has_no_id or not receipt.dlr.smsc_message_id]


def by_notation(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """The same id in a writing that the profile excludes."""
    rows = of_carrier(segments.rows, carrier.domain)
    said = _any_forms(receipt.dlr.smsc_message_id)
    return _possible([row for row in rows if said & _any_forms(row.smsc_message_id)], receipt)


def by_affix(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """One id stands within the other."""
    said = receipt.dlr.smsc_message_id.casefold()
    rows = of_carrier(segments.rows, carrier.domain)
    found = [r for r in rows if _is_within(*sorted((said, r.smsc_message_id.casefold()), key=len))]
    return _possible(found, receipt)


def by_addresses(segments: Segments, carrier: Carrier, receipt: Receipt) -> Sequence[Row]:
    """A segment whose answer was lost not long before, from the same sender; not while the receipts
    of another gateway come too."""
    if receipt.dlr.received_ms < carrier.cutover_ms:
        return ()
    rows = [
        row
        for row in of_carrier(segments.rows, carrier.domain)
        if row.has_no_id
        and not row.is_final
        and _digits(row.sender) == _digits(receipt.to)
        and abs(receipt.dlr.received_ms - (row.submitted_ms or row.answered_ms)) <= DOUBT_MS
    ]
    return _possible(rows, receipt)


SURE: tuple[tuple[str, Way], ...] = (("id", by_id), ("reference", by_reference_only))
GUESSES: tuple[tuple[str, Way], ...] = (
    ("reference", by_reference),
    ("notation", by_notation),
    ("affix", by_affix),
    ("addresses", by_addresses),
)


def sure(segments: Segments, carrier: Carrier, receipt: Receipt) -> Match | None:
    """The segment that the receipt names; of several with one id the likeliest."""
    for name, way in SURE:
        found = way(segments, carrier, receipt)
        if len(found) == 1:
            return Match(found[0], name)
        if found:
            best = max(found, key=lambda row: _likeness(row, segments, carrier, receipt))
            others = {row.what for row in found} - {best.what}
            return Match(best, name, len(others))
    return _as_learnt(segments, carrier, receipt)


def guessed(segments: Segments, carrier: Carrier, receipt: Receipt) -> Match | None:
    """The segment that it must be, if it is one that we have sent at all."""
    if not receipt.dlr.smsc_message_id:
        return None
    for name, way in GUESSES:
        found = way(segments, carrier, receipt)
        if found:
            return Match(found[0], name) if len(found) == 1 else None
    return None


def _as_learnt(segments: Segments, carrier: Carrier, receipt: Receipt) -> Match | None:
    """A segment that was guessed so often before, in that way and no other, that it is known."""
    if carrier.learnt is None:
        return None
    said = receipt.dlr.smsc_message_id
    rows = of_carrier(segments.rows, carrier.domain)
    named = [r for r in rows if r.smsc_message_id]
    fitting = [r for r in named if fits(carrier.learnt, r.smsc_message_id, said)]
    found = _possible(fitting, receipt)
    way = "affix" if carrier.learnt.startswith("affix") else "notation"
    return Match(found[0], way) if len(found) == 1 else None


def _likeness(
    row: Row, segments: Segments, carrier: Carrier, receipt: Receipt
) -> tuple[bool, bool, bool, bool, int]:
    dates = (row.submitted_ms, receipt.submitted_ms)
    return (
        _is_referenced(row, carrier, receipt),
        _digits(row.sender) == _digits(receipt.to),
        None not in dates and abs((dates[0] or 0) - (dates[1] or 0)) <= DATES_MS,
        not segments.is_final(row.what),
        row.answered_ms,
    )


def _is_referenced(row: Row, carrier: Carrier, receipt: Receipt) -> bool:
    is_said = carrier.has_references and receipt.reference is not None
    return is_said and reference_of(row.message_id, row.segment) == receipt.reference


def _possible(rows: Sequence[Row], receipt: Receipt) -> Sequence[Row]:
    """Those written before it came, by their dates; while it is fresh, all rather than none."""
    latest_ms = receipt.dlr.received_ms + CLOCKS_MS
    found = [row for row in rows if (row.submitted_ms or 0) <= latest_ms]
    return rows if receipt.is_fresh and not found else found


def _forms(receipt: Receipt, carrier: Carrier) -> tuple[str, ...]:
    said = receipt.dlr.smsc_message_id
    if not said:
        return ()
    found = forms(said, carrier.receipt)
    return (*likeliest(said, carrier.learnt), *found) if carrier.receipt == "any" else found


def _any_forms(smsc_message_id: str) -> set[str]:
    return set(forms(smsc_message_id, "any")) if smsc_message_id else set()


def _is_within(short: str, long: str) -> bool:
    return len(short) >= AFFIX_MIN and short in long


def _digits(address: str) -> str:
    """An address without what may stand before its digits; a name stays as it is."""
    text = address.casefold().removeprefix("+").removeprefix("00")
    return text or address
