"""How the receipts of an SMSC write the ids of its responses, learnt from what was joined; pure.

Theory. Each pair of ids that were joined has a form. Pairs are counted by carrier, each partition
on its own, and no further than it takes to be sure: so in the long run a receipt costs no write,
and what was learnt is forgotten after a while and learnt anew. A form that enough pairs have, and
none contradicts, is learnt: where a profile says nothing it tells which of two writings to try
first, where it says otherwise what to join at once, and people what their carrier does.

What stands before or behind an id is part of its form: `affix SE1-*` where a receipt has SE1-
before the id of the response, `affix_in_response *-1` where the response has more.

    learnt|<domain>    in the entries of the partition: how often each form was met
"""

import re

import msgspec

from pipeline.effects import Entries
from services.correlator.ids import forms

OPAQUE = "opaque"  # nothing that anybody could see
AFFIX, AFFIX_IN_RESPONSE = "affix ", "affix_in_response "
TEXT: tuple[str, ...] = ("same", "case", "zeros")  # what fits one of them fits those behind it
PAIRS_MIN = 20
PAIRS_MAX = 32  # of one form; more are not counted
FORMS_MAX = 8  # of one carrier, most of whose affixes differ; more say nothing new
LIFE_S = 7 * 86_400
DECIMAL = re.compile("[0-9]{1,64}")
HEXADECIMAL = re.compile("[0-9a-f]{1,64}")


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
        only = next(iter(self.counts)) if len(self.counts) == 1 else OPAQUE
        return None if only == OPAQUE else only


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
        if len(_bare(response).lstrip("0")) > 1:  # a digit alone is the same in every notation
            known = (form for form in pairs.counts if fits(form, response, receipt))
            form = next(known, None) or form_of(response, receipt)
            count = pairs.counts.get(form, 0)
            is_new = form not in pairs.counts
            if count < PAIRS_MAX and not (is_new and len(pairs.counts) >= FORMS_MAX):
                pairs = self._known[domain] = Pairs({**pairs.counts, form: count + 1})
                self._shared.put(f"learnt|{domain}", pairs, LIFE_S)
        return pairs.learnt

    def _pairs(self, domain: str) -> Pairs:
        known = self._known.get(domain)
        if known is None:
            known = self._shared.get(f"learnt|{domain}", Pairs) or Pairs()
            self._known[domain] = known
        return known


def form_of(response: str, receipt: str) -> str:
    """What the id of a receipt is to that of its response: the first form that it has."""
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
    if one in other:
        return AFFIX + other.replace(one, "*", 1)
    return AFFIX_IN_RESPONSE + one.replace(other, "*", 1) if other in one else OPAQUE


def fits(form: str, response: str, receipt: str) -> bool:
    """Whether two ids are to one another as this form says, where an id may stand twice."""
    one, other = response.strip().casefold(), receipt.strip().casefold()
    for kind, short, long in ((AFFIX, one, other), (AFFIX_IN_RESPONSE, other, one)):
        if form.startswith(kind):
            return bool(short) and long == form.removeprefix(kind).replace("*", short, 1)
    return form_of(response, receipt) == form


def likeliest(receipt: str, form: str | None) -> tuple[str, ...]:
    """What to look an id up as before all else, when the carrier crosses notations."""
    text = _bare(receipt)
    if form == "hexadecimal_to_decimal" and DECIMAL.fullmatch(text):
        return (f"{int(text):x}",)
    if form == "decimal_to_hexadecimal" and HEXADECIMAL.fullmatch(text):
        return (str(int(text, 16)),)
    return ()


def _bare(smsc_message_id: str) -> str:
    return smsc_message_id.strip().casefold().removeprefix("0x")
