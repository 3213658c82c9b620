"""Receipts that wait for their segment, and orphans that may yet find theirs; pure.

Theory. A segment may come under an id written otherwise, or without one, so what waits is asked
about each segment that comes. A number under test may get thousands of receipts before their
answers: those that find the room taken wait in an entry of their id, where only a segment with this
id finds them, or their own timer. An orphan makes room for what still waits.

    parked                        the first ones, of every carrier, in the order in which they came
    waiting|<domain>|<id>         those of one id beyond them
    waiting|<domain>|#<reference>  the same, of one without an id
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pipeline.effects import Entries
from pipeline.references import reference_of
from services.correlator.carriers import Carrier, Carriers
from services.correlator.ids import forms
from services.correlator.receipts import Receipt
from services.correlator.segments import Row

PARKED_RECEIPTS_MAX = 16  # that stand together
OF_AN_ID_MAX = 16  # beside them
AT_HAND = ""  # the place of those that stand together


class Waiting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A receipt without a segment; `is_told` once it was published as an orphan. `parked_s` is by a
    clock that nobody puts wrong, but that of one host."""

    receipt: Receipt
    parked_ms: int
    until_ms: int
    is_told: bool = False
    parked_s: float = 0.0


class Stored(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What waits at one place; at hand, until when there may be others elsewhere."""

    waiting: tuple[Waiting, ...] = ()
    spilled_until_ms: int = 0


Placed = tuple[str, Waiting]


class Parked:
    """What waits at one handset, each at its place; they wait as long as a segment would live, for
    a timer may come late."""

    def __init__(self, state: Entries, carriers: Carriers, now_ms: int) -> None:
        self._state = state
        self._carriers = carriers
        self._now_ms = now_ms
        stored = state.get(_entry(AT_HAND), Stored) or Stored()
        self._spilled_until_ms = stored.spilled_until_ms
        self._at = {AT_HAND: self._living(stored)}

    def add(self, receipt: Receipt, life_s: int, now_s: float) -> str | None:
        """Let it wait; where, for its timer to say so, or None when there is no room."""
        until_ms = self._now_ms + life_s * 1000
        mine = Waiting(receipt, self._now_ms, until_ms, parked_s=now_s)
        at_hand = list(self._at[AT_HAND])
        if len(at_hand) >= PARKED_RECEIPTS_MAX:
            told = next((one for one in at_hand if one.is_told), None)
            if told is None:
                return self._spill(mine)
            self._spill(told)
            at_hand.remove(told)
        self._put(AT_HAND, [*at_hand, mine])
        return AT_HAND

    def found(self, places: Iterable[str] = ()) -> list[Placed]:
        """What waits at hand and at these places, the oldest first."""
        if self._spilled_until_ms > self._now_ms:
            for place in places:
                self._look(place)
        placed = [(place, one) for place, waiting in self._at.items() for one in waiting]
        return sorted(placed, key=lambda each: each[1].parked_ms)

    def keep(self, left: Sequence[Placed]) -> None:
        """Of what was found, these wait on."""
        for place, before in list(self._at.items()):
            waiting = tuple([one for where, one in left if where == place])
            if waiting != before:
                self._put(place, waiting)

    def _spill(self, one: Waiting) -> str | None:
        """Let it wait under its id, where an orphan makes room, too."""
        place = place_of(one.receipt, self._carriers.of(one.receipt.dlr.connector))
        waiting = list(self._look(place))
        if len(waiting) >= OF_AN_ID_MAX:
            told = next((other for other in waiting if other.is_told), None)
            if told is None:
                return None
            waiting.remove(told)
        self._put(place, sorted([*waiting, one], key=lambda other: other.parked_ms))
        if one.until_ms > self._spilled_until_ms:
            self._spilled_until_ms = one.until_ms
            self._put(AT_HAND, self._at[AT_HAND])
        return place

    def _look(self, place: str) -> tuple[Waiting, ...]:
        if place not in self._at:
            self._at[place] = self._living(self._state.get(_entry(place), Stored) or Stored())
        return self._at[place]

    def _living(self, stored: Stored) -> tuple[Waiting, ...]:
        return tuple([one for one in stored.waiting if one.until_ms > self._now_ms])

    def _put(self, place: str, waiting: Sequence[Waiting]) -> None:
        self._at[place] = tuple(waiting)
        spilled_until_ms = 0 if place else self._spilled_until_ms
        until_ms = max(spilled_until_ms, *(one.until_ms for one in waiting), 0)
        if until_ms <= self._now_ms:
            self._state.drop(_entry(place))
            return
        left_s = -(-(until_ms - self._now_ms) // 1000)
        self._state.put(_entry(place), Stored(self._at[place], spilled_until_ms), left_s)


def place_of(receipt: Receipt, carrier: Carrier) -> str:
    """Where a receipt waits that has no room at hand."""
    said = receipt.dlr.smsc_message_id
    name = forms(said, carrier.receipt)[0] if said else f"#{receipt.reference}"
    return f"{carrier.domain}|{name}"


def places_for(row: Row, carrier: Carrier) -> Iterator[str]:
    """Where else the receipts of a segment may wait: under each writing of its id."""
    said = row.smsc_message_id
    for name in forms(said, carrier.response) if said else ():
        yield f"{carrier.domain}|{name}"
    if carrier.has_references:
        yield f"{carrier.domain}|#{reference_of(row.message_id, row.segment)}"


def _entry(place: str) -> str:
    return f"waiting|{place}" if place else "parked"
