"""How the receipts of an SMSC write the ids of its responses, learnt from what was joined; pure.

Theory. Each pair of ids that were joined has a form. Pairs are counted by carrier, each partition
on its own, and no further than it takes to be sure: so in the long run a receipt costs no write,
and what was learnt is forgotten after a while and learnt anew. A form that enough pairs have, and
none contradicts, is learnt. It never joins anything on its own: where a profile says nothing it
tells which of two writings to try first, and it tells people what their carrier does.

    learnt|<domain>    in the entries of the partition: how often each form was met
"""

import re
from typing import Literal

import msgspec

from pipeline.effects import Entries
from services.correlator.ids import forms

Form = Literal[
    "same",
    "case",
    "zeros",
    "hexadecimal_to_decimal",
    "decimal_to_hexadecimal",
    "affix",
    "opaque",
]
TEXT: tuple[str, ...] = ("same", "case", "zeros")  # what fits one of them fits those behind it
PAIRS_MIN = 20
PAIRS_MAX = 32  # of one form; more are not counted
LIFE_S = 7 * 86_400
DECIMAL = re.compile("[0-9]+")
HEXADECIMAL = re.compile("[0-9a-f]+")


class Pairs(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often each form was met."""

    counts: dict[str, int] = {}

    @property
    def learnt(self) -> str | None:
        """The form of all of them, when they are enough."""
        if sum(self.counts.values()) < PAIRS_MIN:
            return None
        if self.counts.keys() <= set(TEXT):
            return max(self.counts, key=TEXT.index)
        return next(iter(self.counts)) if len(self.counts) == 1 else None


class Learning:
    """What one partition has learnt."""

    def __init__(self, shared: Entries) -> None:
        self._shared = shared
        self._known: dict[str, Pairs] = {}

    def form(self, domain: str) -> str | None:
        """What a receipt's id is to that of the response, at this carrier; None while unsure."""
        return self._pairs(domain).learnt

    def note(self, domain: str, response: str, receipt: str) -> str | None:
        """One more pair of ids of one segment; the form as it is known then."""
        pairs = self._pairs(domain)
        if len(response.strip()) > 1:  # a digit alone is the same in every notation
            form = form_of(response, receipt)
            count = pairs.counts.get(form, 0)
            if count < PAIRS_MAX:
                pairs = self._known[domain] = Pairs({**pairs.counts, form: count + 1})
                self._shared.put(f"learnt|{domain}", pairs, LIFE_S)
        return pairs.learnt

    def _pairs(self, domain: str) -> Pairs:
        known = self._known.get(domain)
        if known is None:
            known = self._shared.get(f"learnt|{domain}", Pairs) or Pairs()
            self._known[domain] = known
        return known


def form_of(response: str, receipt: str) -> Form:
    """What the id of a receipt is to that of its response: the first of `Form` that it is."""
    if response == receipt:
        return "same"
    one, other = response.strip().casefold(), receipt.strip().casefold()
    if one == other:
        return "case"
    if forms(one, "decimal") == forms(other, "decimal"):
        return "zeros"
    if DECIMAL.fullmatch(other) and forms(one, "hexadecimal") == forms(other, "decimal"):
        return "hexadecimal_to_decimal"
    if DECIMAL.fullmatch(one) and forms(one, "decimal") == forms(other, "hexadecimal"):
        return "decimal_to_hexadecimal"
    return "affix" if one in other or other in one else "opaque"


def likeliest(receipt: str, form: str | None) -> tuple[str, ...]:
    """What to look an id up as before all else, when the carrier crosses notations."""
    text = receipt.strip().casefold().removeprefix("0x")
    if form == "hexadecimal_to_decimal" and DECIMAL.fullmatch(text):
        return (f"{int(text):x}",)
    if form == "decimal_to_hexadecimal" and HEXADECIMAL.fullmatch(text):
        return (str(int(text, 16)),)
    return ()
